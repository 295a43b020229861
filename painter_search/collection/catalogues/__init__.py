"""Catalogues and the files of their works: read, matched, shown."""
