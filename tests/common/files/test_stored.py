"""Dataclasses on disk keep the names they were stored under."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from painter_search.common.files.stored import from_stored, stored_names, to_stored


@dataclass(frozen=True)
class Settings:
    lr: float = field(default=0.1, metadata={"stored": "rate"})
    sizes: tuple[int, ...] = (1, 2)
    name: str | None = None

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise ValueError("lr must be positive")


def test_stored_names_of_class_and_instance() -> None:
    names = {"lr": "rate", "sizes": "sizes", "name": "name"}
    assert stored_names(Settings) == stored_names(Settings()) == names
    assert list(stored_names(Settings)) == list(names)


def test_to_stored_uses_names_on_disk_in_order_of_fields() -> None:
    assert list(to_stored(Settings(lr=0.5)).items()) == [("rate", 0.5), ("sizes", (1, 2)), ("name", None)]


def test_from_stored_reverses_to_stored() -> None:
    settings = Settings(0.5, (3,), "a")
    assert from_stored(Settings, to_stored(settings)) == settings


def test_from_stored_turns_lists_into_tuples_and_fills_defaults() -> None:
    assert from_stored(Settings, {"rate": 0.5, "sizes": [4, 5]}) == Settings(0.5, (4, 5))


def test_from_stored_refuses_unknown_names_and_invalid_values() -> None:
    with pytest.raises(TypeError, match="speed"):
        from_stored(Settings, {"speed": 1})
    with pytest.raises(ValueError, match="positive"):
        from_stored(Settings, {"rate": -1})
