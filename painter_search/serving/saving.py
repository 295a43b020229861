"""Answers saved as files: pages, tables, or plain values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from starlette.responses import Response

from painter_search.display.pages import Served
from painter_search.folders import to_json

Form = Literal["page", "csv", "json"]
Save = Annotated[Form | None, Query(alias="save")]
KINDS = {"page": ("text/html", "html"), "csv": ("text/csv", "csv"), "json": ("application/json", "json")}
NAMES = {"page": "page", "csv": "CSV", "json": "JSON"}


def served(request: Request, here: str = "") -> Served:
    """What a page needs to know of the request that it answers."""
    return Served(nonce=request.scope["nonce"], here=here)


def saves(address: str, kinds: tuple[Form, ...] = ("page", "csv", "json")) -> tuple[tuple[str, str], ...]:
    """The forms in which an answer can be saved, and their addresses."""
    joint = "&" if "?" in address else "?"
    return tuple((NAMES[kind], f"{address}{joint}save={kind}") for kind in kinds)


def save(form: Form, name: str, content: str | dict[str, Any]) -> Response:
    """A file to keep."""
    kind, ending = KINDS[form]
    text = content if isinstance(content, str) else to_json(content) + "\n"
    disposition = f'attachment; filename="{name}.{ending}"'
    return Response(text.encode("utf-8", "replace"), media_type=kind, headers={"Content-Disposition": disposition})
