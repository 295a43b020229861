"""What `build-index`, `eval-triplets` and `query` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from painter_search.errors import UserError
from painter_search.retrieval.filters import WorkFilter

DEFAULT_INDEX = Path("index")
Names = Annotated[tuple[str, ...], tyro.conf.UseAppendAction]
"""A flag that takes one name and can be given several times."""


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

    where: str | None = None
    """Compare with some works only: an SQL expression over the columns collection, file, artist, title, date, style
    and genre, such as "style = 'Impressionism'"."""

    exclude_artist: Names = ()
    """Leave out the works of this artist; can be given again for others."""

    before: int | None = None
    """Compare with works of earlier years only. Works without a readable year are left out, and counted."""

    page: Path | None = None
    """Write a page of the answers, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        if not self.paintings:
            raise UserError("give at least one painting: python -m painter_search.query painting.jpg")
        if self.page is not None and self.page.suffix.lower() not in (".html", ".htm"):
            raise UserError(f"--page {self.page} is written as HTML; give it a name that ends in .html.")
        for flag, value in (("top", self.top), ("works", self.works)):
            if value < 1:
                raise UserError(f"--{flag} is {value}; it must be at least 1.")

    @property
    def filter(self) -> WorkFilter | None:
        """Which works to compare with; None for all of them."""
        chosen = WorkFilter(self.where, self.exclude_artist, self.before)
        return None if chosen == WorkFilter() else chosen
