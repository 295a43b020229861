"""The works of an index: in SQLite, filtered, with their pictures."""
