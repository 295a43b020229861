"""Indexes of embeddings that were made elsewhere."""
