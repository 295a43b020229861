"""`python -m painter_search.serve`: all of it in the browser, and an API beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.serving.settings import ServeConfig


def answer(config: ServeConfig, json: bool = False) -> None:
    """Serve.

    Args:
        config: Settings.
        json: Print where the server is as JSON.
    """
    from painter_search.serving.server import serve_index

    serve_index(config, json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("serve", answer, arguments, ServeConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
