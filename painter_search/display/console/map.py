"""The result of `map`: where the files are, and how faithful the map is."""

from __future__ import annotations

from painter_search.display.console.tables import print_json, show
from painter_search.display.pages.map_page import MapFiles
from painter_search.display.words.faithfulness import describe_faithfulness


def show_map(files: MapFiles, *, as_json: bool = False) -> None:
    """Print where the map was written and how far it can be trusted."""
    if as_json:
        print_json(files.to_dict())
        return
    sample = f", a sample of {files.total:,}" if files.total > files.works else ""
    show(f"Map of index {files.index}: {files.works:,} works{sample} by {files.artists:,} artists.")
    show(describe_faithfulness(files.works, files.total, files.kept, files.trustworthiness))
    show(f"Open {files.page} (as a picture: {files.picture})")
