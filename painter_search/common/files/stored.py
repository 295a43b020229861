"""Dataclasses as plain values on disk, under names that stay when a field of the code is renamed.

A field with another name on disk states it: `field(metadata={"stored": "rate"})`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def stored_names(config: DataclassInstance | type[DataclassInstance]) -> dict[str, str]:
    """The name on disk of each field of a dataclass or of its instance: `{field: name on disk}`."""
    return {one.name: str(one.metadata.get("stored", one.name)) for one in fields(config)}


def to_stored(config: DataclassInstance) -> dict[str, object]:
    """The fields of a dataclass instance as plain values, under their names on disk and in their order."""
    names = stored_names(config)
    return {names[name]: value for name, value in asdict(config).items()}


def from_stored(kind: type[T], values: Mapping[str, object]) -> T:
    """An instance of the dataclass `kind` from values on disk; lists, as JSON has them, become tuples.

    Raises `TypeError` for unknown or missing names, and whatever the dataclass itself raises for invalid values.
    """
    names = {stored: name for name, stored in stored_names(kind).items()}
    plain = {names.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return kind(**plain)
