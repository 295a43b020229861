"""The page of an index, `index.html`: what it holds, and how sure its answers are."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painter_search.display.citation import UNCALIBRATED, citation_line
from painter_search.display.pages import embed_picture, open_template
from painter_search.display.trusted import NOTHING, draw_reliability, measured_on, provenance, trust_rows
from painter_search.folders import write_bytes
from painter_search.retrieval.manifest import CURRENT
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.trust import measure_trust

if TYPE_CHECKING:
    from painter_search.retrieval.revision import Change
    from painter_search.retrieval.upkeep import Listing

PAGE = "index.html"
MOST_NAMED = 12
"""Artists with the most works that the page names."""


def keep_index_page(kept: PaintingIndex | Change | Listing) -> Path | None:
    """Write the page of an index that was built or changed; None where it was only listed.

    Where a change was interrupted before its page was written, listing the index writes it.
    """
    from painter_search.retrieval.upkeep import Listing

    if not isinstance(kept, Listing):
        return write_index_page(kept if isinstance(kept, PaintingIndex) else kept.index)
    if _lacks_page(kept.index):
        with suppress(OSError):  # who may only read can still list
            write_index_page(kept.index)
    return None


def _lacks_page(index: PaintingIndex) -> bool:
    """Whether the index is the current one of its folder, and the page there is another's."""
    home = index.folder.parent
    current, page = home / CURRENT, home / PAGE
    if not current.is_file() or current.read_text(encoding="utf-8", errors="replace").strip() != index.digest:
        return False
    return not page.is_file() or index.digest not in page.read_text(encoding="utf-8", errors="replace")


def write_index_page(index: PaintingIndex) -> Path:
    """Measure how sure an index's answers are, and write its page into the folder of indexes, beside `CURRENT`."""
    page = open_template(PAGE).render(index_content(index))
    path = index.folder.parent / PAGE
    write_bytes(path, page.encode("utf-8", "replace"))
    return path


def index_content(index: PaintingIndex) -> dict[str, Any]:
    """What the page of an index says: what it holds, and how sure its answers are, measured on its own works."""
    trust = measure_trust(index)
    figure = None if trust is None else draw_reliability(trust)
    sizes = sorted(index.works.works_per_artist().items(), key=lambda entry: -entry[1])
    return {
        "index": index,
        "manifest": index.manifest,
        "sizes": sizes[:MOST_NAMED],
        "several": sum(number > 1 for _, number in sizes),
        "measured": None if trust is None else measured_on(trust, index),
        "rows": [] if trust is None else trust_rows(trust),
        "nothing": NOTHING,
        "figure": None if figure is None else embed_picture(figure, "png"),
        "provenance": provenance(index.manifest["split"]),
        "uncalibrated": UNCALIBRATED,
        "citation": citation_line(index),
    }
