"""What `build-index`, `eval-triplets`, `query` and `compare` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from painter_search.errors import UserError

DEFAULT_INDEX = Path("index")


@dataclass(frozen=True)
class IndexConfig:
    """Embed every painting of a collection once and keep the vectors, the works and the encoder as an index."""

    data: tuple[Path, ...] = (Path("data"),)
    """Prepared collections to index."""

    folder: Path | None = None
    """Instead of a collection: a folder with one sub-folder per artist, every work of which is indexed."""

    split: Literal["test", "train", "all"] = "test"
    """Which part of the collections."""

    encoder: str | None = None
    """A checkpoint (runs/<name>/best.pt), or imagenet for a backbone without training.
    Default: best.pt of the newest finished run."""

    backbone: str = "resnet34"
    """The backbone of --encoder imagenet."""

    runs: Path = Path("runs")
    """Where the newest run is looked for."""

    index: Path = DEFAULT_INDEX
    """Where indexes are kept."""

    exact: bool = False
    """Search exactly at any size. Above 50,000 works an approximate index is built otherwise."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto: CUDA where there is one, else Apple's GPU, else the CPU."""


@dataclass(frozen=True)
class ScoreConfig:
    """Score a triplet file from the stored vectors of an index; no image is opened."""

    triplets: Path = Path("data/test_triplets_with_labels.csv")
    """A CSV file with the columns anchor, positive, negative: file names of works in the index."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index."""

    baseline: Path | None = None
    """Another index of the same works (untrained, say) to score beside it, with the paired difference."""

    skip_missing: bool = False
    """Score without the triplets whose paintings are not in the index, and say how many."""


@dataclass(frozen=True)
class QueryConfig:
    """Find the artists nearest in style to a painting, and the works that speak for each."""

    paintings: tyro.conf.Positional[tuple[Path, ...]]
    """Image files, or folders of them."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index."""

    top: int = 5
    """How many artists to name."""

    works: int = 3
    """How many works to show for each."""

    page: Path | None = None
    """Write a page of the answers, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        if not self.paintings:
            raise UserError("give at least one painting: python -m painter_search.query painting.jpg")
        _check_page(self.page)
        for flag, value in (("top", self.top), ("works", self.works)):
            if value < 1:
                raise UserError(f"--{flag} is {value}; it must be at least 1.")


@dataclass(frozen=True)
class CompareConfig:
    """Say how alike two paintings are, or two groups of them: which parts match, and what the distance means."""

    paintings: tyro.conf.Positional[tuple[Path, ...]]
    """Two of them: image files, or groups (folders or zip archives)."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index: its encoder measures, its works say what is near."""

    page: Path | None = None
    """Write a page of the comparison, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        if len(self.paintings) != 2:
            raise UserError("give two paintings or folders: python -m painter_search.compare one.jpg other.jpg")
        _check_page(self.page)


def _check_page(page: Path | None) -> None:
    if page is not None and page.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--page {page} is written as HTML; give it a name that ends in .html.")
