"""Where the server sends larger pictures, and where it goes on sending small ones."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from large_pictures import PICTURE_SIZE, long_side, paint_large

from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import ServeConfig


@pytest.fixture(scope="module")
def large_client(large_index: PaintingIndex, new_client: Callable[..., Any]) -> Iterator[Any]:
    """A client of a server whose index has larger pictures."""
    with new_client(ServeConfig(index=large_index.folder)) as client:
        yield client


@pytest.fixture(scope="module")
def photograph() -> bytes:
    buffer = io.BytesIO()
    paint_large(50, 7).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def asked(large_client: Any, photograph: bytes) -> str:
    """The address of the answer about a painting of 900 pixels."""
    redirect = large_client.post("/answers", files={"paintings": ("mine.jpg", photograph)}, follow_redirects=False)
    return str(redirect.headers["location"])


def embedded(html: str) -> list[int]:
    """The longer sides of the pictures embedded in a page."""
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", html)
    return [long_side(base64.b64decode(picture)) for picture in found]


def test_answer_shows_small_pictures_and_leads_to_large_ones(
    large_client: Any, asked: str, large_index: PaintingIndex
) -> None:
    html = large_client.get(asked).text
    shown = set(re.findall(r'<img src="([^"]+)"', html))
    assert re.findall(r'href="([^"]+\?large)"', html) == [f"{asked}/1.jpg?large"]
    assert long_side(large_client.get(f"{asked}/1.jpg?large").content) == PICTURE_SIZE
    assert len(shown) > 3
    assert all(long_side(large_client.get(address).content) < PICTURE_SIZE for address in shown)
    address = f"/pictures/{large_index.digest}/1.jpg"
    assert large_client.get(address).content == large_index.works.thumbnail(1)
    assert large_client.get(f"{address}?large").content == large_index.works.picture(1)
    assert long_side(large_client.get(f"{address}?small").content) == 112
    assert f'href="{address}?large"' in large_client.get("/works/1").text


@pytest.mark.parametrize("save", ["", "&save=page"])
def test_comparison_shows_large_pictures_of_works_and_photographs(large_client: Any, asked: str, save: str) -> None:
    name = asked.rpartition("/")[2]
    for one in ("1", f"{name}.0"):
        shown = embedded(large_client.get(f"/compare?painting={one}&painting=2{save}").text)
        assert shown == [PICTURE_SIZE] * 4  # both paintings, with and without their parts


def test_comparison_of_uploads_shows_large_pictures(large_client: Any, photograph: bytes) -> None:
    other = io.BytesIO()
    paint_large(51, 8).save(other, "JPEG", quality=90)
    files = {"one": ("one.jpg", photograph), "other": ("other.jpg", other.getvalue())}
    page = large_client.post("/compare", files=files)
    assert embedded(page.text) == [PICTURE_SIZE] * 4


@pytest.mark.parametrize("address", ["/", "/artists/Ann", "/works/1", "/compare"])
def test_lists_and_saved_pages_stay_light(large_client: Any, asked: str, address: str) -> None:
    html = large_client.get(address).text
    assert not re.search(r'<img[^>]+\?large"', html)
    if address.startswith(("/artists/", "/works/")):
        assert max(embedded(large_client.get(f"{address}?save=page").text)) == 512
    assert max(embedded(large_client.get(f"{asked}?save=page").text)) < PICTURE_SIZE


def test_index_without_larger_pictures_offers_none(client: Any, painting: Any, small_index: PaintingIndex) -> None:
    redirect = client.post("/answers", files={"paintings": ("mine.jpg", painting.read_bytes())}, follow_redirects=False)
    asked = str(redirect.headers["location"])
    assert "?large" not in client.get(asked).text + client.get("/works/33").text + client.get("/works/1").text
    assert client.get(f"{asked}/1.jpg?large").content == client.get(f"{asked}/1.jpg").content
    thumbnail = small_index.works.thumbnail(int(small_index.artists.ids[0]))
    address = f"/pictures/{small_index.digest}/{small_index.artists.ids[0]}.jpg"
    assert client.get(f"{address}?large").content == client.get(address).content == thumbnail
