"""How notebooks show works of an index: small pictures with captions, and tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from painter_search.common.html_repr import Html, html_picture, html_table
from painter_search.index.works.works_db import COLUMNS, IndexedWork, WorksDB

if TYPE_CHECKING:
    import pandas as pd

STRIP, ROWS = 6, 12
"""Works in a strip of pictures, and in a table, at most."""


def picture_strip(works: WorksDB, ids: Iterable[int]) -> Html:
    """The first works with these ids side by side, each under its artist and title."""
    shown = list(islice(map(int, ids), STRIP))
    captions = [f"{work.artist}: {work.caption}" for work in works.get(shown)]
    return html_table(captions, [[html_picture(works.thumbnail(id)) for id in shown]])


def works_table(works: WorksDB, listed: Iterable[IndexedWork], caption: str) -> Html:
    """The first of these works, a row each with its picture; works that were removed have none."""
    rows = [
        (one.id, html_picture(works.thumbnail(one.id)), one.work.artist, one.work.caption, one.work.date)
        for one in islice(listed, ROWS)
    ]
    return html_table(("id", "", "artist", "work", "date"), rows, caption)


def works_frame(listed: Iterable[IndexedWork]) -> pd.DataFrame:
    """One row per work with its id and the columns of a work."""
    import pandas as pd

    rows = [(one.id, *(getattr(one.work, column) for column in COLUMNS)) for one in listed]
    return pd.DataFrame(rows, columns=["id", *COLUMNS])
