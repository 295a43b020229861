"""What `export` wrote, as a line or as JSON."""

from __future__ import annotations

from painter_search.analysis.exports.export import Exported
from painter_search.display.console.tables import print_json, show


def show_export(exported: Exported, *, as_json: bool) -> None:
    """Print what was written, and how to open it."""
    if as_json:
        print_json(exported.to_dict())
        return
    embeddings = f", embeddings of {exported.dimensions} numbers" if exported.dimensions else ""
    show(f"{exported.works:,} works{embeddings}: {exported.path}")
    show(f"Open it with: {exported.hint}")
