"""What all commands share: tyro reads the flags, one function is called, a user's mistake becomes a sentence."""

from __future__ import annotations

import contextlib
import errno
import functools
import inspect
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, ParamSpec, get_args, get_origin

import tyro

from painter_search.common.command_line.interrupts import INTERRUPTED, raised_interrupts
from painter_search.common.command_line.quiet import quiet_libraries
from painter_search.common.command_line.verbosity import Verbosity, takes_verbosity
from painter_search.common.errors import AmbiguousError, InvalidValueError, MissingPackageError, PainterSearchError
from painter_search.common.files.temporary_names import lasting_path
from painter_search.common.files.urls import Location, check_named, expand_home, writable_path
from painter_search.common.terminal import discard_output, printable

P = ParamSpec("P")

FAILED, MISUSED = 1, 2
"""Exit codes; 0 means success, 130 an interrupt."""
TYRO = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes, tyro.conf.DisallowNone)
"""How tyro reads the flags: `--json` without a `--no-json`, and fields of a config without its name."""
PATHS = tyro.constructors.ConstructorRegistry()
"""How tyro reads a path, an empty one of which is refused, and what may be a path or a URL."""


@PATHS.primitive_rule
def _path_rule(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec[Path] | None:
    def read(words: list[str]) -> Path:
        try:
            check_named(words[0])
        except InvalidValueError as error:
            raise PainterSearchError(*error.args) from None  # of a `ValueError` tyro makes a box of its own
        return expand_home(words[0])

    if info.type is not Path:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH",
        instance_from_str=read,
        is_instance=lambda value: isinstance(value, Path),
        str_from_instance=lambda path: [str(path)],
    )


@PATHS.primitive_rule
def _location_rule(
    info: tyro.constructors.PrimitiveTypeInfo,
) -> tyro.constructors.PrimitiveConstructorSpec[Location] | None:
    if info.type not in (Location, Location | None):
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH|URL",
        instance_from_str=lambda words: words[0],
        is_instance=lambda value: value is None or isinstance(value, str | Path),
        str_from_instance=lambda location: [str(location)],
    )


def html_path(page: Location | None) -> Path | None:
    """The path of an HTML page, the flag --page; None if none is wanted.

    Raises `InvalidValueError` if it does not end in .html or .htm, or is a URL.
    """
    if page is None:
        return None
    path = writable_path(page, "--page")
    if path.suffix.lower() not in (".html", ".htm"):
        raise InvalidValueError(f"--page {path} is written as HTML; give it a name that ends in .html.")
    return path


def run_command(
    name: str,
    run: Callable[..., int | None],
    arguments: Sequence[str] | None = None,
    description: str | None = None,
) -> int:
    """Call `run` with the config that the flags make.

    Args:
        name: The command, as in `python -m painter_search.NAME`.
        run: Takes a config dataclass and further flags; returns an exit code, or None for 0. The flags of `Verbosity`
            are added to its own.
        arguments: The command line after the command; None reads `sys.argv`.
        description: The first lines of `--help`: the config's docstring, of which an example for Python is left out.

    Returns:
        The exit code: 0, 1 (failed), 2 (misused) or 130 (interrupted).
    """
    return exit_code(lambda: _run(name, run, arguments, description))


def exit_code(call: Callable[[], int]) -> int:
    """The exit code of a call; an interrupt, a closed pipe or a full disk becomes a sentence on stderr."""
    _open_standard_files()
    _escape_unprintable_output()
    with quiet_libraries():
        try:
            with raised_interrupts():
                code = call()
                sys.stdout.flush()  # buffered output may find the disk full
            return code
        except KeyboardInterrupt:
            _print_message("\nInterrupted. Run the same command again to continue (train: with --resume).")
            return INTERRUPTED
        except BrokenPipeError:
            _discard_results()
            return 0  # the reader has read enough, as `head` does
        except OSError as error:
            _discard_results()
            return _print_error(_from_os_error(error), FAILED)


def parse_flags(
    name: str,
    run: Callable[P, int | None],
    arguments: Sequence[str] | None = None,
    description: str | None = None,
) -> Callable[[], int | None]:
    """Parse the flags into a call of `run` that has not been made yet, so that misuse and failure exit differently.

    Raises `PainterSearchError` for settings that a config refuses, and `SystemExit` for anything that tyro refuses, and
    for `--help`.
    """

    no_color()
    # tyro prints a config's `ValueError` in a box of its own; an error of ours is raised to be printed like all others.
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed), _plain_checks(), _joined_lines(), PATHS:
            return tyro.cli(
                deferred(run),
                args=None if arguments is None else list(arguments),
                prog=f"python -m painter_search.{name}",
                description=inspect.cleandoc(description or "").partition("\n\nExample:")[0],
                config=TYRO,
            )
    except SystemExit as leaving:
        refusal = _refusal_behind(leaving)
        if refusal is not None:
            raise refusal from None
        print(printed.getvalue(), end="", file=sys.stderr)
        raise


def deferred(run: Callable[P, int | None]) -> Callable[..., Callable[[], int | None]]:
    """A function that takes the flags of `run` and those of `Verbosity`, and returns the call without making it."""

    @functools.wraps(run)
    def defer(*args: P.args, **kwargs: P.kwargs) -> Callable[[], int | None]:
        verbosity = kwargs.pop("verbosity", Verbosity())

        def call() -> int | None:
            with verbosity.shown():  # type: ignore[attr-defined]
                return run(*args, **kwargs)

        return call

    return takes_verbosity(defer, run)


def no_color() -> None:
    """Take the colours out of `--help` where `NO_COLOR` is set; all other output is rich's, which heeds it itself."""
    if os.environ.get("NO_COLOR"):
        tyro._experimental_options["ansi_codes"] = False


@contextlib.contextmanager
def _plain_checks() -> Iterator[None]:
    """A context in which tyro checks a default of type `Path | None` or `tuple[str, ...]` without typeguard.

    The import of typeguard takes as long as that of tyro. What a tuple holds is left to mypy.
    """
    resolver: Any = getattr(tyro, "_resolver", None)
    check = getattr(resolver, "is_instance", None)
    if check is None:  # another version of tyro
        yield
        return

    def is_instance(type_: Any, value: object) -> bool:
        origin = get_origin(type_)
        if origin is UnionType:
            return any(is_instance(part, value) for part in get_args(type_))
        return isinstance(value, tuple) if origin is tuple else bool(check(type_, value))

    resolver.is_instance = is_instance
    try:
        yield
    finally:
        resolver.is_instance = check


@contextlib.contextmanager
def _joined_lines() -> Iterator[None]:
    """A context in which tyro joins the lines of a paragraph, those also that are indented or begin with a number."""
    strings: Any = getattr(tyro, "_strings", None)
    join = getattr(strings, "remove_single_line_breaks", None)
    if join is None:  # another version of tyro
        yield
        return

    def join_lines(text: str) -> str:
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))

    strings.remove_single_line_breaks = join_lines
    try:
        yield
    finally:
        strings.remove_single_line_breaks = join


def _run(name: str, run: Callable[..., int | None], arguments: Sequence[str] | None, description: str | None) -> int:
    try:
        call = parse_flags(name, run, arguments, description)
    except PainterSearchError as error:
        return _print_error(error, MISUSED)
    except SystemExit as leaving:  # tyro has printed its help, or what is wrong with the flags
        return leaving.code if isinstance(leaving.code, int) else MISUSED
    try:
        return call() or 0
    except PainterSearchError as error:
        return _print_error(error, MISUSED if isinstance(error, AmbiguousError) else FAILED)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "painter_search"):
            raise  # a fault of the program
        message = (
            f"{name} needs the package {missing}, which is not installed: `pip install painter-search` installs it."
        )
        return _print_error(MissingPackageError(message), FAILED)


def _refusal_behind(error: BaseException) -> PainterSearchError | None:
    """The error of ours during whose handling `error` was raised, if any."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, PainterSearchError):
        cause = cause.__context__
    return cause


def _open_standard_files() -> None:
    """Open what was closed of the descriptors 0, 1 and 2, so that no file of ours is taken for input or output.

    A closed input is empty, a closed output discards.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (open until the process ends)


def _escape_unprintable_output() -> None:
    """Escape characters that a terminal or pipe cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _discard_results() -> None:
    """Drop results that cannot be written, if that is why the command ends."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_output(sys.stdout.fileno())


def _from_os_error(error: OSError) -> PainterSearchError:
    path = error.filename2 or error.filename  # of a rename the second is the user's
    where = f"{lasting_path(Path(os.fsdecode(path)))}: " if isinstance(path, str | bytes | Path) else ""
    remedy = {
        errno.ENOSPC: "free some space and run the command again",
        errno.EROFS: "choose a folder that can be written to",
        errno.EACCES: "choose a folder that you may use, or ask for permission",
        errno.ENOENT: "it has vanished; put it back and run the command again",
    }.get(error.errno or 0, "fix that and run the command again")
    return PainterSearchError(f"{where}{error.strerror or error}; {remedy}.")


def _print_error(error: PainterSearchError, code: int) -> int:
    _print_message(f"painter_search: {printable(error.command_line)}")
    return code


def _print_message(message: str) -> None:
    try:
        print(message, file=sys.stderr, flush=True)
    except BrokenPipeError:  # whoever read the messages has gone
        discard_output(sys.stderr.fileno())
