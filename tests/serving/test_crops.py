"""The form's and the API's field `crop`: what of each uploaded photograph is used."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from wall_photographs import photograph_on_wall


@pytest.fixture(scope="module")
def photograph(paint: Callable[..., Image.Image]) -> bytes:
    buffer = io.BytesIO()
    photograph_on_wall(paint(31, 400, 310), roll=3).image.save(buffer, "PNG")
    return buffer.getvalue()


def test_api_crops_each_file_as_its_field_says(client: Any, photograph: bytes) -> None:
    files = [("paintings", (f"{number}.png", photograph, "image/png")) for number in range(4)]
    answered = client.post("/api/query", files=files, data={"crop": ["auto", "none", "0.25,0.25,0.5,0.5,1"]})
    crops = [answer.get("crop") for answer in answered.json()["answers"]]
    assert crops[0]["sentence"].startswith("cropped to the painting, ")
    assert crops[0]["sureness"] > 0.9
    assert crops[1] is None
    assert crops[2]["sentence"] == "cropped as given, 25 % of the photograph"
    assert crops[2]["corners"][0] == [0.25, 0.75]  # turned clockwise, its bottom left becomes its top left
    assert crops[3] == crops[2]  # the last one holds for further files


def test_page_says_what_was_cropped(client: Any, photograph: bytes) -> None:
    for crop, sentence in (({}, "cropped to the painting, "), ({"crop": "0,0,0.5,0.5"}, "cropped as given, 25")):
        files = [("paintings", ("wall.png", photograph, "image/png"))]
        page = client.post("/answers", files=files, data=crop, follow_redirects=True)
        assert page.status_code == 200
        assert sentence in page.text


@pytest.mark.slow
def test_page_asks_whether_to_crop_where_a_painting_is_not_sure_enough(
    client: Any, photograph: bytes, paint: Callable[..., Image.Image]
) -> None:
    unframed = io.BytesIO()
    photograph_on_wall(paint(31, 400, 310), wall="white", frame=0, roll=0).image.save(unframed, "PNG")

    def asked(content: bytes, crop: str) -> str:
        files = [("paintings", ("wall.png", content, "image/png"))]
        return str(client.post("/answers", files=files, data={"crop": crop}, follow_redirects=True).text)

    question = "A painting on a wall? Crop to it."
    assert question not in asked(photograph, "auto")
    page = asked(unframed.getvalue(), "auto")
    assert question in page
    left, top, width, height = (
        float(re.findall(f'name="{name}" value="([^"]*)"', page)[0]) for name in ("left", "top", "width", "height")
    )
    assert left > 5
    assert top > 5
    assert width < 90
    assert height < 90
    assert question not in asked(unframed.getvalue(), "none")
    assert question not in asked(unframed.getvalue(), "0,0,1,1")


def test_sides_of_a_comparison_have_fields_of_their_own(client: Any, photograph: bytes) -> None:
    files = [(side, ("wall.png", photograph, "image/png")) for side in ("one", "other")]
    answered = client.post("/api/compare", files=files, data={"crop_one": "none", "crop_other": "auto"})
    assert len(answered.json()["comparison"]["cropped"]) == 1
    page = client.post("/compare", files=files, data={"crop_one": "none"}, follow_redirects=True)
    assert page.text.count("<br>cropped to the painting, ") == 1  # the citation says it, too


def test_unsure_painting_is_compared_cropped_if_it_is_the_other_painting(
    client: Any, paint: Callable[..., Image.Image], save: Callable[..., bytes]
) -> None:
    picture = paint(31, 400, 310)
    unframed = save(photograph_on_wall(picture, wall="white", frame=0, roll=0).image, "PNG")

    def compare(*sides: bytes) -> Any:
        files = [(name, (f"{name}.png", side)) for name, side in zip(("one", "other"), sides, strict=True)]
        return client.post("/api/compare", files=files).json()["comparison"]

    found = compare(unframed, save(picture, "PNG"))
    assert found["same_picture"]
    assert [painting["painting"] for painting in found["cropped"]] == ["one.png"]
    assert "cropped" not in compare(unframed, save(paint(32, 400, 310), "PNG"))


@pytest.mark.parametrize("path", ["/api/query", "/answers"])
def test_what_is_no_crop_is_refused_in_a_sentence(client: Any, photograph: bytes, path: str) -> None:
    answered = client.post(path, files=[("paintings", ("wall.png", photograph))], data={"crop": "left half"})
    assert answered.status_code == 400
    assert "give auto, none, or x,y,w,h" in answered.text


def test_crop_outside_the_photograph_is_answered_with_the_reason(client: Any, photograph: bytes) -> None:
    files = [("paintings", ("wall.png", photograph))]
    answered = client.post("/api/query", files=files, data={"crop": "2000,0,10,10"})
    assert answered.status_code == 400
    assert "lies outside the photograph of 960 x 720 px" in answered.json()["answers"][0]["reason"]
