"""Paintings to add to an index."""

from pathlib import Path

import pytest
from small_world import paint


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    """Three new paintings by one artist, and a file that is none."""
    folder = tmp_path / "paintings"
    folder.mkdir()
    for work in range(3):
        paint(30, work).save(folder / f"{work}.jpg", quality=92)
    (folder / "notes.txt").write_text("no painting")
    return folder
