"""Fixtures for tests of preparation: originals with a catalogue, interruptions, and the files a run leaves."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS
from painter_search.collection.collection import Collection, read_clean
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.images import decode_pool
from painter_search.images.decode_pool import FramingJob, FramingResult

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
WriteArtists = Callable[..., list[Path]]

ARTISTS = {"ann": 10, "bob": 4, "cy": 3, "dee": 2, "eve": 11, "flo": 3, "gus": 1, "hal": 4}
TRAINED = {"ann", "bob", "cy", "dee", "gus"}
SHARED = {"hal"}


def tree(folder: Path) -> dict[str, bytes]:
    """Content of every file in a folder, by its path inside."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[str]:
    """Names of hidden files and folders, which a finished run does not leave."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def rejected_of(collection: Collection) -> dict[str, str]:
    """The reason for each file in `rejected.csv`."""
    table = read_clean(collection.folder / "rejected.csv")
    return dict(zip(table["file"], table["reason"], strict=True))


class Source:
    """A folder of originals and a catalogue of their artists."""

    def __init__(self, folder: Path, write_artists: WriteArtists, numbers: Mapping[str, int] = ARTISTS) -> None:
        self.originals = folder / "originals"
        self.rows: list[dict[str, str]] = []
        for index, path in enumerate(write_artists(self.originals, numbers)):
            artist = path.parent.name
            in_train = artist in TRAINED or (artist in SHARED and index % 2 == 0)
            self.add(artist, path.name, in_train, title=f"No {index}")
        self.catalogue = folder / "all_data_info.csv"

    def add(self, artist: str, file: str, in_train: bool, title: str = "") -> None:
        row = dict.fromkeys([*CLEAN_COLUMNS, "artist_group"], "")
        self.rows.append({**row, "artist": artist, "new_filename": file, "in_train": str(in_train), "title": title})

    def config(self, out: Path, **settings: object) -> PrepareConfig:
        pd.DataFrame(self.rows).to_csv(self.catalogue, index=False, quoting=csv.QUOTE_ALL)
        return replace(
            PrepareConfig(catalogue=(self.catalogue,), originals=(self.originals,), out=out, workers=1),
            **settings,  # type: ignore[arg-type]
        )


class Killed(BaseException):
    """Stands in for a kill of the process."""


def stop_after(count: int, done: list[str]) -> Callable[[FramingJob], FramingResult]:
    """A `frame_to_disk` that raises `Killed` after `count` files, and adds the framed ones to `done`."""
    real = decode_pool.frame_to_disk

    def frame(job: FramingJob) -> FramingResult:
        if len(done) == count:
            raise Killed
        done.append(job.file)
        return real(job)

    return frame


def interrupt(config: PrepareConfig, monkeypatch: pytest.MonkeyPatch, after: int = 20) -> Path:
    """Prepare until `after` files are framed; returns the staging folder."""
    with monkeypatch.context() as patched:
        patched.setattr(decode_pool, "frame_to_disk", stop_after(after, []))
        with pytest.raises(Killed):
            prepare_collection(config)
    return config.out.with_name(f".{config.out.name}.partial")


@pytest.fixture
def source(tmp_path: Path, write_artists: WriteArtists) -> Source:
    """38 originals by eight artists, with a catalogue."""
    return Source(tmp_path / "source", write_artists)


@pytest.fixture
def folder(tmp_path: Path, write_artists: WriteArtists) -> Path:
    """A folder of artists without a catalogue."""
    write_artists(tmp_path / "mine", {"ann": 3, "bob": 9, "cy": 2, "dee": 1, "eve": 3})
    return tmp_path / "mine"
