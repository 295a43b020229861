"""Collections to prepare."""

from __future__ import annotations

from pathlib import Path

import pytest
from preparing import Source, WriteArtists


@pytest.fixture
def source(tmp_path: Path, write_artists: WriteArtists) -> Source:
    return Source(tmp_path / "source", write_artists)


@pytest.fixture
def folder(tmp_path: Path, write_artists: WriteArtists) -> Path:
    write_artists(tmp_path / "mine", {"ann": 3, "bob": 9, "cy": 2, "dee": 1, "eve": 3})
    return tmp_path / "mine"
