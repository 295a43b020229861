"""What every answer on the terminal is made of: tables, lines, JSON, and figures in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from painter_search.folders import to_json
from painter_search.printable import printable

if TYPE_CHECKING:
    from painter_search.collection.work import Work
    from painter_search.scores.intervals import Estimate

WIDE = 120
"""Columns of a table that goes into a file or a pipe."""
TEXT_COLUMNS = {
    "artist", "work", "nearest works", "date", "title", "file", "reason", "how", "they say", "how they differ",
}  # fmt: skip


def print_json(content: object) -> None:
    """JSON on stdout, in plain ASCII where that is all the stream takes."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(to_json(content, ascii_only=not unicode) + "\n")


def new_table(title: str, *columns: str) -> Table:
    """A table; what is read as text stands left, figures right."""
    table = _PrintableTable(title=printable(title), title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        text = number == 0 or column in TEXT_COLUMNS
        table.add_column(printable(column), justify="left" if text else "right")
    return table


class _PrintableTable(Table):
    """A table whose cells cannot steer the terminal."""

    def add_row(self, *cells: Any, **style: Any) -> None:
        super().add_row(*(printable(cell) if isinstance(cell, str) else cell for cell in cells), **style)


def show(content: Any) -> None:
    """A table or a line on stdout."""
    content = printable(content) if isinstance(content, str) else content
    # Titles may hold square brackets, which are no markup.
    width = None if sys.stdout.isatty() else WIDE
    console = Console(soft_wrap=isinstance(content, str), markup=False, highlight=False, width=width)
    console.print(content)


def percent(share: float) -> str:
    """A share as 12.3 %."""
    return f"{100 * share:.1f} %"


def interval(estimate: Estimate) -> str:
    """A share with its interval."""
    return f"{percent(estimate.value)} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def difference(estimate: Estimate) -> str:
    """A difference of shares with its interval, in points."""
    return f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}] points"


def caption(work: Work) -> str:
    """What a work is called: its title, or else its file."""
    return work.title or work.file
