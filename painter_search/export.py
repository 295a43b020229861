"""`python -m painter_search.export works.parquet`: write an index's embeddings and works for other programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.analysis.exports.config import ExportConfig
from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags


def run(config: Flags[ExportConfig], json: bool = False) -> None:
    """Export.

    Args:
        json: Print what was written as JSON.
    """
    from painter_search.analysis.exports.export import export_index
    from painter_search.display.console.export import show_export

    show_export(export_index(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("export", run, arguments, ExportConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
