"""Listing of the files in folders and archives: links, side files, and names as they are meant."""
