"""Vectors → answers: painting index, works, attribution, triplet score."""
