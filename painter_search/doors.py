"""What all doors do alike: read the flags, call one function, and turn a user's mistake into a sentence."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import tyro

from painter_search.errors import UserError
from painter_search.printable import printable

FAILED, MISUSED = 1, 2


def open_door(
    name: str,
    answer: Callable[..., int | None],
    arguments: Sequence[str] | None = None,
    description: str | None = None,
) -> int:
    """Run `answer` with what the command line says and return the exit code: 0, 1 (failed) or 2 (misused)."""
    return exit_code(lambda: _answer(name, answer, arguments, description))


def exit_code(call: Callable[[], int]) -> int:
    """What a call returns; where it is interrupted, or cannot write what it says, that in a sentence."""
    _make_streams_safe()
    try:
        code = call()
        sys.stdout.flush()  # what is still on its way may meet a full disk
        return code
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to continue (train: with --resume).", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _let_go_of_output()
        return 0  # Whoever read the answer has seen enough.
    except OSError as error:
        _let_go_of_output()
        return _complain(_of_the_system(error), FAILED)


def _answer(
    name: str, answer: Callable[..., int | None], arguments: Sequence[str] | None, description: str | None
) -> int:
    try:
        call = read_flags(name, answer, arguments, description)
    except UserError as error:
        return _complain(error, MISUSED)
    except SystemExit as leaving:  # tyro has printed its help or what is wrong with the flags.
        return leaving.code if isinstance(leaving.code, int) else MISUSED
    try:
        return call() or 0
    except UserError as error:
        return _complain(error, FAILED)


def read_flags(
    name: str,
    answer: Callable[..., int | None],
    arguments: Sequence[str] | None = None,
    description: str | None = None,
) -> Callable[[], int | None]:
    """The call that the flags ask for, yet to be made, so that misused flags and failed answers are told apart."""

    @functools.wraps(answer)
    def defer(*args: Any, **kwargs: Any) -> Callable[[], int | None]:
        return lambda: answer(*args, **kwargs)

    return tyro.cli(
        defer,
        args=None if arguments is None else list(arguments),
        prog=f"python -m painter_search.{name}",
        description=inspect.cleandoc(description or ""),
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
    )


def _make_streams_safe() -> None:
    """Characters that a terminal or a pipe cannot show are escaped, and a closed stream swallows what it is told."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (for as long as we live)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _let_go_of_output() -> None:
    """What cannot be written is dropped: Python would try again at its end, and complain in words of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _of_the_system(error: OSError) -> UserError:
    place = error.filename2 or error.filename  # of two it is the second that was asked for
    where = f"{place}: " if place else ""
    remedy = {
        errno.ENOSPC: "free some space and run the command again",
        errno.EROFS: "choose a folder that can be written to",
        errno.EACCES: "choose a folder that you may use, or ask for permission",
        errno.ENOENT: "it has vanished; put it back and run the command again",
    }.get(error.errno or 0, "mend that and run the command again")
    return UserError(f"{where}{error.strerror or error}; {remedy}.")


def _complain(error: UserError, code: int) -> int:
    print(f"painter_search: {printable(str(error))}", file=sys.stderr)
    return code
