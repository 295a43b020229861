"""Indexes are passed around: however one was altered, a query answers or refuses in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from harness import Killer
from tiny_world import paint_tiny_artists, save_tiny_encoder

from painter_search.common.errors import PainterSearchError
from painter_search.common.files.atomic_io import digest_file
from painter_search.encoder.config import EMBEDDING_SIZE
from painter_search.index.manifest import CURRENT, ENCODER, MANIFEST, THUMBNAILS, WORKS, digest_manifest
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store.base import VECTORS
from painter_search.index.vector_store.faiss_build import build_faiss, train
from painter_search.index.vector_store.faiss_file import read_faiss_file
from painter_search.index.vector_store.faiss_plan import SearchPlan

pytestmark = pytest.mark.faults

FILES = (MANIFEST, VECTORS, WORKS, THUMBNAILS, ENCODER)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Path:
    """An index of 18 tiny works, and a painting to ask about beside it."""
    world = tmp_path_factory.mktemp("sound")
    paint_tiny_artists(world / "artists", 6, 3)
    save_tiny_encoder(world / "encoder.safetensors")
    killer.complete(
        "build-index",
        "--folder",
        world / "artists",
        "--encoder",
        world / "encoder.safetensors",
        "--index",
        world / "index",
    )
    folder = world / "index" / (world / "index" / CURRENT).read_text().strip()
    shutil.copytree(folder, world / "sound")
    return world


def seal(folder: Path, **changes: Any) -> None:
    """Rewrite the manifest to match the files in the folder, as a forger would."""
    manifest = {**json.loads((folder / MANIFEST).read_text()), **changes}
    for name in manifest["files"]:
        manifest["files"][name] = {"size": (folder / name).stat().st_size, "sha256": digest_file(folder / name)}
    (folder / MANIFEST).write_text(json.dumps({**manifest, "digest": digest_manifest(manifest)}))


def altered(content: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """Damage the content of a file in one of many ways."""
    data = bytearray(content)
    way, position = rng.integers(8), int(rng.integers(len(data)))
    if way == 0:
        return bytes(data[:position])
    if way == 1:
        return bytes(data) + rng.bytes(int(rng.integers(1, 5000)))
    if way == 2:
        return others[rng.integers(len(others))]
    if way == 3:
        return b""
    if way == 4:  # numbers in a header that ask for more than there is
        position = int(rng.integers(min(200, len(data))))
        data[position : position + 8] = [b"\xff" * 8, b"\x00" * 8, b"\xff\xff\xff\xff\xff\xff\xff\x7f"][rng.integers(3)]
    elif way == 5:
        data[position : position + 64] = rng.bytes(64)
    else:
        for position in rng.integers(len(data) if way == 6 else min(100, len(data)), size=rng.integers(1, 64)):
            data[position] ^= 1 << rng.integers(8)
    return bytes(data)


@pytest.mark.slow
def test_query_survives_randomly_altered_indexes(sound: Path, killer: Killer, tmp_path: Path, long: bool) -> None:
    painting = next((sound / "artists").rglob("*.jpg"))
    contents = {name: (sound / "sound" / name).read_bytes() for name in FILES}
    baseline = killer.run("query", painting, "--index", sound / "sound", "--json")
    assert baseline["code"] == 0, baseline["stderr"]
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(1000 if long else 25):
        folder = tmp_path / str(number)
        shutil.copytree(sound / "sound", folder)
        name = FILES[number % len(FILES)]
        (folder / name).write_bytes(altered(contents[name], rng, list(contents.values())))
        if name != MANIFEST:
            seal(folder)
        done = killer.run("query", painting, "--index", folder, "--json", "--page", tmp_path / "page.html", seconds=60)
        what = (number, name, done["code"], done["stderr"])
        assert done["code"] in (0, 1), what
        assert "Traceback" not in done["stderr"], what
        assert done["megabytes"] < baseline["megabytes"] + 1000, what
        if done["code"]:
            assert len(done["stderr"].strip().splitlines()) == 1, what
            refused += 1
        shutil.rmtree(folder)
    assert refused > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_query_does_not_wait_for_a_pipe(sound: Path, killer: Killer, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(sound / "sound", tmp_path / "copy"))
    (folder / name).unlink()
    os.mkfifo(folder / name)
    painting = next((sound / "artists").rglob("*.jpg"))
    done = killer.run("query", painting, "--index", folder, "--json", seconds=60)
    assert done["code"] == 1, done
    assert len(done["stderr"].strip().splitlines()) == 1, done


@pytest.mark.slow
def test_commands_name_a_damaged_thumbnail(sound: Path, killer: Killer, tmp_path: Path) -> None:
    """Only the size of the file of thumbnails is checked on opening, as most answers need none."""
    folder = Path(shutil.copytree(sound / "sound", tmp_path / "index" / "copy"))
    with sqlite3.connect(folder / THUMBNAILS) as database:
        database.execute("UPDATE thumbnails SET jpeg = zeroblob(length(jpeg))")
    painting = next((sound / "artists").rglob("*.jpg"))
    for command in (["map"], ["audit"], ["query", painting, "--page", tmp_path / "page.html"]):
        done = killer.run(*command, "--index", folder)
        assert done["code"] == 1
        assert "is damaged; copy or make again" in done["stderr"].splitlines()[-1]
    assert killer.run("query", painting, "--index", folder)["code"] == 0


def remade(change: Callable[[Path], dict[str, Any] | None]) -> Callable[[Path, Path], Path]:
    def make(sound: Path, folder: Path) -> Path:
        shutil.copytree(sound / "sound", folder)
        seal(folder, **(change(folder) or {}))
        return folder

    return make


def _sql(script: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with sqlite3.connect(folder / WORKS) as database:
            database.executescript(script)

    return change


def _fewer_vectors(folder: Path) -> None:
    build_faiss(np.zeros((3, EMBEDDING_SIZE), np.float32), folder, True, "8GB", 0.95)


def _another_kind_of_vectors(folder: Path) -> None:
    faiss.write_index(faiss.IndexHNSWFlat(EMBEDDING_SIZE, 8), str(folder / VECTORS))


def _another_encoder(folder: Path) -> None:
    (folder / ENCODER).write_bytes(b"\x08\x07" + b"no network")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_sql("DROP TABLE works; CREATE VIEW works AS SELECT 1 AS id, 'x' AS artist"), "works.sqlite is damaged"),
        (_sql("ALTER TABLE works ADD COLUMN more AS (hex(zeroblob(1000000)))"), "works.sqlite is damaged"),
        (_sql("DELETE FROM works WHERE id = 3"), "vectors of other works than it lists"),
        (_sql("UPDATE works SET fingerprint = 'x' WHERE id = 2"), "without a whole fingerprint"),
        (_sql("UPDATE works SET isolation = 'x' WHERE id = 2"), "without its isolation"),
        (_sql("ALTER TABLE works RENAME COLUMN artist TO painter"), "works.sqlite is damaged"),
        (_fewer_vectors, "vectors of other works than it lists"),
        (_another_kind_of_vectors, "not a file of vectors that can be read safely"),
        (_another_encoder, "not an encoder that can be read"),
        (
            lambda _: {"search": {"name": "approximate", "cells": 4, "probes": 2}},
            "is not searched as its manifest says",
        ),
        (lambda _: {"search": {"name": "approximate", "cells": 4, "probes": 2**62}}, "under 'search'"),
        (lambda _: {"search": {"name": "exact", "more": 1}}, "under 'search'"),
        (lambda _: {"encoder": {"backbone": 3}}, "under 'encoder'"),
        (lambda _: {"encoder": {"img_size": 2**40}}, "under 'encoder'"),
        (lambda _: {"encoder": {"stages": 5}}, "under 'encoder'"),
        (lambda _: {"encoder": {"mean": [0, 0]}}, "under 'encoder'"),
        (lambda _: {"encoder": {"invented_later": True}}, "under 'encoder'"),
        (lambda _: {"typical": "far"}, "under 'typical'"),
        (lambda _: {"confidence": {"sure": "very"}}, "under 'confidence'"),
        (lambda _: {"framing": "huge"}, "under 'framing'"),
        (lambda _: {"works": "<b>"}, "under 'works'"),
        (lambda _: {"works": 7}, "vectors of other works than it lists"),
        (lambda _: {"collections": "abc"}, "under 'collections'"),
        (lambda _: {"format": 0}, "has format 0"),
        (lambda _: {"format": 99}, "has format 99"),
    ],
)
def test_attribute_refuses_a_forged_index(sound: Path, tmp_path: Path, change: Callable, sentence: str) -> None:
    folder = remade(change)(sound, tmp_path / "copy")
    with pytest.raises(PainterSearchError, match=sentence):
        ask(folder, next((sound / "artists").rglob("*.jpg")))


def ask(folder: Path, painting: Path) -> None:
    from painter_search.attribution.attribute import attribute

    attribute(PaintingIndex.load(folder), [painting])


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "sub/file"])
def test_load_refuses_a_manifest_with_files_outside_its_folder(sound: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(sound / "sound", tmp_path / "copy"))
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = {"size": 1, "sha256": "0"}
    (folder / MANIFEST).write_text(json.dumps({**manifest, "digest": digest_manifest(manifest)}))
    with pytest.raises(PainterSearchError, match="no index has"):
        PaintingIndex.load(folder)


def faiss_files(tmp_path: Path) -> Iterator[tuple[bytes, Any]]:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 8)).astype(np.float32)
    build_faiss(vectors, tmp_path, True, "8GB", 0.95)
    yield (tmp_path / VECTORS).read_bytes(), vectors
    for count in (300, 3):  # lists stored in full, and, most of them empty, sparsely
        inverted = faiss.IndexIVFFlat(faiss.IndexFlatL2(8), 8, 16)
        inverted.cp.min_points_per_centroid = 1
        inverted.train(vectors)
        inverted.add_with_ids(vectors[:count], np.arange(1, count + 1))
        yield faiss.serialize_index(inverted).tobytes(), vectors[:count]
    for codes in ("sq8", "pq"):
        coded = train(vectors, SearchPlan(codes, 4))
        coded.add_with_ids(vectors, np.arange(1, len(vectors) + 1))
        yield faiss.serialize_index(coded).tobytes(), vectors


@pytest.mark.slow
def test_read_faiss_file_refuses_lengths_that_do_not_fit_the_file(tmp_path: Path, long: bool) -> None:
    for content, vectors in faiss_files(tmp_path):
        path = tmp_path / "vectors.faiss"
        path.write_bytes(content)
        assert read_faiss_file(path).ntotal == len(vectors)
        for position in range(0, min(len(content), 400), 1 if long else 3):
            for value in (b"\xff" * 8, b"\xff" * 7 + b"\x7f", b"\x00" * 8, b"\x00\x00\x00\x40\x00\x00\x00\x00"):
                damaged = (content[:position] + value + content[position + 8 :])[: len(content)]
                path.write_bytes(damaged)
                try:
                    read = read_faiss_file(path)
                except PainterSearchError:
                    continue
                assert read.ntotal == len(vectors)
                assert read.d == 8
        for cut in (0, 3, 4, 30, 80, len(content) - 1):
            path.write_bytes(content[:cut])
            with pytest.raises(PainterSearchError, match="not a file of vectors"):
                read_faiss_file(path)
        path.write_bytes(content + b"\x00")
        with pytest.raises(PainterSearchError, match="not a file of vectors"):
            read_faiss_file(path)
