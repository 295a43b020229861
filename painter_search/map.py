"""`python -m painter_search.map`: draws the works of an index as a map, with similar ones close together."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.analysis.config import MapConfig
from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags


def run(config: Flags[MapConfig], json: bool = False) -> None:
    """Draw the map.

    Args:
        json: Print what was drawn as JSON.
    """
    from painter_search.display.console.map import show_map
    from painter_search.display.pages.map_page import draw_map

    show_map(draw_map(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("map", run, arguments, MapConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
