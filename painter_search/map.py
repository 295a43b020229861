"""`python -m painter_search.map`: all works of an index, laid out by likeness."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.retrieval.settings import MapConfig


def answer(config: MapConfig, json: bool = False) -> None:
    """Map.

    Args:
        config: Settings.
        json: Print what was drawn as JSON.
    """
    from painter_search.display.atlas_page import draw_map, show_map

    show_map(draw_map(config), json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("map", answer, arguments, MapConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
