"""Types of the flags that commands take."""

from __future__ import annotations

import operator
from numbers import Integral
from typing import Annotated, Literal, SupportsIndex, TypeVar, get_args, get_origin, get_type_hints

import tyro

from painter_search.common.errors import InvalidValueError

T = TypeVar("T")

Flags = Annotated[T, tyro.conf.arg(name="")]
"""Type of the config that a command takes: its fields are flags beside the command's own."""
IfGiven = Annotated[T | None, tyro.conf.arg(help_behavior_hint="")]
"""Type of a flag whose default, None, means that it was not given; its help says what happens then."""
IfAny = Annotated[tuple[T, ...], tyro.conf.arg(help_behavior_hint="")]
"""Type of a flag that takes any number of values; its default, none, means that it was not given."""
Names = Annotated[tuple[str, ...], tyro.conf.UseAppendAction]
"""Type of a flag that takes one name and can be repeated."""


def check_choices(config: object) -> None:
    """Raise `InvalidValueError` for a word that the `Literal` of its field does not have; from Python any may come."""
    for name, hint in get_type_hints(type(config)).items():
        kinds = (hint,) if get_origin(hint) is Literal else get_args(hint)
        choices = [str(choice) for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
        value = getattr(config, name)
        others = tuple(Integral if kind is int else kind for kind in kinds if isinstance(kind, type))  # NumPy's, too
        if choices and value not in choices and not isinstance(value, others):
            listed = ", ".join([*choices, *["a number"] * (int in kinds)])
            raise InvalidValueError(f"--{name.replace('_', '-')} is {value!r}; choose from {listed}.")


def whole_number(flag: str, value: SupportsIndex) -> int:
    """The value of a flag as Python's `int`; raises `InvalidValueError` for what is no whole number."""
    try:
        return operator.index(value)
    except TypeError:
        raise InvalidValueError(f"--{flag} is {value!r}; it must be a whole number.") from None
