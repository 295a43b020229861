"""What all console output is made of: tables, lines and JSON."""

from __future__ import annotations

import sys

from rich.console import RenderableType
from rich.style import StyleType
from rich.table import Table

from painter_search.common.console import ResultConsole
from painter_search.common.files.atomic_io import to_json
from painter_search.common.terminal import printable

PIPE_WIDTH = 120
"""Columns of a table that is written to a file or a pipe."""
TEXT_COLUMNS = {
    "artist", "work", "nearest works", "date", "title", "file", "reason", "how", "they say", "how they differ",
}  # fmt: skip
"""Columns that are aligned left; numbers are aligned right."""


def print_json(content: object) -> None:
    """Print JSON on stdout, in ASCII where the stream is not UTF-8."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(to_json(content, ascii_only=not unicode) + "\n")


def print_csv(text: str) -> None:
    """Print CSV on stdout in UTF-8, whatever the stream's encoding: the text begins with the mark that says so."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:  # a notebook's
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode("utf-8", "backslashreplace"))


def new_table(title: str, *columns: str) -> Table:
    """A table without rows whose cells cannot send control characters to the terminal."""
    table = _PrintableTable(title=printable(title), title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        text = number == 0 or column in TEXT_COLUMNS
        if text:
            table.add_column(printable(column), justify="left", overflow="fold")
        else:
            table.add_column(printable(column), justify="right")
    return table


class _PrintableTable(Table):
    def add_row(
        self, *renderables: RenderableType | None, style: StyleType | None = None, end_section: bool = False
    ) -> None:
        """Add a row with control characters escaped."""
        escaped = (printable(cell) if isinstance(cell, str) else cell for cell in renderables)
        super().add_row(*escaped, style=style, end_section=end_section)


def output_width() -> int:
    """Columns that a table may take: those of the terminal, or `PIPE_WIDTH`."""
    return ResultConsole().width if sys.stdout.isatty() else PIPE_WIDTH


def show(content: Table | str) -> None:
    """Print a table or a line of text on stdout."""
    text = isinstance(content, str)
    # Without markup: titles may hold square brackets.
    console = ResultConsole(soft_wrap=text, markup=False, highlight=False, width=output_width())
    console.print(printable(content) if isinstance(content, str) else content)


def show_first(table: Table, total: int, shown: int, remedy: str = "") -> None:
    """Print a table of the first `shown` rows of `total` and how many are missing; `remedy` says where to find them."""
    show(table)
    if total > shown:
        show(f"… and {total - shown:,} more{remedy}.")
