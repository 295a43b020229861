"""Triplets → an encoder: recipe, dataset, sampler, loss, trainer, history."""
