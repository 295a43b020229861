"""How much a command says on stderr: the flags `--quiet` and `--verbose`, which every command has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from inspect import Parameter, signature
from platform import python_version
from typing import Annotated, Any, TypeVar

import tyro

from painter_search.common.command_line.flag_types import Flags
from painter_search.common.errors import InvalidValueError
from painter_search.common.log import console_messages, logger
from painter_search.common.machine.cores import available_cores
from painter_search.common.progress import RichProgress, progress_shown_by
from painter_search.common.version import __version__

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Verbosity:
    """What is printed on stderr beside errors."""

    quiet: Annotated[bool, tyro.conf.arg(aliases=["-q"])] = False
    """Print nothing but results and errors: no progress, no messages."""
    verbose: Annotated[bool, tyro.conf.arg(aliases=["-v"])] = False
    """Print more messages, with the seconds since the start; of an error, also where it arose."""

    def __post_init__(self) -> None:
        if self.quiet and self.verbose:
            raise InvalidValueError("--quiet and --verbose exclude each other; give one of them.")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """A context in which messages and progress are printed as the flags say."""
        level = logging.ERROR if self.quiet else logging.DEBUG if self.verbose else logging.INFO
        with ExitStack() as stack:
            stack.enter_context(console_messages(level))
            if not self.quiet:
                stack.enter_context(progress_shown_by(RichProgress()))
            logger.debug(f"painter_search {__version__}, Python {python_version()}, {available_cores()} cores")
            try:
                yield
            except Exception as error:
                logger.debug("The error arose here:", exc_info=error)
                raise


def takes_verbosity(call: F, like: Callable[..., Any]) -> F:
    """`call` with the signature of `like` and the flags of a `Verbosity`, which it is given as `verbosity`."""
    flags = Flags[Verbosity]
    extra = Parameter("verbosity", Parameter.KEYWORD_ONLY, default=Verbosity(), annotation=flags)
    own = signature(like)
    call.__signature__ = own.replace(parameters=[*own.parameters.values(), extra])  # type: ignore[attr-defined]
    call.__annotations__ = {**like.__annotations__, "verbosity": flags}
    return call
