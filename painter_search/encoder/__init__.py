"""Pixels to embeddings: networks and their weights, views, checkpoints, and inference on CPU, GPU and Ray."""
