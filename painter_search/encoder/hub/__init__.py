"""Encoders on the Hugging Face hub."""
