"""Pictures that pages show."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from painter_search.display.matching_parts import make_icon
from painter_search.serving.lookups import NotFound
from painter_search.serving.routes.requests import service_of

pictures = APIRouter(include_in_schema=False)
Small = Annotated[str | None, Query()]
"""The parameter `?small`, by which a picture comes in the size of an icon."""
Large = Annotated[str | None, Query()]
"""The parameter `?large`, by which a picture comes as large as there is one."""


@pictures.get("/pictures/{digest}/{id}.jpg")
def picture(
    request: Request,
    digest: str,
    id: Annotated[int, Path(ge=1, le=2**53)],
    small: Small = None,
    large: Large = None,
) -> Response:
    """The thumbnail, or the larger picture, of a work in the index that a page came from."""
    index = service_of(request).current_index.by_digest(digest)
    try:
        if index is None:
            raise LookupError(id)
        index.works.get([id])
        larger = None if large is None else index.works.picture(id)
        content = larger or index.works.thumbnail(id)
    except LookupError:  # an `UnknownWorkError`, too
        raise NotFound("There is no such picture.") from None
    response = picture_response(content, small)
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"  # the digest is in its address
    return response


def picture_response(jpeg: bytes, small: str | None) -> Response:
    """A picture, or its icon with `small`; browsers do not keep it."""
    content = jpeg if small is None else make_icon(jpeg)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
