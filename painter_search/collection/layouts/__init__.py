"""Folder layouts: which part of a path names the artist, recognised by evidence or named by `--layout`."""
