"""Build the index of the present format that tests keep: `python tests/helpers/build_fixture.py`.

Run it after raising `FORMAT` in index/manifest.py, and keep the earlier indexes: people have such ones.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

FIXTURES = Path(__file__).parents[1] / "faults" / "fixtures"
SIZE_LIMIT = 200_000


def build_fixture() -> Path:
    """Build an index of nine tiny works by three artists with a random tiny encoder; returns its folder."""
    from tiny_world import paint_tiny_artists, save_tiny_encoder

    from painter_search.index.build import build_painting_index
    from painter_search.index.config import BuildIndexConfig
    from painter_search.index.manifest import FORMAT

    with tempfile.TemporaryDirectory() as home:
        world = Path(home)
        paint_tiny_artists(world / "artists", 3, 3)
        encoder = str(save_tiny_encoder(world / "encoder.safetensors"))
        config = BuildIndexConfig(folder=world / "artists", encoder=encoder, index=world / "index", device="cpu")
        target = FIXTURES / f"index-of-format-{FORMAT}"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(build_painting_index(config).folder, target)
    return target


if __name__ == "__main__":
    print(build_fixture())
