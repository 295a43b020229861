"""The page of an index, `index.html`: what it holds, and how sure its answers are."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from painter_search.analysis.reliability import measure_reliability
from painter_search.display.pages.page import open_template, write_page
from painter_search.display.words.citation import UNCALIBRATED, citation_line
from painter_search.display.words.error_rates import keep_error_rates
from painter_search.display.words.reliability_summary import reliability_charts, reliability_sentences
from painter_search.display.words.reliability_text import NOT_MEASURED, measured_on, provenance, reliability_rows
from painter_search.index.manifest import CURRENT
from painter_search.index.painting_index import PaintingIndex

PAGE = "index.html"
MAX_ARTISTS = 12
"""Artists, those with the most works first, that the page names."""


def write_index_page(index: PaintingIndex) -> Path:
    """Measure how sure an index's answers are and write its page, `index.html`, into the folder of indexes.

    Args:
        index: The index to measure. Its answers are measured on its own works, left out in turn.

    Returns:
        The path of the page, next to `CURRENT`.

    Raises:
        OSError: The folder cannot be written to.

    Example:
        >>> write_index_page(PaintingIndex.load("index"))  # doctest: +SKIP
        PosixPath('index/index.html')
    """
    path = index.folder.parent / PAGE
    page = open_template(PAGE).render(index_page_content(index), index=index, citation=citation_line(index))
    write_page(path, page)
    return path


def write_missing_index_page(index: PaintingIndex) -> None:
    """Write the page of a current index if an interrupted build or update left it without one."""
    if _lacks_page(index):
        with suppress(OSError):  # the folder may be read-only
            write_index_page(index)


def index_page_content(index: PaintingIndex) -> dict[str, Any]:
    """The variables of the template `index.html`, but for `index` and `citation`.

    Measures the index's reliability, which takes a while.
    """
    reliability = measure_reliability(index)
    keep_error_rates(index, reliability)
    works_per_artist = sorted(index.works.works_per_artist().items(), key=lambda entry: -entry[1])
    return {
        "manifest": index.manifest,
        "largest_artists": works_per_artist[:MAX_ARTISTS],
        "artists_with_several": sum(works > 1 for _, works in works_per_artist),
        "measured": None if reliability is None else measured_on(reliability, index),
        "rows": [] if reliability is None else reliability_rows(reliability),
        "has_intervals": reliability is not None and reliability.enough,
        "not_measured": NOT_MEASURED,
        "sentences": [] if reliability is None else reliability_sentences(reliability),
        "charts": [] if reliability is None else reliability_charts(reliability),
        "provenance": provenance(index.manifest.split, index.trained_share),
        "uncalibrated": UNCALIBRATED,
    }


def _lacks_page(index: PaintingIndex) -> bool:
    """Whether the index is the current one of its folder and the folder's page is missing or another index's."""
    home = index.folder.parent
    current, page = home / CURRENT, home / PAGE
    if not current.is_file() or current.read_text(encoding="utf-8", errors="replace").strip() != index.digest:
        return False
    return not page.is_file() or index.digest not in page.read_text(encoding="utf-8", errors="replace")
