"""Columns of Parquet and Arrow files as text; labels that Hugging Face's data sets number, by their names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painter_search.collection.tables.cells import to_text
from painter_search.collection.tables.columns import FILE, find_columns
from painter_search.images.table_pictures import is_parquet, open_parquet, read_arrow

if TYPE_CHECKING:
    import pyarrow as pa

Features = Mapping[str, Any]
"""Descriptions of columns as the library `datasets` has them: `{"artist": {"_type": "ClassLabel", "names": [...]}}`."""


def read_schema(path: Path) -> pa.Schema:
    """The columns of a Parquet or Arrow file."""
    return open_parquet(path).schema_arrow if is_parquet(path) else read_arrow(path).schema


def schema_features(schema: pa.Schema) -> Features:
    """The features that a file's schema holds; empty if it was not written by `datasets`."""
    try:
        found = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def label_names(feature: object) -> list[str]:
    """The names of a column of labels, or of lists of labels, by number; empty for any other column."""
    if isinstance(feature, list):
        return label_names(feature[0]) if feature else []
    if not isinstance(feature, Mapping):
        return []
    if feature.get("_type") == "ClassLabel":
        return [str(name) for name in feature.get("names") or []]
    return label_names(feature.get("feature"))


def is_picture(field: pa.Field) -> bool:
    """Whether a column holds pictures as `datasets` stores them: their bytes, their paths, or both."""
    import pyarrow as pa

    return pa.types.is_struct(field.type) and {"bytes", "path"} <= {member.name for member in field.type}


def is_bytes(field: pa.Field) -> bool:
    """Whether a column holds bytes, of pictures perhaps."""
    import pyarrow as pa

    return bool(pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type))


def read_texts(path: Path, columns: Sequence[str], features: Features) -> dict[str, list[str]]:
    """Columns of a Parquet or Arrow file as text: labels by their names, pictures by their paths, bytes as nothing."""
    schema = read_schema(path)
    pictures = {name for name in columns if is_picture(schema.field(name))}
    if is_parquet(path):
        wanted = [f"{name}.path" if name in pictures else name for name in columns if not is_bytes(schema.field(name))]
        table, rows = open_parquet(path).read(wanted), open_parquet(path).metadata.num_rows
    else:
        table = read_arrow(path)
        rows = len(table)
    texts: dict[str, list[str]] = {}
    for name in columns:
        if is_bytes(schema.field(name)):
            texts[name] = [""] * rows
            continue
        column = table.column(name)
        if name in pictures:
            column = column.flatten()[[member.name for member in column.type].index("path")]
        names_file = bool(find_columns([name], FILE))
        texts[name] = _texts(column.to_pylist(), label_names(features.get(name)), names_file)
    return texts


def _texts(values: Sequence[Any], names: Sequence[str], names_file: bool) -> list[str]:
    def name(value: object) -> object:
        if isinstance(value, list):
            return [name(one) for one in value]
        return names[value] if isinstance(value, int) and 0 <= value < len(names) else None  # -1: no label

    return [to_text(name(value) if names else value, names_file) for value in values]
