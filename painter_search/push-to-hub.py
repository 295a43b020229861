"""`python -m painter_search.push-to-hub OWNER/NAME`: push an encoder to the Hugging Face hub."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.encoder.hub.config import PushConfig


def run(config: Flags[PushConfig], json: bool = False) -> None:
    """Push.

    Args:
        json: Print what was pushed as JSON.
    """
    from painter_search.display.console.push import show_push
    from painter_search.display.hub_push import push_encoder

    show_push(push_encoder(config), as_json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("push-to-hub", run, arguments, PushConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
