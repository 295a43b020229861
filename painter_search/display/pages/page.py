"""What all pages share: the templates, embedded pictures, and how a served page differs from a saved one."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, Template, Undefined, UndefinedError
from jinja2.utils import missing
from markupsafe import Markup, escape

from painter_search.attribution.answers import format_probability
from painter_search.common.files.atomic_io import write_bytes

NO_BREAK_SPACE = "\u00a0"


class DownloadLink(NamedTuple):
    """A format that a page can be saved in."""

    label: str
    address: str


@dataclass(frozen=True)
class ServedPage:
    """What a page of the server shows in addition to a saved file: navigation, and links to save it."""

    root: str = ""
    """What stands before the addresses of all pages: the path under which a proxy offers the server."""
    nav: str = ""
    """The address of the entry of the navigation bar that the page belongs to."""
    downloads: tuple[DownloadLink, ...] = ()
    expires: str = ""
    """The time at which its address stops working, `HH:MM ZONE`; empty for a permanent address."""
    result: str = ""
    """The name of a cached result, under which links reach its paintings; empty for other pages."""
    can_crop: bool = False
    """Whether its photographs are still kept, to be cropped again."""
    index_replaced: bool = False
    """Whether the page comes from an index that is no longer the current one."""
    other_index: bool = False
    """Whether its works were chosen in an index that is no longer open, so that their ids may be those of others."""
    origins: tuple[str, str] = ("", "")
    """Of two compared paintings: the addresses of the works or answers that they come from."""


class _StrictAttributes(Undefined):
    """A variable that is not passed is false, as usual; an attribute that does not exist is an error."""

    def __init__(
        self,
        hint: str | None = None,
        obj: object = missing,
        name: str | None = None,
        exc: type[UndefinedError] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if obj is not missing:
            self._fail_with_undefined_error()


def data_uri(content: bytes, kind: str = "jpeg") -> str:
    """An image file as a `data:` address."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def open_template(name: str) -> Template:
    """A template of `templates/`, with the filters `embed`, `about` and `unbroken`, and `stylesheet`."""
    return _environment().get_template(name)


def write_page(path: Path, html: str) -> None:
    """Write a page as a file in UTF-8; bytes of file names that are no text become question marks."""
    write_bytes(path, html.encode("utf-8", "replace"))


@cache
def stylesheet() -> str:
    """The style of all pages, served or saved: the files of `templates/style/`, one after the other."""
    files = sorted((Path(__file__).parent / "templates" / "style").glob("*.css"))
    return "".join(file.read_text(encoding="utf-8") for file in files)


@cache
def _environment() -> Environment:
    """What all templates share: each is compiled once, and rendered by any thread."""
    environment = Environment(
        loader=PackageLoader("painter_search", "display/pages/templates"),
        autoescape=True,  # titles and names come from catalogues that anybody may have written
        undefined=_StrictAttributes,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(embed=data_uri, about=_about, unbroken=_unbroken)
    environment.globals.update(stylesheet=Markup(stylesheet()))
    return environment


def _about(probability: float) -> str:
    """A probability in words, in which no line breaks."""
    return format_probability(probability).replace(" ", NO_BREAK_SPACE)


def _unbroken(text: str) -> Markup:
    """A text in which no line breaks before a percent sign or within a date."""
    unbroken = str(escape(text)).replace(" %", f"{NO_BREAK_SPACE}%")
    return Markup(re.sub(r"\b\d{4}-\d\d-\d\d\b", r'<span class="unbroken">\g<0></span>', unbroken))
