"""`python -m painter_search.info`: versions, devices and extras, for a bug report."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.analysis.config import InfoConfig
from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags


def run(config: Flags[InfoConfig], json: bool = False) -> None:
    """Show the information.

    Args:
        json: Print it as JSON.
    """
    from painter_search.analysis.info import read_info
    from painter_search.display.console.info import show_info

    show_info(read_info(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("info", run, arguments, InfoConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
