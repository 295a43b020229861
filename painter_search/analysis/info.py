"""What one pastes into a bug report: the installation, and the collection, runs and index in use."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from painter_search.analysis.config import InfoConfig
from painter_search.common.errors import NotFoundError, PainterSearchError
from painter_search.common.machine.installation import Installation, read_installation
from painter_search.index.manifest import find_index, read_manifest


@dataclass(frozen=True)
class Info:
    """The answer of `info`."""

    installation: Installation
    index: str
    """The index in use in one line, or why there is none."""
    runs: list[str]
    """Names of the finished runs."""
    collection: str
    """The collection in use in one line, or that there is none."""
    paths: dict[str, str]
    """Where things lie; empty unless asked for."""


def read_info(config: InfoConfig) -> Info:
    """Look up the installation and the folders; nothing in them is changed, and none has to exist."""
    runs = sorted(folder.parent.name for folder in config.runs.glob("*/score.json")) if config.runs.is_dir() else []
    return Info(
        installation=read_installation(),
        index=_describe(_index, config.index, config),
        runs=runs,
        collection=_describe(_collection, config.data, config),
        paths=_paths(config) if config.paths else {},
    )


def _describe(describe: Callable[[Path], str], folder: Path, config: InfoConfig) -> str:
    """A folder in use in one line, or why there is none."""
    try:
        return describe(folder)
    except NotFoundError:
        return "none"
    except PainterSearchError as error:
        return f"damaged: {error}" if config.paths else "damaged; --paths says how"


def _collection(folder: Path) -> str:
    from painter_search.collection.collection import Collection  # pandas takes a while

    collection = Collection.open(folder)
    return f"{collection.name}, framed {collection.framing}"


def _index(folder: Path) -> str:
    manifest = read_manifest(find_index(folder))
    probabilities = "with" if manifest.confidence else "without"
    return (
        f"{manifest.works:,} works by {manifest.artists:,} artists, {manifest.encoder.backbone}, "
        f"{probabilities} probabilities, digest {manifest.digest}, of {', '.join(manifest.collections)}"
    )


def _paths(config: InfoConfig) -> dict[str, str]:
    folders = {"index": config.index, "runs": config.runs, "data": config.data}
    return {
        "python": sys.executable,
        "package": str(Path(__file__).parents[1]),
        **{name: str(folder.resolve()) for name, folder in folders.items()},
    }
