"""Files: written atomically, read in whatever encoding, at paths and URLs, as CSV and SQLite."""
