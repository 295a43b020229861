"""An index that may be changed, and paintings to add."""

import shutil
from pathlib import Path

import pytest
from small_world import paint

from painter_search.index.painting_index import PaintingIndex


@pytest.fixture
def index_dir(small_index: PaintingIndex, tmp_path: Path) -> Path:
    """A folder of indexes whose current one is a copy of the small index."""
    shutil.copytree(small_index.folder, tmp_path / "index" / small_index.digest)
    (tmp_path / "index" / "CURRENT").write_text(f"{small_index.digest}\n", encoding="utf-8")
    return tmp_path / "index"


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    """Three new paintings by one artist, and a file that is none."""
    folder = tmp_path / "paintings"
    folder.mkdir()
    for work in range(3):
        paint(30, work).save(folder / f"{work}.jpg", quality=92)
    (folder / "notes.txt").write_text("no painting")
    return folder
