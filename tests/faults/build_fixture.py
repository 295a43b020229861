"""Builds the index that tests keep of the present format: `python tests/faults/build_fixture.py`.

Run it when `FORMAT` in retrieval/manifest.py has been raised, and keep the earlier ones: people have such indexes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

FIXTURES = Path(__file__).with_name("fixtures")
SIZE_LIMIT = 200_000


def build_fixture() -> Path:
    """An index of nine tiny works by three artists with a random tiny encoder; returns its folder."""
    from tiny_world import paint_tiny_artists, save_tiny_encoder

    from painter_search.retrieval.building import build_painting_index
    from painter_search.retrieval.manifest import FORMAT
    from painter_search.retrieval.settings import IndexConfig

    with tempfile.TemporaryDirectory() as home:
        world = Path(home)
        paint_tiny_artists(world / "artists", 3, 3)
        encoder = str(save_tiny_encoder(world / "encoder.pt"))
        config = IndexConfig(folder=world / "artists", encoder=encoder, index=world / "index", device="cpu")
        target = FIXTURES / f"index-of-format-{FORMAT}"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(build_painting_index(config), target)
    return target


if __name__ == "__main__":
    print(build_fixture())
