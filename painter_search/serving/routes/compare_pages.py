"""The pages of comparisons: to choose what to compare, and the comparison itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from painter_search.analysis.comparisons.comparison import Comparison
from painter_search.common.errors import PainterSearchError
from painter_search.common.text import sentence_case
from painter_search.display.pages.comparison_page import comparison_page
from painter_search.display.pages.page import ServedPage
from painter_search.display.serialize import comparison_to_dict
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.lookups import ChosenPainting, works_to_choose
from painter_search.serving.routes.cached_results import cached_result, expiry_time
from painter_search.serving.routes.downloads import Format, Save, csv_file, download_links, json_file, page_file
from painter_search.serving.routes.html_pages import page_response, root_of, served_page
from painter_search.serving.routes.requests import (
    LIMITS,
    CropField,
    Files,
    TextParameter,
    read_uploads,
    service_of,
)

compare_pages = APIRouter(include_in_schema=False)


@compare_pages.get("/compare")
async def compare(
    request: Request,
    painting: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006 (FastAPI copies it)
    q: TextParameter = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
    chosen_in: Annotated[str, Query(alias="index", max_length=300)] = "",
    save: Save = None,
) -> Response:
    """Two paintings compared; with fewer or more than two, the page to choose them by sight.

    `index` is the digest of the index whose works were ticked: another may have other works under their ids.
    """
    service = service_of(request)
    if len(painting) != 2:
        return await service.run_in_thread(lambda: _choose_page(request, painting, q, page, chosen_in))
    index = await service.run_in_thread(lambda: service.index_of_references(painting, chosen_in))
    comparison = await service.compare_references(index, painting)
    result = next((reference.partition(".")[0] for reference in painting if "." in reference), "")
    one, other = painting
    served = replace(
        served_page(request, "/compare"),
        downloads=download_links(
            f"/compare?painting={one}&painting={other}" + (f"&index={index.digest}" if chosen_in else "")
        ),
        expires=expiry_time(request, result) if result else "",
        index_replaced=index.digest != (await service.open_current()).digest,
        other_index=chosen_in not in ("", index.digest),
        origins=(_origin(one), _origin(other)),
    )
    return await service.run_in_thread(lambda: _comparison_response(comparison, index, served, save))


def _choose_page(
    request: Request, references: list[str], words: str, page: int = 1, chosen_in: str = "", error: str = ""
) -> Response:
    """The page to choose paintings to compare: files, or works of the index by their pictures."""
    service, served = service_of(request), served_page(request, "/compare")
    index = service.index_of_references(references, chosen_in)
    root = served.root
    chosen = [
        ChosenPainting(
            reference,
            service.find_painting(index, reference).name,
            f"{root}/pictures/{index.digest}/{reference}.jpg"
            if reference.isdecimal()
            else f"{root}/answers/{reference.partition('.')[0]}/{int(reference.partition('.')[2]) + 1}.jpg",
        )
        for reference in dict.fromkeys(references)
    ]
    first = references[0] if references else ""
    choice = works_to_choose(
        index,
        words,
        service.find_painting(index, first).embedding if first else None,
        page,
        without=int(first) if first.isdecimal() else 0,
    )
    asked = urlencode([*(("painting", reference) for reference in references), ("index", index.digest), ("q", words)])
    content = {"chosen": chosen, "choice": choice, "asked": asked, "q": words, "limits": LIMITS, "error": error}
    return page_response("compare_ask.html", index, served, 400 if error else 200, **content)


@compare_pages.post("/compare")
async def compare_uploads(
    request: Request,
    one: Files,
    other: Files,
    crop_one: CropField = [],  # noqa: B006 (FastAPI copies it)
    crop_other: CropField = [],  # noqa: B006
) -> Response:
    """Compare uploaded paintings, cache the result, and redirect to its address."""
    service = service_of(request)
    try:
        sides = await read_uploads(one, crop_one), await read_uploads(other, crop_other)
        result = await service.compare_uploads(*sides)
    except PainterSearchError as error:
        problem = sentence_case(str(error))
        return await service.run_in_thread(lambda: _choose_page(request, [], "", error=problem))
    return RedirectResponse(f"{root_of(request)}/comparisons/{service.results.add(result)}", 303)


@compare_pages.get("/comparisons/{name}")
def cached_comparison(request: Request, name: str, save: Save = None) -> Response:
    """A cached comparison, or a file of it."""
    result = cached_result(request, name)
    comparison = result.require_comparison()
    served = replace(
        served_page(request, "/compare"),
        downloads=download_links(f"/comparisons/{name}"),
        expires=expiry_time(request, name),
    )
    return _comparison_response(comparison, result.index, served, save)


def _comparison_response(
    comparison: Comparison, index: PaintingIndex, served: ServedPage, save: Format | None
) -> Response:
    if save == "json":
        return json_file("comparison", comparison_to_dict(comparison, index))
    if save == "csv":
        return csv_file("comparison", *comparison.rows())
    if save == "page":
        return page_file("comparison", comparison_page(comparison, index))
    return HTMLResponse(comparison_page(comparison, index, served))


def _origin(reference: str) -> str:
    """The address of the result or of the work that a reference names."""
    return f"/answers/{reference.partition('.')[0]}" if "." in reference else f"/works/{reference}"
