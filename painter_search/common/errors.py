"""The errors that a user can cause, and only those: everything else is a fault of the program.

Each is a `PainterSearchError` and also the built-in exception that Python users would expect in its place. A message is
one sentence or two: what is wrong, where, and the remedy.
"""

from __future__ import annotations

import re

_FLAG = re.compile(r"(`[^`]*`)|(?<![^\s(\"'])--([a-z][a-z0-9-]*)")
"""A command in backticks, or a flag: two hyphens at the beginning of a word, so that paths are left as they are."""


class PainterSearchError(Exception):
    """Base class of all errors of this package.

    A message is written with settings as flags, `--test-share`. `str(error)` turns them into Python arguments
    (`test_share`); the command line prints `error.command_line`. Commands to type, in backticks, are left as they are.

    Example:
        >>> from painter_search import PainterSearchError, PrepareConfig
        >>> try:
        ...     PrepareConfig(test_share=2)
        ... except PainterSearchError as error:
        ...     print(error)
        test_share is 2; it must be above 0 and at most 1.
    """

    @property
    def command_line(self) -> str:
        """The message with settings named as flags."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        return _FLAG.sub(lambda match: match[1] or match[2].replace("-", "_"), self.command_line)


class InvalidValueError(PainterSearchError, ValueError):
    """A setting, or a combination of settings, that cannot be used."""


class AmbiguousError(PainterSearchError, ValueError):
    """Input that can be understood in several ways; the message names the setting that decides."""


class NotFoundError(PainterSearchError, FileNotFoundError):
    """A file, folder, collection, run or index that is not where it was looked for."""


class DamagedFileError(PainterSearchError, ValueError):
    """A file that is damaged, altered, or not of a kind and version that can be read."""


class UnreadableImageError(PainterSearchError, ValueError):
    """An image file that cannot be used.

    The message is the reason alone, as `rejected.csv` lists it: among many images a bad one is a finding to list, and
    the work on the others goes on.
    """

    def __str__(self) -> str:
        return self.command_line  # names no settings, but may quote a decoder or a file name


class UnknownWorkError(PainterSearchError, LookupError):
    """A work, artist or painting that the index or the collection does not have."""


class NotEnoughDataError(PainterSearchError, ValueError):
    """Too few works, artists or triplets for the task."""


class MissingPackageError(PainterSearchError, ImportError):
    """An optional package that is not installed."""


class UnreachableError(PainterSearchError, RuntimeError):
    """A URL, server, cluster, device or worker process that cannot be reached or used.

    Not an `OSError`: readers of archives would take that for damage to the file.
    """


class BusyError(PainterSearchError, RuntimeError):
    """A folder that another process is writing."""


def first_line(error: object) -> str:
    """The first line of an error's message, or of a text, at most 200 characters; without one, the error's type."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def one_line(error: object) -> str:
    """All of an error's message, or of a text, on one line, at most 200 characters; without one, the error's type."""
    return " ".join(str(error).split())[:200] or type(error).__name__
