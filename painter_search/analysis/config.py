"""Settings of `eval-triplets`, `audit`, `map`, `compare` and `info`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from painter_search.common.command_line.cli import html_path
from painter_search.common.command_line.flag_types import IfAny, IfGiven
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import Location, as_locations, as_paths, local_path, parse_location, writable_path
from painter_search.images.photographs.crop import parse_crop
from painter_search.index.config import DEFAULT_INDEX


@dataclass(frozen=True)
class EvaluateConfig:
    """Score a triplet file from the stored vectors of an index; no image is opened."""

    triplets: Path = Path("data/test_triplets_with_labels.csv")
    """A CSV file with the columns anchor, positive, negative: file names of works in the index."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index; or the URL of either, such as s3://bucket/index."""

    baseline: IfGiven[Location] = None
    """Another index of the same works, an untrained one for example, to score too, with the paired difference."""

    skip_missing: bool = False
    """Leave out triplets whose paintings are not in the index, and say how many."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "triplets", local_path(self.triplets, "--triplets"))
        object.__setattr__(self, "index", parse_location(self.index))
        object.__setattr__(self, "baseline", None if self.baseline is None else parse_location(self.baseline))


@dataclass(frozen=True)
class AuditConfig:
    """Look for what may be wrong with a collection: repeated pictures, artists spelled twice, doubtful attributions."""

    data: IfAny[Path] = ()
    """Prepared collections to audit. Default: data, if it holds one and there is no --index; else the index itself."""

    index: IfGiven[Location] = None
    """Index to audit: a folder of indexes, one index, or the URL of either. With --data the collections are audited,
    and the index gives the neighbours of their works. Default: index, if it holds works of these collections."""

    page: IfGiven[Path] = None
    """Write a page of the findings, one HTML file with the pictures side by side."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", as_paths(self.data, "--data"))
        object.__setattr__(self, "index", None if self.index is None else parse_location(self.index))
        object.__setattr__(self, "page", html_path(self.page))


@dataclass(frozen=True)
class MapConfig:
    """Lay the works of an index out on a plane by similarity of style: a picture, and a page to explore."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index; or the URL of either."""

    out: IfGiven[Path] = None
    """Folder for map.png and map.html. Default: the folder of indexes, for a URL the one that it was fetched to; beside
    a single index NAME they are called NAME-map.png and NAME-map.html."""

    max_works: int = 5_000
    """At most this many works. From a larger index a sample is drawn, and the page says so."""

    seed: int = 42
    """Seed of the sample and of the layout."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", parse_location(self.index))
        object.__setattr__(self, "out", None if self.out is None else writable_path(self.out, "--out"))
        if self.max_works < 2:
            raise InvalidValueError(f"--max-works is {self.max_works}; a map needs at least 2.")
        if not 0 <= self.seed < 2**32:
            raise InvalidValueError(f"--seed is {self.seed}; it must lie between 0 and {2**32 - 1:,}.")


@dataclass(frozen=True)
class CompareConfig:
    """Compare two paintings, or two groups of them: how far apart they lie, what that means, and which parts match."""

    paintings: tyro.conf.Positional[IfAny[Location]]
    """Two paintings, two groups, or one of each: image files, folders or zip archives of them, URLs of these, or works
    of the index by their ids, '#17'."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index, or the URL of either: its encoder embeds both sides, its works give
    the scale."""

    crop: str = "auto"
    """Part of a photograph to use, on both sides. auto: the painting, without wall and frame, where one is detected
    with confidence or matches a work of the index or the other painting; plain reproductions stay whole. none: all of
    it. x,y,w,h: a rectangle, as fractions of the photograph (or in pixels if a number is above 1); x,y,w,h,1 also turns
    it clockwise, 2 upside down."""

    page: IfGiven[Path] = None
    """Write a page of the comparison, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", parse_location(self.index))
        object.__setattr__(self, "paintings", as_locations(self.paintings))
        if len(self.paintings) != 2:
            raise InvalidValueError(
                "give two paintings or folders: `python -m painter_search.compare one.jpg other.jpg`"
            )
        object.__setattr__(self, "page", html_path(self.page))
        parse_crop(self.crop)


@dataclass(frozen=True)
class InfoConfig:
    """Show versions, devices and extras, and what lies in the folders in use: what to paste into a bug report.

    Paths are left out unless asked for.
    """

    index: Path = DEFAULT_INDEX
    """The index in use."""

    runs: Path = Path("runs")
    """The folder that holds the runs."""

    data: Path = Path("data")
    """The collection in use."""

    paths: bool = False
    """Show where Python, the package and these folders lie."""
