"""Paintings to test with: small ones made from seeds, and the real collections if they are available."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: threads of tiny networks burn time waiting
os.environ.pop("OPENBLAS_NUM_THREADS", None)  # the user's; commands set their own
os.environ["NO_PROXY"] = "127.0.0.1,localhost"
os.environ["no_proxy"] = "127.0.0.1,localhost"
os.environ.pop("COLUMNS", None)  # the user's, too; what is printed depends on them
os.environ.pop("LINES", None)
os.environ.pop("FORCE_COLOR", None)
os.environ.pop("NO_COLOR", None)
os.environ.pop("CLICOLOR_FORCE", None)
# Before huggingface_hub loads: what the user has fetched is not found, and stand-ins of the hub can be reached.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="painter-search-")
os.environ["HF_HUB_OFFLINE"] = "0"

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from painter_search.common.log import console_messages

# The same examples on every machine, however busy it is.
settings.register_profile("painter_search", deadline=None, derandomize=True)
settings.load_profile("painter_search")

pytest_plugins = ["harness", "preparing", "running_scripts", "small_world", "large_pictures"]

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
WriteArtists = Callable[..., list[Path]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="fault tests in full, hours instead of minutes, and the slowest scripts"
    )


def pytest_unconfigure() -> None:
    """Remove the hub's folder of this process."""
    shutil.rmtree(os.environ["HF_HOME"], ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Say how a process of pytest-xdist ended that should not have: -9 is a kill, for want of memory, say."""
    if error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            print(f"[{node.gateway.id}] ended with {node.gateway._io.popen.wait(timeout=10)}", file=sys.stderr)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests marked `long` without `--long`."""
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="with --long"))


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache, and the checkout's data, runs and index, out of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAINTER_SEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield


@pytest.fixture(autouse=True)
def console() -> Iterator[None]:
    """Print messages on stderr as commands do, where tests capture them."""
    with console_messages():
        yield


@pytest.fixture
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home folder, which does not exist."""
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the fault tests run in full."""
    return bool(request.config.getoption("--long"))


def paint_picture(seed: int, width: int = 120, height: int = 90) -> Image.Image:
    """Make a picture of broad patches, some strokes and a little grain; the same for the same seed."""
    rng = np.random.default_rng(seed)
    patches = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
    picture = np.asarray(patches.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    for _ in range(6):
        left, top = int(rng.integers(0, width * 3 // 4 + 1)), int(rng.integers(0, height * 3 // 4 + 1))
        picture[top : top + height // 8 + 1, left : left + width // 4 + 1] += rng.integers(-60, 61, 3, dtype=np.int16)
    picture += rng.integers(-4, 5, picture.shape, dtype=np.int16)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def save_picture(image: Image.Image, file_format: str = "JPEG", **options: object) -> bytes:
    """Encode an image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def write_artist_folders(
    folder: Path, artists: Mapping[str, int], width: int = 120, height: int = 90, first_seed: int = 0
) -> list[Path]:
    """Write `artists[name]` pictures into a sub-folder per artist; file names are unique over the folder."""
    paths = []
    for artist, number in artists.items():
        (folder / artist).mkdir(parents=True, exist_ok=True)
        for _ in range(number):
            path = folder / artist / f"{len(paths):04d}.jpg"
            path.write_bytes(save_picture(paint_picture(first_seed + len(paths), width, height), quality=85))
            paths.append(path)
    return paths


@pytest.fixture(scope="session")
def paint() -> Paint:
    """`paint(seed, width, height)` makes a picture."""
    return paint_picture


@pytest.fixture(scope="session")
def save() -> Save:
    """`save(image, format, **options)` gives the bytes of a file."""
    return save_picture


@pytest.fixture(scope="session")
def write_artists() -> WriteArtists:
    """`write_artists(folder, {artist: number})` writes a folder of artists."""
    return write_artist_folders


@pytest.fixture(scope="session")
def puzzles() -> Path:
    """GCompris's puzzles of paintings, as Debian's package gcompris-qt-data installs them; skips without."""
    path = Path("/usr/share/gcompris-qt/rcc/paintings.rcc")
    if not path.is_file():
        pytest.skip(f"{path} is missing (Debian's package gcompris-qt-data)")
    return path


@pytest.fixture(scope="session")
def collections(request: pytest.FixtureRequest) -> Path:
    """The folder of real collections, named by PAINTER_SEARCH_COLLECTIONS; skips without one."""
    named = os.environ.get("PAINTER_SEARCH_COLLECTIONS")
    folder = request.config.invocation_params.dir / (named or "")
    if not named or not folder.is_dir():
        pytest.skip("PAINTER_SEARCH_COLLECTIONS names no folder of collections")
    return folder
