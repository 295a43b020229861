"""Triplets to an encoder: settings, recipes, the trainer, and what a run leaves behind."""
