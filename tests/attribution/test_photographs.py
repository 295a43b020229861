"""A photograph of an indexed painting on a wall is asked about, compared and added as the painting itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from running_scripts import Run
from wall_photographs import photograph_on_wall

from painter_search.analysis.comparisons.comparison import compare_paintings
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.collection.collection import Collection
from painter_search.collection.work import Work
from painter_search.common.errors import InvalidValueError
from painter_search.images.photographs import crop
from painter_search.index.painting_index import PaintingIndex


@pytest.fixture
def work(small_collection: Path) -> Work:
    return Collection.open(small_collection).works("test")[0]


@pytest.fixture
def photograph(work: Work, painted_originals: Path, tmp_path: Path) -> Path:
    with Image.open(painted_originals / work.file) as original:
        picture = original.convert("RGB").resize((440, round(440 * original.height / original.width)))
    path = tmp_path / "on-a-wall.png"
    photograph_on_wall(picture, roll=3, yaw=12).image.save(path)
    return path


@pytest.mark.slow
def test_real_paintings_on_walls_are_recognised(puzzles: Path, tmp_path: Path, run_here: Run) -> None:
    paintings = tmp_path / "paintings"
    run_here("build_sample.py", "--rcc", puzzles, "--paintings", paintings)
    index = PaintingIndex.build(folder=paintings, layout="artist-title", index=tmp_path / "index", device="cpu")
    files = sorted(paintings.glob("*.jpg"))
    recognised = 0
    for number, file in enumerate(files):
        (plain,) = attribute(index, file)
        assert isinstance(plain, Attribution)
        assert plain.crop is None
        assert plain.same_works[0].work.file == file.name
        with Image.open(file) as picture:
            yaw, wall = (-20, 0, 20)[number % 3], ("plain", "texture", "gradient")[number % 3]
            photograph_on_wall(picture.convert("RGB"), yaw=yaw, wall=wall).image.save(tmp_path / "photograph.png")
        (answer,) = attribute(index, tmp_path / "photograph.png")
        assert isinstance(answer, Attribution)
        assert answer.crop is not None
        assert {same.work.file for same in answer.same_works} <= {file.name}
        recognised += bool(answer.same_works)
    assert recognised >= len(files) - 1


def test_photograph_is_recognised_once_cropped(small_index: PaintingIndex, work: Work, photograph: Path) -> None:
    cropped, whole = (attribute(small_index, photograph, crop=crop)[0] for crop in ("auto", "none"))
    assert isinstance(cropped, Attribution)
    assert isinstance(whole, Attribution)
    assert [neighbour.work for neighbour in cropped.same_works] == [work]
    assert cropped.crop is not None
    assert cropped.to_dict()["crop"]["sentence"] == cropped.crop.sentence
    assert cropped.crop.sentence in cropped._repr_html_()
    assert whole.same_works == ()
    assert whole.crop is None
    assert cropped.photograph == whole.photograph  # of the whole file, as who checks a citation has it
    assert "crop" not in whole.to_dict()


def test_unsure_painting_is_cropped_to_if_it_is_a_work_of_the_index(
    small_index: PaintingIndex, work: Work, photograph: Path, tmp_path: Path, paint: Callable[..., Image.Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    photograph_on_wall(paint(9001, 440, 330), roll=3, yaw=12).image.save(tmp_path / "another.png")
    monkeypatch.setattr(crop, "SURE", 1.01)
    known, unknown = attribute(small_index, [photograph, tmp_path / "another.png"])
    assert isinstance(known, Attribution)
    assert [neighbour.work for neighbour in known.same_works] == [work]
    assert known.crop is not None
    assert known.possible is None
    assert isinstance(unknown, Attribution)
    assert (unknown.same_works, unknown.crop) == ((), None)
    assert unknown.possible is not None


def test_unsure_painting_is_compared_cropped_if_it_is_a_work_of_the_index_or_the_other_painting(
    small_index: PaintingIndex, work: Work, painted_originals: Path, photograph: Path, tmp_path: Path,
    paint: Callable[..., Image.Image], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def compare(one: Path, other: Path) -> PairComparison:
        found = compare_paintings(small_index, one, other)
        assert isinstance(found, PairComparison)
        return found

    monkeypatch.setattr(crop, "SURE", 1.01)
    new = tmp_path / "new.png"
    paint(9001, 440, 330).save(new)
    of_work = compare(photograph, new)
    assert of_work.one.crop is not None
    assert not of_work.same_picture
    assert compare(photograph, painted_originals / work.file).same_picture
    another = tmp_path / "another.png"
    photograph_on_wall(paint(9001, 440, 330), roll=3, yaw=12).image.save(another)
    of_other = compare(new, another)
    assert of_other.other.crop is not None
    assert of_other.same_picture
    assert of_other.distance < compare(new, painted_originals / work.file).distance
    of_neither = compare(another, painted_originals / work.file)
    assert (of_neither.cropped, of_neither.same_picture) == ([], False)
    (tmp_path / "group").mkdir()
    for file in (photograph, another):
        shutil.copy(file, tmp_path / "group")
    of_group = compare_paintings(small_index, new, tmp_path / "group")
    assert [painting.name for painting in of_group.cropped] == [photograph.name]


def test_search_crops_as_attribute_does(small_index: PaintingIndex, work: Work, photograph: Path) -> None:
    def nearest(crop: str) -> Work:
        return small_index.works.get(small_index.search(photograph, 1, crop=crop)[1][0].tolist())[0]

    assert nearest("auto") == work
    with pytest.raises(InvalidValueError, match="crop is 'frame'"):
        small_index.search(photograph, crop="frame")


@pytest.mark.slow
def test_commands_say_what_they_cropped(
    small_index: PaintingIndex,
    photograph: Path,
    painted_originals: Path,
    work: Work,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(command: str, *words: object) -> str:
        main: Callable[..., int] = import_module(f"painter_search.{command}").main
        capsys.readouterr()
        assert main([str(word) for word in (*words, "--index", small_index.folder)]) == 0
        return capsys.readouterr().out

    page = tmp_path / "answer.html"
    assert "on-a-wall.png: cropped to the painting, " in run("query", photograph, "--page", page)
    assert "cropped to the painting, " in page.read_text(encoding="utf-8")
    assert "cropped" not in run("query", photograph, "--crop", "none")
    printed = json.loads(run("query", photograph, "--crop", "0.2,0.2,0.5,0.5", "--json"))
    crop: dict[str, Any] = printed["answers"][0]["crop"]
    assert crop["sentence"] == "cropped as given, 25 % of the photograph"
    assert crop["corners"] == [[0.2, 0.2], [0.7, 0.2], [0.7, 0.7], [0.2, 0.7]]
    original = painted_originals / work.file
    compared = run("compare", photograph, original, "--page", page)
    assert "on-a-wall.png: cropped to the painting, " in compared
    assert "Both files show the same picture." in compared
    assert "cropped to the painting, " in page.read_text(encoding="utf-8")
    values = json.loads(run("compare", photograph, original, "--json"))["comparison"]
    assert [painting["painting"] for painting in values["cropped"]] == ["on-a-wall.png"]
    assert "cropped" not in json.loads(run("compare", original, original, "--json"))["comparison"]


def test_photograph_of_a_work_is_a_second_copy_of_it_to_the_index(
    home: Path, work: Work, photograph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main: Callable[..., int] = import_module("painter_search.build-index").main
    assert main(["add", str(photograph), "--artist", work.artist, "--index", str(home), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["added"] == []
    assert "already in the index" in printed["left_out"][0]["reason"]
    words = ["add", str(photograph), "--artist", "Another Painter", "--index", str(home)]
    assert main(words) == 0
    assert "cropped to the painting, " in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_painting_is_compared_cropped_with_one_and_with_many(
    small_index: PaintingIndex, photograph: Path, painted_originals: Path
) -> None:
    pair = compare_paintings(small_index, photograph, sorted(painted_originals.iterdir())[1])
    assert isinstance(pair, PairComparison)
    assert [painting.name for painting in pair.cropped] == ["on-a-wall.png"]
    groups = compare_paintings(small_index, photograph, painted_originals)
    assert [painting.name for painting in groups.cropped] == ["on-a-wall.png"]
    assert [painting["painting"] for painting in groups.to_dict()["cropped"]] == ["on-a-wall.png"]
