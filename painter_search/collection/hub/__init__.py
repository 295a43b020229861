"""Data sets of pictures from the Hugging Face hub, or in its formats on disk."""
