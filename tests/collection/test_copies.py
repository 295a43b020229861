"""Several files of one picture in an artist's folder count once; different pictures are never taken for one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from planted_copies import COPIES, encoded
from preparing import Source, WriteArtists, rejected_of
from tiny_world import save_tiny_encoder

from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import NotEnoughDataError
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex

Paint = Callable[..., Image.Image]
COPY = "the same picture as another file of the artist"


def prepare(folder: Path, **settings: object) -> Collection:
    config = PrepareConfig(folder=folder, out=folder.with_name("data"), test_share=1.0, workers=1)
    return prepare_collection(replace(config, **settings))  # type: ignore[arg-type]


def works_of(collection: Collection) -> list[str]:
    return [work.file for work in collection.works("all")]


@pytest.fixture
def artists(tmp_path: Path, write_artists: WriteArtists) -> Path:
    """Two artists with three pictures each."""
    write_artists(tmp_path / "artists", {"ann": 3, "bob": 3})
    return tmp_path / "artists"


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_copies_of_one_picture_count_once_and_the_largest_is_kept(
    framing: str, tmp_path: Path, paint: Paint, write_artists: WriteArtists
) -> None:
    folder = tmp_path / "artists"
    write_artists(folder, {"ann": 3, "bob": 3})
    picture = paint(50, 600, 450)
    (folder / "ann" / "small").mkdir()
    picture.save(folder / "ann" / "water lilies.png")
    picture.save(folder / "ann" / "a re-saved one.jpg", quality=40)
    picture.resize((300, 225)).save(folder / "ann" / "small" / "water lilies.jpg")
    shutil.copy(folder / "bob" / "0004.jpg", folder / "bob" / "0004 (2).jpg")
    shutil.copy(folder / "bob" / "0004.jpg", folder / "bob" / "Copy of 0004.jpg")
    prepared = prepare(folder, framing=framing)
    lilies, other = f"{COPY}: ann/water lilies.png", f"{COPY}: bob/0004.jpg"
    assert rejected_of(prepared) == {
        "ann/a re-saved one.jpg": lilies,
        "ann/small/water lilies.jpg": lilies,
        "bob/0004 (2).jpg": other,
        "bob/Copy of 0004.jpg": other,
    }
    assert len(works_of(prepared)) == 7
    assert prepared.summary["rejected"] == {COPY: 4}
    assert len(list((prepared.folder / "frames").iterdir())) == 7


@pytest.mark.parametrize("kind", [kind for kind in COPIES if kind not in ("re-encoded", "halved")])
def test_pictures_that_differ_at_all_are_kept(kind: str, artists: Path, paint: Paint) -> None:
    picture = paint(50, 300, 240)
    picture.save(artists / "ann" / "one.png")
    COPIES[kind](picture, np.random.default_rng(1)).save(artists / "ann" / "other.png")
    assert len(works_of(prepare(artists))) == 8


def test_blank_pictures_are_copies_only_byte_for_byte(artists: Path) -> None:
    for number, value in enumerate((200, 201, 202)):
        monochrome = Image.new("RGB", (100, 100), (value, value, value))
        monochrome.putpixel((0, 0), (0, 0, 0))  # a picture of one colour all over is refused
        monochrome.save(artists / "ann" / f"monochrome {number}.png")
    shutil.copy(artists / "ann" / "monochrome 1.png", artists / "ann" / "monochrome 1 (1).png")
    assert rejected_of(prepare(artists)) == {"ann/monochrome 1 (1).png": f"{COPY}: ann/monochrome 1.png"}


def test_one_file_under_two_artists_stays_with_neither(artists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(artists / "ann" / "0000.jpg", artists / "bob" / "same.jpg")
    prepared = prepare(artists)
    assert len(works_of(prepared)) == 5
    assert rejected_of(prepared) == {
        "ann/0000.jpg": "the same file as another artist's: bob/same.jpg",
        "bob/same.jpg": "the same file as another artist's: ann/0000.jpg",
    }
    said = " ".join(capsys.readouterr().err.split())
    assert "2 files lie byte for byte under another artist too, e.g. ann/0000.jpg and bob/same.jpg" in said


def test_files_that_all_lie_under_two_artists_are_refused(artists: Path) -> None:
    shutil.rmtree(artists / "bob")
    shutil.copytree(artists / "ann", artists / "bob")
    with pytest.raises(NotEnoughDataError, match="lies under several artists"):
        prepare(artists)


def test_one_picture_in_different_files_of_two_artists_stays_with_both(artists: Path) -> None:
    with Image.open(artists / "ann" / "0000.jpg") as picture:
        picture.save(artists / "bob" / "same.png")
    assert len(works_of(prepare(artists))) == 7


def test_artist_with_one_picture_in_many_files_has_one_work(artists: Path, paint: Paint) -> None:
    (artists / "cy").mkdir()
    for quality in (30, 60, 90):
        encoded(paint(70), quality).save(artists / "cy" / f"{quality}.png")
    shutil.copytree(artists, artists.with_name("others") / "artists")
    assert sum(file.startswith("cy/") for file in works_of(prepare(artists))) == 1
    divided = prepare(artists.with_name("others") / "artists", test_share=0.4)
    assert not any(file.startswith("cy/") for file in works_of(divided))


def test_works_that_a_catalogue_lists_are_kept(source: Source, tmp_path: Path) -> None:
    picture = next(source.originals.rglob("*.jpg"))
    shutil.copy(picture, picture.with_name("again.jpg"))
    source.add(picture.parent.name, "again.jpg", in_train=picture.parent.name != "eve")
    prepared = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert {picture.name, "again.jpg"} <= set(works_of(prepared))


@pytest.mark.slow
def test_index_of_folder_has_one_work_of_each_picture(artists: Path, tmp_path: Path) -> None:
    for number in range(2, 9):
        shutil.copy(artists / "ann" / "0001.jpg", artists / "ann" / f"0001 ({number}).jpg")
    encoder = str(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    index = PaintingIndex.build(
        BuildIndexConfig(folder=artists, encoder=encoder, index=tmp_path / "index", device="cpu")
    )
    assert len(index) == 6
    rejected = (index.folder / "rejected.csv").read_text(encoding="utf-8")
    assert rejected.count(f"{COPY}: ann/0001.jpg") == 7
