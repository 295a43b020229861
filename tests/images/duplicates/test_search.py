"""Duplicates: planted copies of a picture are found, and no other pairs."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from planted_copies import COPIES, MIRROR, cropped, encoded, with_margin

from painter_search.images.duplicates import candidates
from painter_search.images.duplicates.search import Duplicate, find_duplicates, shows_same_picture
from painter_search.images.duplicates.sketch import PictureSketch

Paint = Callable[..., Image.Image]
KINDS = {"re-encoded": "same", "halved": "same", "mirrored": "mirrored", "mirrored, cropped by 8 %": "mirrored"}
"""How copies are found that are not `altered`."""


def sketched(*pictures: Image.Image) -> list[PictureSketch]:
    return [PictureSketch.from_image(picture) for picture in pictures]


def ellipse_on(ground: Image.Image, picture: Image.Image) -> Image.Image:
    """The picture within an ellipse on a ground of the same size."""
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((8, 8, picture.width - 8, picture.height - 8), fill=255)
    return Image.composite(picture, ground, mask)


@pytest.mark.parametrize("copy", COPIES)
def test_find_duplicates_finds_planted_copy_and_no_other(copy: str, paint: Paint) -> None:
    pictures = [paint(seed, 300 + 10 * (seed % 3), 280) for seed in range(30)]
    for chosen in (3, 14):
        planted = COPIES[copy](pictures[chosen], np.random.default_rng(chosen))
        found = find_duplicates(sketched(*pictures, planted))
        assert [(one.first, one.second, one.kind) for one in found] == [(chosen, 30, KINDS.get(copy, "altered"))]
        assert 0.57 < found[0].likeness <= 1


def test_find_duplicates_finds_none_among_different_pictures(paint: Paint) -> None:
    assert find_duplicates(sketched(*(paint(seed, 240, 200) for seed in range(40)))) == []


@pytest.mark.parametrize("paper", [(255, 255, 255), (240, 235, 200), (15, 15, 15)])
def test_find_duplicates_takes_no_shared_shape_for_likeness(paper: tuple[int, int, int], paint: Paint) -> None:
    pictures = [paint(seed, 200, 240) for seed in range(12)]
    sheet = Image.new("RGB", (200, 240), paper)
    grey = Image.new("RGB", (200, 240), (128, 128, 128))
    shapes = [ellipse_on(sheet, picture) for picture in (*pictures[:6], grey)]
    for picture in (*pictures[6:], grey):
        mounted = sheet.copy()
        mounted.paste(picture.resize((150, 180)), (25, 30))
        shapes.append(mounted)
    assert find_duplicates(sketched(*shapes)) == []
    copy = encoded(cropped(shapes[2], 0.06, np.random.default_rng(1)))
    assert [(one.first, one.second) for one in find_duplicates(sketched(*shapes, copy))] == [(2, len(shapes))]


def test_find_duplicates_tells_when_margins_were_taken_away(paint: Paint) -> None:
    image = paint(4, 260, 220)
    mounted = with_margin(image, np.random.default_rng(0))
    assert [one.without_margins for one in find_duplicates(sketched(image, mounted))] == [True]
    assert [one.without_margins for one in find_duplicates(sketched(image, image.convert("L").convert("RGB")))] == [
        False
    ]


def test_find_duplicates_pairs_three_files_of_one_picture(paint: Paint) -> None:
    image = paint(1, 300, 280)
    sketches = sketched(image, paint(2, 300, 280), encoded(image, 40), image.resize((200, 187)))
    assert [(one.first, one.second) for one in find_duplicates(sketches)] == [(0, 2), (0, 3), (2, 3)]


def test_find_duplicates_compares_flat_pictures_by_colour() -> None:
    colours = [(200, 60, 40), (150, 50, 38), (201, 60, 40)]
    found = find_duplicates(sketched(*(Image.new("RGB", (90, 90), colour) for colour in colours)))
    assert found == [Duplicate(0, 2, "same", 1.0)]


def test_find_duplicates_tells_faint_drawings_apart() -> None:
    sheets = [Image.new("RGB", (200, 200), (250, 248, 244)) for _ in range(4)]
    for number, sheet in enumerate(sheets):
        ends = np.random.default_rng(number).integers(20, 180, (12, 4)).tolist()
        for line in ends:
            ImageDraw.Draw(sheet).line(line, fill=(215, 213, 210), width=2)
    assert find_duplicates(sketched(*sheets)) == []
    assert [(one.first, one.second) for one in find_duplicates(sketched(*sheets, encoded(sheets[1])))] == [(1, 4)]


def test_find_duplicates_does_not_depend_on_block_size(paint: Paint, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [paint(seed, 300, 280) for seed in range(20)]
    margin = with_margin(pictures[7], np.random.default_rng(3))
    sketches = sketched(*pictures, pictures[5].transpose(MIRROR), encoded(pictures[19], 40), margin)
    whole = find_duplicates(sketches)
    monkeypatch.setattr(candidates, "BLOCK_SIZE", 4)
    assert find_duplicates(sketches) == whole
    assert [(one.first, one.second) for one in whole] == [(5, 20), (7, 22), (19, 21)]


@pytest.mark.parametrize("number", [0, 1])
def test_find_duplicates_of_no_or_one_picture_is_empty(number: int, paint: Paint) -> None:
    assert find_duplicates(sketched(*(paint(seed) for seed in range(number)))) == []


def test_shows_same_picture_recognises_other_file_only(paint: Paint) -> None:
    image, other = paint(3, 200, 160), paint(4, 200, 160)
    one, resaved, halved, grey, cut, different = sketched(
        image,
        encoded(image, 30),
        image.resize((100, 80)),
        image.convert("L").convert("RGB"),
        image.crop((0, 0, 184, 148)),
        other,
    )
    assert [shows_same_picture(one, two) for two in (resaved, halved, grey, cut, different)] == [True, True] + [
        False
    ] * 3


def test_shows_same_picture_does_not_tell_of_blank_pictures() -> None:
    blank, as_blank, darker = sketched(*(Image.new("RGB", (80, 80), (value,) * 3) for value in (200, 202, 100)))
    assert shows_same_picture(blank, as_blank) is None
    assert shows_same_picture(blank, darker) is False


def picture_of(collections: Path, collection: str, file: str) -> Image.Image:
    """A picture of a real collection: 224 px on its shorter side, as in `wikiart`, or fewer."""
    archives = {"wikiart": "wikiart/wikiart.zip", "pbn64": "pbn64/train.zip"}
    if collection not in archives:
        picture = Image.open(collections / collection / "originals" / file).convert("RGB")
        picture.thumbnail((320, 320))
        return picture
    with zipfile.ZipFile(collections / archives[collection]) as archive:
        folder = Path(archives[collection]).stem
        return Image.open(io.BytesIO(archive.read(f"{folder}/{file}"))).convert("RGB")


@pytest.mark.parametrize("collection", ["wikiart", "pbn64", "paintings"])
@pytest.mark.slow
def test_find_duplicates_agrees_with_the_eye_on_real_paintings(collection: str, collections: Path) -> None:
    """`looked_at.csv` lists the pairs that an audit of the whole collections reports, all of them looked at, and the
    pairs of different paintings that share a shape, which an earlier comparison took for repeats."""
    with Path(__file__).with_name("looked_at.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["collection"] == collection]
    files = sorted({row[name] for row in rows for name in ("one", "other")})
    found = find_duplicates(sketched(*(picture_of(collections, collection, file) for file in files)))
    same = {(row["one"], row["other"]) for row in rows if row["verdict"] == "same"}
    assert {(files[one.first], files[one.second]) for one in found} == same
