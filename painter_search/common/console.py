"""rich's consoles, whose readers may leave: `head` after its lines, a pager when it is closed."""

from __future__ import annotations

import sys

from rich.console import Console

from painter_search.common.terminal import discard_output


class MessageConsole(Console):
    """Messages and progress on stderr; once their reader has gone they are dropped, and the work goes on."""

    def __init__(self, *, soft_wrap: bool = False) -> None:
        super().__init__(stderr=True, highlight=False, soft_wrap=soft_wrap)

    def on_broken_pipe(self) -> None:
        """Discard what is still to come."""
        self.quiet = True
        discard_output(sys.stderr.fileno())


class ResultConsole(Console):
    """Results on stdout; a reader that has gone raises `BrokenPipeError`, which ends a command with success."""

    def on_broken_pipe(self) -> None:
        """Raise the error that rich has caught."""
        raise BrokenPipeError
