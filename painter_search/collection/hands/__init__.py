"""Artist fields of catalogues: whose hand they name, and which spellings are one name."""
