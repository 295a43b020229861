"""Answers → something to look at: console, plots, pages."""
