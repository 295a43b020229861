"""Hostile and careless archives and catalogues: a clear rule for each, and no file outside `--out`."""

from __future__ import annotations

import csv
import io
import os
import struct
import sys
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from harness import Killer, digests
from hostile_images import seeds, zipped_zeros
from hypothesis import given, settings
from hypothesis import strategies as st
from preparing import rejected_of

from painter_search.collection.catalogues.catalogue import read_catalogue
from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import PainterSearchError, UnreadableImageError
from painter_search.images.sources import list_originals, read_original

pytestmark = pytest.mark.faults

GOOD = seeds()[0][1]
ARTISTS = ("ann", "bob", "cy", "dee")


def write_catalogue(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["artist", "title", "new_filename"], *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def plain_rows() -> list[list[str]]:
    return [[artist, f"No. {work}", f"{artist}{work}.jpg"] for artist in ARTISTS for work in range(2)]


def prepared(tmp_path: Path, catalogue: Path, originals: Path) -> Collection:
    return prepare_collection(
        PrepareConfig(catalogue=(catalogue,), originals=(originals,), out=tmp_path / "data", name="x", workers=1)
    )


def test_prepare_takes_members_with_paths_by_their_name_alone(tmp_path: Path) -> None:
    world = tmp_path / "deep" / "world"
    world.mkdir(parents=True)
    names = ["../../up.jpg", "/absolute.jpg", "..\\..\\windows.jpg", "a/../../../b.jpg", "C:\\drive.jpg", "sub/in.jpg"]
    rows = plain_rows() + [["eve", "", name.replace("\\", "/").rsplit("/", 1)[-1]] for name in names]
    with zipfile.ZipFile(world / "o.zip", "w") as archive:
        for name in [row[2] for row in plain_rows()] + names:
            archive.writestr(name, GOOD)
    before = set(digests(tmp_path))
    collection = prepared(world, write_catalogue(world / "info.csv", rows), world / "o.zip")
    new = set(digests(tmp_path)) - before
    assert all(name.startswith("deep/world/data/") for name in new - {"deep/world/info.csv"})
    files = {work.file for work in collection.works("all") if work.artist == "eve"}
    assert files == {"up.jpg", "absolute.jpg", "windows.jpg", "b.jpg", "drive.jpg", "in.jpg"}
    assert not Path("/absolute.jpg").exists()


def test_prepare_rejects_repeated_names_nested_archives_and_links(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("cy1.jpg")
    link.external_attr = 0o120777 << 16
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as inner:
        inner.writestr("dee1.jpg", GOOD)
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "o.zip", "w") as archive:
        warnings.simplefilter("ignore")
        for row in plain_rows():
            if row[2] not in ("cy1.jpg", "dee1.jpg", "bob1.jpg"):
                archive.writestr(row[2], GOOD)
        archive.writestr("ann0.jpg", b"another")
        archive.writestr("elsewhere/ann1.jpg", GOOD)
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", nested.getvalue())
        archive.writestr("dee1.jpg", nested.getvalue())
        archive.writestr("bob1.jpg", zipped_zeros(50_000_000))
    found = rejected_of(prepared(tmp_path, write_catalogue(tmp_path / "info.csv", plain_rows()), tmp_path / "o.zip"))
    assert found["elsewhere/ann1.jpg"] == "another file of this name was taken: ann1.jpg"
    assert found["inner.zip"] == "not in the catalogue"
    assert found["cy1.jpg"] == "a text file, not an image"
    assert found["dee1.jpg"] == found["bob1.jpg"] == "an archive, not an image; unpack it"


@pytest.mark.parametrize("way", ["sizes", "directory"])
def test_read_original_refuses_members_of_a_lying_archive(tmp_path: Path, way: str, long: bool) -> None:
    with zipfile.ZipFile(tmp_path / "sound.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            archive.writestr(name, GOOD)
    content = (tmp_path / "sound.zip").read_bytes()
    directory = content.index(b"PK\x01\x02")
    rng = np.random.default_rng(0)
    path = tmp_path / "lying.zip"
    attempts, read, refused = 2000 if long else 200, Counter[str](), Counter[str]()
    for _ in range(attempts):
        data = bytearray(content)
        if way == "sizes":  # compressed and real size of the first member, in the central directory
            data[directory + 20 : directory + 28] = struct.pack("<II", *rng.integers(0, 2**32, 2, dtype=np.uint64))
        else:
            for position in rng.integers(directory, len(data), size=rng.integers(1, 8)):
                data[position] = rng.integers(256)
        path.write_bytes(bytes(data))
        try:
            originals = list_originals([path])
        except PainterSearchError:
            refused["archive"] += 1
            continue
        for original in originals:
            try:
                assert read_original(original) == GOOD
                read[original.file] += 1
            except UnreadableImageError:  # and nothing else
                refused[original.file] += 1
    if way == "sizes":
        assert read["b.jpg"] == read["c.jpg"] == attempts
        assert list(refused) == ["a.jpg"]
        assert refused["a.jpg"] > attempts / 2
    else:
        assert refused["archive"] > 0
        assert all(read[name] > refused[name] > 0 for name in ("a.jpg", "b.jpg", "c.jpg"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_read_catalogue_reads_several_lines_and_every_encoding(encoding: str, tmp_path: Path) -> None:
    rows = [*plain_rows(), ["Jürg", 'two\nlines, and a "quote"', "j.jpg"], ["Jürg", "plain", "k.jpg"]]
    catalogue = read_catalogue([write_catalogue(tmp_path / "info.csv", rows, encoding)], 0.4, 42).table
    assert list(catalogue["artist"][-2:]) == ["Jürg", "Jürg"]
    assert list(catalogue["title"][-2:]) == ['two\nlines, and a "quote"', "plain"]


def test_prepare_takes_no_file_outside_the_originals(tmp_path: Path) -> None:
    (tmp_path / "originals").mkdir()
    for row in plain_rows():
        (tmp_path / "originals" / row[2]).write_bytes(GOOD)
    (tmp_path / "outside.jpg").write_bytes(GOOD)
    rows = [*plain_rows(), ["eve", "", "../outside.jpg"], ["eve", "", str(tmp_path / "outside.jpg")]]
    collection = prepared(tmp_path, write_catalogue(tmp_path / "info.csv", rows), tmp_path / "originals")
    assert rejected_of(collection)["../outside.jpg"] == "missing from the originals"
    assert "eve" not in {work.artist for work in collection.works("all")}


@settings(max_examples=150)
@given(st.binary(max_size=300))
@pytest.mark.slow
def test_read_catalogue_reads_any_bytes_or_refuses_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"artist,new_filename,in_train\n" + data if len(data) % 2 else data)
    try:
        catalogue, refusal = read_catalogue([path], 0.4, 42).table, ""
    except PainterSearchError as error:
        catalogue, refusal = None, str(error)
    assert not {"\n", "\r"} & set(refusal)
    assert catalogue is None or catalogue["in_train"].dtype == bool


@pytest.mark.slow
def test_prepare_bears_a_catalogue_of_a_million_rows(tmp_path: Path, killer: Killer, long: bool) -> None:
    if not long:
        pytest.skip("with --long")
    rows = [[f"artist {number % 100_000}", "x" * 20, f"{number}.jpg"] for number in range(1_000_000)]
    (tmp_path / "originals").mkdir()
    for number in (*range(5), *range(100_000, 100_005)):
        (tmp_path / "originals" / f"{number}.jpg").write_bytes(GOOD)
    write_catalogue(tmp_path / "info.csv", rows)
    baseline = killer.complete("prepare", "--help")
    words = ("--catalogue", tmp_path / "info.csv", "--originals", tmp_path / "originals", "--out", tmp_path / "data")
    done = killer.complete("prepare", *words, "--workers", 1)
    assert len(Collection.open(tmp_path / "data").works("all")) == 10
    print(f"a million rows: {done['megabytes'] - baseline['megabytes']} MB, {done['seconds']:.0f} s", file=sys.stderr)
    assert done["megabytes"] < baseline["megabytes"] + 4000


def test_prepare_never_unpacks_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "o.zip", "w") as archive:
        for row in plain_rows():
            archive.writestr(row[2], GOOD)
    prepared(tmp_path, write_catalogue(tmp_path / "info.csv", plain_rows()), tmp_path / "o.zip")
    assert sorted(os.listdir(tmp_path)) == ["data", "info.csv", "o.zip"]
