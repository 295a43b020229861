"""Settings of `push-to-hub`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from painter_search.common.command_line.flag_types import IfGiven, check_choices
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import expand_home, writable_path


@dataclass(frozen=True)
class PushConfig:
    """Push an encoder to the Hugging Face hub, with a card that says what it was trained on and how well it does.

    The encoder comes with digests of the artists that it was trained on: names are not stored, but whoever knows a name
    can check whether it is among them.
    """

    repository: tyro.conf.Positional[Annotated[str, tyro.conf.arg(help_behavior_hint="")]] = ""
    """OWNER/NAME on the hub; created if missing. HF_TOKEN, or `hf auth login`, says who you are."""

    encoder: IfGiven[str] = None
    """A run, whose report the card is made from, its checkpoint, or an encoder's folder.
    Default: the newest finished run."""

    runs: Path = Path("runs")
    """The folder with the newest run."""

    precision: Literal["float32", "float16"] = "float32"
    """How the weights are stored: float16 takes half the space."""

    public: bool = False
    """Make a newly created repository public. Default: private."""

    license: IfGiven[str] = None
    """The licence that the card names, such as mit. Check those of the backbone's weights and of the paintings."""

    folder: IfGiven[Path] = None
    """Write what would be pushed into this folder, and push nothing."""

    def __post_init__(self) -> None:
        from painter_search.encoder.hub.fetch import check_repository

        check_choices(self)
        object.__setattr__(self, "runs", expand_home(self.runs))
        object.__setattr__(self, "folder", None if self.folder is None else writable_path(self.folder, "--folder"))
        if not self.repository:
            raise InvalidValueError("name the repository: `python -m painter_search.push-to-hub OWNER/NAME`")
        if "@" in self.repository:
            raise InvalidValueError(f"{self.repository} names a revision; leave out what comes after @.")
        check_repository(self.repository)
