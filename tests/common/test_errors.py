"""Errors: each is one of ours and a built-in one, and names settings as its reader writes them."""

from __future__ import annotations

import pickle

import pytest

from painter_search.common import errors
from painter_search.common.errors import InvalidValueError, PainterSearchError, UnreadableImageError, one_line

BUILT_IN = {
    "InvalidValueError": ValueError,
    "AmbiguousError": ValueError,
    "NotFoundError": FileNotFoundError,
    "DamagedFileError": ValueError,
    "UnreadableImageError": ValueError,
    "UnknownWorkError": LookupError,
    "NotEnoughDataError": ValueError,
    "MissingPackageError": ImportError,
    "UnreachableError": RuntimeError,
    "BusyError": RuntimeError,
}


def test_every_error_class_is_listed_here() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, PainterSearchError) and value is not PainterSearchError
    }
    assert classes == set(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_error_is_ours_and_built_in(name: str) -> None:
    error = getattr(errors, name)("--data is empty; add some.")
    assert isinstance(error, PainterSearchError)
    assert isinstance(error, BUILT_IN[name])
    assert error.command_line == "--data is empty; add some."
    assert isinstance(error, OSError) == (name == "NotFoundError")


@pytest.mark.parametrize("name", BUILT_IN)
def test_error_survives_pickling(name: str) -> None:
    error = getattr(errors, name)("--data is empty; add some.")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.command_line) == (type(error), str(error), error.command_line)


@pytest.mark.parametrize(
    ("command_line", "python"),
    [
        ("--lr is nan; it must be positive.", "lr is nan; it must be positive."),
        ("give either --folder or --catalogue (--test-share 1)", "give either folder or catalogue (test_share 1)"),
        ('the paths after "--data" and --out.', 'the paths after "data" and out.'),
        ("run `python -m painter_search.prepare --out data` first.",) * 2,
        ("/scans/my--folder/a--b.jpg does not exist.",) * 2,
        ("a -- b, -x, 1--2",) * 2,
    ],
)
def test_str_names_arguments_and_command_line_names_flags(command_line: str, python: str) -> None:
    error = InvalidValueError(command_line)
    assert (error.command_line, str(error)) == (command_line, python)


def test_str_of_unreadable_image_is_the_reason_verbatim() -> None:
    assert str(UnreadableImageError("cannot be read (--out is no file)")) == "cannot be read (--out is no file)"


def test_str_of_error_without_message_is_empty() -> None:
    assert (str(PainterSearchError()), PainterSearchError().command_line) == ("", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("row 3:\n  2 cells,\tnot 4 "), "row 3: 2 cells, not 4"),
        (ValueError("a" * 300), "a" * 200),
        (MemoryError(), "MemoryError"),
        ("no such\nfile", "no such file"),
    ],
)
def test_one_line_is_all_of_a_short_message(error: object, line: str) -> None:
    assert one_line(error) == line
