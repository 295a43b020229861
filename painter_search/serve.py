"""`python -m painter_search.serve`: queries, comparisons and the map in the browser, and an API beside them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.common.machine.cores import keep_blas_on_one_thread
from painter_search.serving.config import ServeConfig


def run(config: Flags[ServeConfig], json: bool = False) -> None:
    """Serve.

    Args:
        json: Print the server's address as JSON.
    """
    keep_blas_on_one_thread()
    from painter_search.serving.server import serve_index

    serve_index(config, as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("serve", run, arguments, ServeConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
