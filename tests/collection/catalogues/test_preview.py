"""What is read as an artist is shown before anything is built on it; where it is not certain, the command asks."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from tiny_world import paint_tiny, paint_tiny_artists, save_tiny_encoder

from painter_search.collection.catalogues.preview import Preview
from painter_search.prepare import main as prepare

PARTS = ("train/Monet", "train/Titian", "test/Monet", "test/Degas")


def paint(folder: Path, *files: str) -> Path:
    for seed, file in enumerate(files):
        paint_tiny(folder / file, seed)
    return folder


def test_preview_is_one_paragraph() -> None:
    artists = {f"Artist {number}": 1000 - number for number in range(10)}
    preview = Preview(artists, "folder names at level 2", "any/artist", ("a remark", "The end.", "Monet_1 is read"))
    assert str(preview) == (
        "10 artists, from folder names at level 2 (--layout any/artist): Artist 0 (1,000), Artist 1 (999), "
        "Artist 2 (998), Artist 3 (997), Artist 4 (996), Artist 5 (995), Artist 6 (994), Artist 7 (993), …. A remark. "
        "The end. Monet_1 is read."
    )
    assert str(Preview({"Ek": 1}, "the catalogue c.csv")) == "1 artist, from the catalogue c.csv: Ek (1)."


def test_prepare_shows_artists_before_it_reads_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in PARTS:
        (tmp_path / "set" / folder).mkdir(parents=True)
        (tmp_path / "set" / folder / "1.jpg").write_text("no picture")
    assert prepare(["--folder", str(tmp_path / "set"), "--out", str(tmp_path / "data"), "--workers", "1"]) == 1
    shown, failure = capsys.readouterr().err.split("painter_search: ")
    assert shown.startswith("3 artists, from folder names at level 2 (--layout part/artist): Monet (2), ")
    assert "1 artist is in test and in another part (Monet)" in shown
    assert "is a readable image, e.g. test/Degas/1.jpg: a text file, not an image." in failure


def test_prepare_prints_artists_read_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = paint(tmp_path / "set", *(f"{part}/{number}.jpg" for part in PARTS for number in range(2)))
    flags = ["--folder", str(folder), "--out", str(tmp_path / "data"), "--workers", "1", "--json"]
    for _ in ("prepared", "already prepared"):
        assert prepare(flags) == 0
        printed = json.loads(capsys.readouterr().out)
        assert printed["artists_read"]["artists"] == {"Monet": 4, "Degas": 2, "Titian": 2}
        assert printed["artists_read"]["from"] == "folder names at level 2"
        assert printed["artists_read"]["layout"] == "part/artist"
        assert len(printed["artists_read"]["remarks"]) == 2
    assert "artists_read" not in json.loads((tmp_path / "data" / "prepare.json").read_text())


def test_prepare_shows_artists_of_catalogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paint(tmp_path / "scans", "1.jpg", "2.jpg")
    (tmp_path / "works.csv").write_text("artist,new_filename\nEk,1.jpg\nEk,2.jpg\n")
    flags = ["--catalogue", tmp_path / "works.csv", "--originals", tmp_path / "scans", "--out", tmp_path / "data"]
    assert prepare([*map(str, flags), "--workers", "1"]) == 0
    assert capsys.readouterr().err.startswith("1 artist, from the column artist of works.csv: Ek (2).")


def test_prepare_asks_and_takes_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = paint(tmp_path / "set", "Rossi/Barche/1.jpg", "Rossi/Barche/2.jpg", "Ek/Hus/1.jpg", "Ek/Hus/2.jpg")
    flags = ["--folder", str(folder), "--out", str(tmp_path / "data"), "--workers", "1"]
    assert prepare(flags) == 2
    question = capsys.readouterr().err
    assert f"the artists in {folder} may be the folders of level 1 (Ek, Rossi) or of level 2 (Barche, Hus)" in question
    assert not (tmp_path / "data").exists()
    assert prepare([*flags, "--layout", "artist"]) == 0
    assert "2 artists, from folder names at level 1 (--layout artist): Ek (2), Rossi (2)." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--layout", "artist"], "--layout applies to --folder"),
        (["--folder", "set", "--layout", "artits"], "--layout artits has 'artits', which is none of its words"),
    ],
)
def test_prepare_refuses_misused_layout(flags: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(flags) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_build_index_shows_artists_of_folder_and_of_additions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_index = importlib.import_module("painter_search.build-index").main
    encoder = save_tiny_encoder(tmp_path / "encoder.safetensors")
    paint_tiny_artists(tmp_path / "my-paintings" / "all", 2, 2)
    index = ["--index", str(tmp_path / "index"), "--json"]
    built = ["--folder", str(tmp_path / "my-paintings"), "--encoder", str(encoder), "--device", "cpu", *index]
    assert build_index(built) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["artists_read"]["artists"] == {"Artist 00": 2, "Artist 01": 2}
    assert "2 artists, from folder names at level 2 (--layout any/artist): Artist 00 (2)" in printed.err
    new = paint(tmp_path / "new", "Rossi/Barche/7.jpg", "1889/8.jpg")
    assert build_index(["add", str(new), *index]) == 2
    assert "if all of it is by one artist, add --artist NAME" in capsys.readouterr().err
    for flags, source in ((["--artist", "Eva Ek"], "--artist"), (["--layout", "artist"], "folder names at level 1")):
        assert build_index(["add", str(new), *flags, *index]) == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out)["artists_read"]["from"] == source
        assert f"from {source}" in printed.err
