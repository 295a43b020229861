"""Types of the flags that commands take."""

from __future__ import annotations

from typing import Annotated, TypeVar

import tyro

T = TypeVar("T")

Flags = Annotated[T, tyro.conf.arg(name="")]
"""Type of the config that a command takes: its fields are flags beside the command's own."""
IfGiven = Annotated[T | None, tyro.conf.arg(help_behavior_hint="")]
"""Type of a flag whose default, None, means that it was not given; its help says what happens then."""
Names = Annotated[tuple[str, ...], tyro.conf.UseAppendAction]
"""Type of a flag that takes one name and can be repeated."""
