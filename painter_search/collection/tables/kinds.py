"""Kinds of table files, by their endings."""

from __future__ import annotations

from pathlib import Path

DELIMITED = (".csv", ".tsv", ".tab", ".psv", ".txt")
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
JSON_LINES = (".jsonl", ".ndjson")
OTHERS = (*SPREADSHEETS, *JSON_LINES, ".json", ".parquet")


def is_table(path: Path) -> bool:
    """Whether a path ends as a table's does."""
    return path.suffix.lower() in (*DELIMITED, *OTHERS)


def is_text_table(path: Path) -> bool:
    """Whether a file is read as delimited text, as everything is that does not end as another kind of table."""
    return path.suffix.lower() not in OTHERS
