"""Comparisons of two paintings, of two groups, or of a painting and a group."""
