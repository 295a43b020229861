"""Dates of catalogues, in the languages of museums."""
