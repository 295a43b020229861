"""Settings of `query`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from painter_search.common.command_line.cli import html_path
from painter_search.common.command_line.flag_types import IfAny, IfGiven, Names, whole_number
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import Location, as_locations, parse_location
from painter_search.images.photographs.crop import parse_crop
from painter_search.index.config import DEFAULT_INDEX, WorkFilter, check_false_names


@dataclass(frozen=True)
class QueryConfig:
    """Find the artists nearest in style to a painting, and the closest works by each."""

    paintings: tyro.conf.Positional[IfAny[Location]] = ()
    """Image files, folders or zip archives of them, or URLs of these; or works of the index by their ids, '#17'."""

    list_file: Annotated[Path | None, tyro.conf.arg(name="from", help_behavior_hint="")] = None
    """A text file that names further paintings, one path or URL a line, or a table with a column of paths; - reads
    standard input. Paths are absolute, or relative to the list's folder, or else to the current one. Blank lines and
    lines that begin with # are skipped."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index; or the URL of either, such as s3://bucket/index."""

    top_k: int = 5
    """How many artists to rank, likeliest first (without calibration, nearest first)."""

    works_per_artist: int = 3
    """How many works to show for each artist."""

    false_names: IfGiven[float] = None
    """At most this many of 100 works by artists not in the index may be given a name, such as 10. A lower number also
    withholds more correct names. Default: the best balance of both."""

    where: IfGiven[str] = None
    """Compare with some works only: an SQL expression over the columns collection, file, artist, title, date, style
    and genre, such as "style = 'Impressionism'"."""

    exclude_artist: Names = ()
    """Leave out the works of this artist; can be given again for others."""

    before: IfGiven[int] = None
    """Compare only with works from before this year; the whole of a span or century (19th: 1800 to 1899) must be.
    Works without a readable year are left out and counted."""

    since: IfGiven[int] = None
    """Compare only with works from this year on; the whole of a span or century must be. Works without a readable year
    are left out and counted."""

    crop: str = "auto"
    """Part of a photograph to use. auto: the painting, without wall and frame, where one is detected with confidence or
    matches a work of the index; plain reproductions stay whole. none: all of it. x,y,w,h: a rectangle, as fractions of
    the photograph (or in pixels if a number is above 1); x,y,w,h,1 also turns it clockwise, 2 upside down."""

    page: IfGiven[Path] = None
    """Write a page of the answers, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", parse_location(self.index))
        object.__setattr__(self, "paintings", as_locations(self.paintings))
        if not self.paintings and self.list_file is None:
            raise InvalidValueError("give at least one painting: `python -m painter_search.query painting.jpg`")
        object.__setattr__(self, "page", html_path(self.page))
        parse_crop(self.crop)
        if self.false_names is not None:
            check_false_names(self.false_names)
        check_counts(self.top_k, self.works_per_artist)

    @property
    def filter(self) -> WorkFilter | None:
        """Which works to compare with; None for all of them."""
        chosen = WorkFilter(self.where, self.exclude_artist, self.before, self.since)
        return None if chosen == WorkFilter() else chosen


def check_counts(top_k: int, works_per_artist: int) -> None:
    """Raise `InvalidValueError` unless both are whole numbers of at least 1."""
    for flag, value in (("top-k", top_k), ("works-per-artist", works_per_artist)):
        if whole_number(flag, value) < 1:
            raise InvalidValueError(f"--{flag} is {value}; it must be at least 1.")
