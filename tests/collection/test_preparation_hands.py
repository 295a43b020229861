"""What preparation makes of artist fields that are no one artist's name, and of several spellings of a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from preparing import WriteArtists, rejected_of

from painter_search.collection.collection import Collection, read_clean
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import NotEnoughDataError
from painter_search.display.console.collection import show_collection

FOLDERS = {
    "Unknown": 3, "Anonymous": 2, "Goya": 3, "Goya (workshop of)": 2, "Vincent van Gogh": 3, "Vincent_van_Gogh": 2,
    "Titian": 2, "Ada": 2,
}  # fmt: skip


@pytest.fixture
def museum(tmp_path: Path, write_artists: WriteArtists) -> Path:
    """A folder of artists, with two of nobody, a workshop, and one artist under two spellings."""
    write_artists(tmp_path / "museum", FOLDERS)
    return tmp_path / "museum"


def artists_of(collection: Collection, split: str) -> set[str]:
    return {work.artist for work in collection.works(split)}  # type: ignore[arg-type]


def test_prepare_collection_leaves_out_hands_that_are_no_artists(
    museum: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collection = prepare_collection(PrepareConfig(folder=museum, out=tmp_path / "data", workers=1, test_share=0.5))
    said = capsys.readouterr().err
    assert "Unknown (3), Anonymous (2), Goya (workshop of) (2)" in said.replace("\n", " ")
    assert artists_of(collection, "all") == {"Goya", "Vincent van Gogh", "Titian", "Ada"}
    assert len(artists_of(collection, "test")) == 2
    assert sum(work.artist == "Vincent van Gogh" for work in collection.works("all")) == 5
    assert set(rejected_of(collection).values()) == {
        "by no named artist: Unknown", "by no named artist: Anonymous", "by a hand near an artist: Goya (workshop of)"
    }  # fmt: skip
    assert collection.summary["rejected"] == {"by a hand near an artist": 2, "by no named artist": 5}
    assert collection.summary["spellings"] == {"Vincent van Gogh": ["Vincent_van_Gogh"]}
    suspicious = read_clean(collection.folder / "suspicious_artists.csv")
    assert dict(zip(suspicious["artist"], suspicious["reason"], strict=True)) == {
        "Anonymous": "no named artist", "Goya (workshop of)": "workshop of Goya", "Unknown": "no named artist"
    }  # fmt: skip
    assert len(list((collection.folder / "frames").iterdir())) == 12
    show_collection(collection)
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Left out: by no named artist (5); by a hand near an artist (2)." in said


@pytest.mark.parametrize("seed", range(3))
def test_prepare_collection_keeps_uncertain_hands_on_the_artists_side(museum: Path, tmp_path: Path, seed: int) -> None:
    settings = PrepareConfig(
        folder=museum, out=tmp_path / "data", workers=1, test_share=0.5, keep_uncertain=True, random_state=seed
    )
    collection = prepare_collection(settings)
    assert artists_of(collection, "all") == set(FOLDERS) - {"Vincent_van_Gogh"}
    for split in ("train", "test"):
        assert ("Goya" in artists_of(collection, split)) == ("Goya (workshop of)" in artists_of(collection, split))
    assert collection.summary["config"]["keep_uncertain"] is True
    assert rejected_of(collection) == {}


def test_prepare_collection_of_nobody_says_how_to_keep_it(tmp_path: Path, write_artists: WriteArtists) -> None:
    write_artists(tmp_path / "museum", {"Unknown": 2, "Anonymous": 2})
    with pytest.raises(NotEnoughDataError, match="none of the 4 works names one artist; keep_uncertain"):
        prepare_collection(PrepareConfig(folder=tmp_path / "museum", out=tmp_path / "data", workers=1))


def test_prepare_collection_counts_dates_that_it_cannot_read(tmp_path: Path, write_artists: WriteArtists) -> None:
    files = write_artists(tmp_path / "scans", {"Goya": 2, "Titian": 2})
    rows = [
        f"{path.parent.name},{path.name},{date}" for path, date in zip(files, ["rver", "1889", "n.d.", ""], strict=True)
    ]
    (tmp_path / "list.csv").write_text("\n".join(["artist,new_filename,date", *rows]) + "\n", encoding="utf-8")
    collection = prepare_collection(
        PrepareConfig(
            catalogue=(tmp_path / "list.csv",), originals=(tmp_path / "scans",), out=tmp_path / "data", workers=1
        )
    )
    assert collection.summary["unreadable_dates"] == 1
    assert "spellings" not in collection.summary
    assert "keep_uncertain" not in collection.summary["config"]
