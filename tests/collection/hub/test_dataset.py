"""Data sets of pictures in the formats of the Hugging Face hub: read from disk, row by row, and fetched from a stand-in
of the hub."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from preparing import interrupt, leftovers, rejected_of, tree
from pyarrow import parquet

from painter_search.collection.catalogues.inputs import read_inputs
from painter_search.collection.config import PrepareConfig
from painter_search.collection.hub.dataset import read_hub_dataset
from painter_search.collection.hub.shards import split_of
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    MissingPackageError,
    NotEnoughDataError,
    NotFoundError,
    PainterSearchError,
    UnreachableError,
    UnreadableImageError,
)
from painter_search.images.sources import read_original

NAMES = ["Albrecht Dürer", "Claude Monet", "Titian", "Vincent van Gogh"]
FEATURES: dict[str, Any] = {
    "image": {"_type": "Image"},
    "artist": {"names": NAMES, "_type": "ClassLabel"},
    "style": {"names": ["Baroque", "Impressionism"], "_type": "ClassLabel"},
}
PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def picture(seed: int) -> bytes:
    patches = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(patches).resize((40, 40 + seed % 5), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def table(artists: Sequence[int | None], first: int = 0, paths: bool = False, described: bool = True) -> pa.Table:
    """A table as `datasets` writes it: a picture, an artist and a style in each row."""
    rows = range(first, first + len(artists))
    metadata = {"huggingface": json.dumps({"info": {"features": FEATURES}})} if described else None
    schema = pa.schema({"image": PICTURE, "artist": pa.int64(), "style": pa.int64()}, metadata=metadata)
    pictures = [{"bytes": picture(row), "path": f"some/where/{row}.jpg" if paths else None} for row in rows]
    columns = {"image": pictures, "artist": list(artists), "style": [row % 2 for row in rows]}
    return pa.table(columns, schema)


def write_arrow(path: Path, content: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, content.schema) as writer:
        writer.write_table(content, max_chunksize=5)


def write_parquet(path: Path, content: pa.Table, **settings: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(content, path, row_group_size=5, **settings)


TRAIN, TEST = [0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1], [2, 2, 3, 3, 2, 3]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a data set: two Parquet files of training works, one of test works by other artists."""
    write_parquet(tmp_path / "art" / "data" / "train-00000-of-00002.parquet", table(TRAIN[:7]))
    write_parquet(tmp_path / "art" / "data" / "train-00001-of-00002.parquet", table(TRAIN[7:], first=7))
    write_parquet(tmp_path / "art" / "data" / "test-00000-of-00001.parquet", table(TEST, first=12))
    return tmp_path / "art"


def saved_by_datasets(folder: Path) -> Path:
    """What `DatasetDict.save_to_disk` writes."""
    for split, content in (("train", table(TRAIN)), ("test", table(TEST, first=12))):
        write_arrow(folder / split / "data-00000-of-00001.arrow", content)
        (folder / split / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
        (folder / split / "state.json").write_text('{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}')
        write_arrow(folder / split / "cache-1f2e.arrow", content)
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    return folder


def config(source: object, out: Path, **settings: Any) -> PrepareConfig:
    return PrepareConfig(from_hub=str(source), out=out, workers=1, **settings)


@pytest.mark.parametrize("form", ["clone", "saved", "cached", "compressed"])
def test_prepare_from_hub_keeps_disjoint_splits_and_names_of_labels(form: str, clone: Path, tmp_path: Path) -> None:
    source = clone
    if form == "saved":
        source = saved_by_datasets(tmp_path / "saved" / "art")
    elif form == "cached":
        source = tmp_path / "cached" / "art"
        write_arrow(source / "art-train.arrow", table(TRAIN))
        write_arrow(source / "art-test.arrow", table(TEST, first=12))
    elif form == "compressed":
        source = tmp_path / "zstd" / "art"
        write_parquet(source / "train" / "0000.parquet", table(TRAIN), compression="zstd")
        write_parquet(source / "test" / "0000.parquet", table(TEST, first=12), compression="snappy")
    collection = prepare_collection(config(source, tmp_path / "data", max_works="all"))
    assert collection.name == "art"
    assert {work.artist for work in collection.works("train")} == set(NAMES[:2])
    assert {work.artist for work in collection.works("test")} == set(NAMES[2:])
    assert (len(collection.works("train")), len(collection.works("test"))) == (12, 6)
    work = next(work for work in collection.works("test") if work.file == "test/000001")
    assert (work.artist, work.style) == ("Titian", "Impressionism")
    assert Image.open(collection.frame_path("test/000001")).size == Image.open(io.BytesIO(picture(13))).size
    assert not (tmp_path / "data" / "rejected.csv").read_text().splitlines()[1:]


def test_every_picture_is_its_own_row(clone: Path) -> None:
    data = read_hub_dataset(str(clone), 0.4, 42)
    rows = {original.file: read_original(original) for original in data.originals}
    assert rows == {f"test/{row:06}": picture(12 + row) for row in range(6)} | {
        f"train/{row:06}": picture(row) for row in range(12)
    }
    for original in [data.originals[9], data.originals[7], data.originals[7], data.originals[17], data.originals[0]]:
        assert read_original(original) == rows[original.file]  # in any order


def test_files_are_called_as_the_data_set_called_them_where_that_is_unique(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train.parquet", table([0, 1, 2], paths=True))
    assert list(read_hub_dataset(str(tmp_path), 0.4, 42).catalogue["new_filename"]) == ["0.jpg", "1.jpg", "2.jpg"]


def test_artists_in_train_and_test_are_divided_anew_and_told(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train.parquet", table(TRAIN))
    write_parquet(tmp_path / "validation.parquet", table([2, 3], first=20))
    write_parquet(tmp_path / "test.parquet", table(TEST, first=12))
    data = read_hub_dataset(str(tmp_path), 0.5, 42)
    assert any(
        remark.startswith("2 artists are in both train and test of the data set, e.g. Titian")
        for remark in data.remarks
    )
    assert (data.catalogue.groupby("artist")["in_train"].nunique() == 1).all()
    assert data.catalogue["in_train"].any()
    only_test = read_hub_dataset(str(tmp_path), 1, 42)
    assert not only_test.catalogue["in_train"].any()


def test_prepare_from_hub_continues_after_an_interruption(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = prepare_collection(config(clone, tmp_path / "one"))
    interrupt(config(clone, tmp_path / "two"), monkeypatch, after=9)
    framed: list[str] = []
    from painter_search.images import decode_pool

    real = decode_pool.frame_to_disk
    monkeypatch.setattr(decode_pool, "frame_to_disk", lambda job: framed.append(job.file) or real(job))
    again = prepare_collection(config(clone, tmp_path / "two"))
    assert len(framed) == 18 - 9
    assert tree(again.folder) == tree(undisturbed.folder)
    assert not leftovers(tmp_path)
    framed.clear()
    assert prepare_collection(config(clone, tmp_path / "two")).digest == again.digest
    assert not framed


def test_prepare_from_hub_rejects_single_pictures(tmp_path: Path) -> None:
    content = table([0, 0, 1, 1, None, -1])
    pictures = content.column("image").to_pylist()
    pictures[1] = {"bytes": b"no picture", "path": None}
    pictures[2] = None
    pictures[3] = {"bytes": None, "path": "beside.jpg"}
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "beside.jpg").write_bytes(picture(7))
    parquet.write_table(content.set_column(0, "image", pa.array(pictures, PICTURE)), tmp_path / "set" / "train.parquet")
    collection = prepare_collection(config(tmp_path / "set", tmp_path / "data", test_share=1))
    assert rejected_of(collection) == {
        "train/000001": "a text file, not an image",
        "train/000002": "no picture in the table",
        "train/000004": "no artist in the catalogue",
        "train/000005": "no artist in the catalogue",
    }
    assert {work.file for work in collection.works("all")} == {"train/000000", "train/000003"}


@pytest.mark.parametrize("where", ["README.md", "dataset_infos.json"])
def test_names_of_labels_are_read_from_the_data_sets_description(where: str, tmp_path: Path) -> None:
    write_parquet(tmp_path / "train.parquet", table([0, 3], described=False))
    if where == "README.md":
        pytest.importorskip("yaml")
        names = "".join(f"          '{number}': {name}\n" for number, name in enumerate(NAMES))
        (tmp_path / where).write_text(
            "---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: artist\n    dtype:\n"
            f"      class_label:\n        names:\n{names}---\n# Art\n",
            encoding="utf-8",
        )
    else:
        (tmp_path / where).write_text(json.dumps({"default": {"features": FEATURES}}))
    assert list(read_hub_dataset(str(tmp_path), 0.4, 42).catalogue["artist"]) == ["Albrecht Dürer", "Vincent van Gogh"]


def test_names_of_labels_are_each_files_own(clone: Path) -> None:
    described = {**FEATURES, "artist": {**FEATURES["artist"], "names": list(reversed(NAMES))}}
    reversed_names = table([0, 1]).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": described}})}
    )
    write_parquet(clone / "data" / "test-00000-of-00001.parquet", reversed_names)
    read = read_hub_dataset(str(clone), 0.4, 42).catalogue
    assert set(read["artist"][read["in_train"]]) == {NAMES[0], NAMES[1]}
    assert list(read["artist"][~read["in_train"]]) == [NAMES[3], NAMES[2]]


def test_file_that_describes_nothing_has_the_names_of_labels_of_the_others(clone: Path) -> None:
    write_parquet(clone / "data" / "train-00001-of-00002.parquet", table([1, 2], described=False))
    assert set(read_hub_dataset(str(clone), 0.4, 42).catalogue["artist"]) <= set(NAMES)


def test_data_set_in_current_folder_has_the_folders_name(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    assert read_inputs(PrepareConfig(from_hub=".")).name == "art"


def test_numbers_without_names_are_told(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train.parquet", table([0, 3], described=False))
    data = read_hub_dataset(str(tmp_path), 0.4, 42)
    assert list(data.catalogue["artist"]) == ["0", "3"]
    assert any("'artist' has numbers without names" in remark for remark in data.remarks)


def test_names_joined_by_hyphens_are_shown_with_spaces(tmp_path: Path) -> None:
    artists = ["Unknown Artist", "albrecht-durer", "vincent-van-gogh"]
    parquet.write_table(pa.table({"image": [picture(0)] * 3, "artist": artists}), tmp_path / "train.parquet")
    found = read_hub_dataset(str(tmp_path), 0.4, 42).catalogue["artist"]
    assert list(found) == ["Unknown Artist", "Albrecht Durer", "Vincent van Gogh"]


def test_other_columns_of_text_and_bytes_are_read(tmp_path: Path) -> None:
    columns = {
        "img": [picture(0), picture(1)],
        "Painter": ["Ada", "Bo"],
        "Title": ["Dawn", None],
        "year": [1503, None],
    }
    parquet.write_table(pa.table(columns), tmp_path / "works.parquet")
    data = read_hub_dataset(str(tmp_path / "works.parquet"), 0.4, 42)
    assert data.catalogue[["artist", "title", "date"]].to_numpy().tolist() == [["Ada", "Dawn", "1503"], ["Bo", "", ""]]
    assert [read_original(original) for original in data.originals] == columns["img"]
    assert data.remarks == [f"{tmp_path / 'works.parquet'}: artists are read from the column 'Painter'."]


def test_several_columns_of_artists_are_joined(tmp_path: Path) -> None:
    columns = {"image": [picture(0), picture(1)], "Artist 1": ["Rubens", "Titian"], "Artist 2": ["Snyders", None]}
    parquet.write_table(pa.table(columns), tmp_path / "works.parquet")
    data = read_hub_dataset(str(tmp_path / "works.parquet"), 0.4, 42)
    assert list(data.catalogue["artist"]) == ["Rubens; Snyders", "Titian"]
    assert data.remarks == [
        f"{tmp_path / 'works.parquet'}: artists are read from the columns 'Artist 1' and 'Artist 2'."
    ]


@pytest.mark.parametrize(
    ("columns", "kind", "sentence"),
    [
        (None, NotEnoughDataError, "holds no Parquet or Arrow files"),
        ({"image": [picture(0)], "title": ["x"]}, NotEnoughDataError, "no column of artists; one is to be called arti"),
        ({"artist": ["Ada"], "title": ["x"]}, NotEnoughDataError, "no column of pictures. It has artist, title"),
        ({"image": pa.array([], pa.binary()), "artist": pa.array([], pa.string())}, NotEnoughDataError, "no rows"),
        (b"PAR1 damaged PAR1", DamagedFileError, "cannot be read as a data set"),
    ],
)
def test_read_hub_dataset_refuses_in_a_sentence(
    columns: dict[str, Any] | bytes | None, kind: type[PainterSearchError], sentence: str, tmp_path: Path
) -> None:
    if isinstance(columns, bytes):
        (tmp_path / "train.parquet").write_bytes(columns)
    elif columns is not None:
        parquet.write_table(pa.table(columns), tmp_path / "train.parquet")
    with pytest.raises(kind, match=sentence):
        read_hub_dataset(str(tmp_path), 0.4, 42)


def test_one_of_several_configurations_must_be_named(clone: Path, tmp_path: Path) -> None:
    write_parquet(tmp_path / "two" / "small" / "train.parquet", table([0, 1]))
    write_parquet(tmp_path / "two" / "full" / "train.parquet", table([0, 1, 2]))
    with pytest.raises(InvalidValueError, match=r"several configurations \(full, small\); give one of them: from_hub"):
        read_hub_dataset(str(tmp_path / "two"), 0.4, 42)
    assert len(read_hub_dataset(str(tmp_path / "two" / "full"), 0.4, 42).catalogue) == 3


@pytest.mark.parametrize(
    ("file", "split"),
    [
        ("data/train-00000-of-00072.parquet", "train"), ("default/test/0000.parquet", "test"),
        ("validation.parquet", "validation"), ("valid/0.parquet", "validation"), ("wikiart-train.arrow", "train"),
        ("default/partial-train/0000.parquet", "train"), ("0000.parquet", "train"), ("contest.parquet", "train"),
        ("train/data-00000-of-00001.arrow", "train"), ("Dev.parquet", "validation"),
    ],
)  # fmt: skip
def test_split_of_reads_the_usual_names(file: str, split: str) -> None:
    assert split_of(file) == split


def test_a_table_that_vanished_is_a_rejected_picture(clone: Path) -> None:
    original = read_hub_dataset(str(clone), 0.4, 42).originals[0]
    with pytest.raises(UnreadableImageError, match="cannot be read from the table"):
        read_original(replace(original, container=clone / "gone.parquet"))


@pytest.mark.parametrize("settings", [{"folder": "x"}, {"catalogue": "c.csv", "originals": "o"}, {"originals": "o"}])
def test_prepare_config_takes_one_kind_of_input(settings: dict[str, str]) -> None:
    with pytest.raises(InvalidValueError, match="from_hub needs no other input"):
        PrepareConfig(from_hub="a/b", **settings)  # type: ignore[arg-type]


# --- the hub ---------------------------------------------------------------------------------------------------------


class Hub(BaseHTTPRequestHandler):
    """Answers as huggingface.co does for one data set, `ann/art`."""

    files: dict[str, bytes]
    converted: dict[str, bytes]
    broken_after: int | None = None
    """Break off each file after so many bytes."""

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        for revision, sha, files in (("main", "a" * 40, self.files), ("refs", "b" * 40, self.converted)):
            if self.path.startswith(f"/api/datasets/ann/art/revision/{revision}") and files:
                siblings = [{"rfilename": file} for file in files]
                about = {
                    "id": "ann/art",
                    "sha": sha,
                    "siblings": siblings,
                    "private": False,
                    "tags": [],
                    "downloads": 0,
                }
                return self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"})
            prefix = f"/datasets/ann/art/resolve/{sha}/"
            if self.path.startswith(prefix):
                content = files[self.path.removeprefix(prefix)]
                headers = {"ETag": f'"{hash(content)}"', "X-Repo-Commit": sha}
                return self._send(200, content, headers)
        is_known = self.path.startswith("/api/datasets/ann/art/")
        return self._send(404, b"", {"X-Error-Code": "RevisionNotFound" if is_known else "RepoNotFound"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: self.broken_after])


@pytest.fixture
def hub(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    """A stand-in of the hub with the clone's files."""
    constants = pytest.importorskip("huggingface_hub.constants")
    files = {path.relative_to(clone).as_posix(): path.read_bytes() for path in sorted(clone.rglob("*.parquet"))}
    handler = type("Handler", (Hub,), {"files": {"README.md": b"# Art", **files}, "converted": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        yield handler
        server.shutdown()


def test_prepare_from_hub_fetches_a_data_set(hub: type[Hub], clone: Path, tmp_path: Path) -> None:
    fetched = prepare_collection(config("ann/art", tmp_path / "one"))
    local = prepare_collection(config(clone, tmp_path / "two"))
    assert fetched.name == "art"
    assert fetched.to_frame("all").equals(local.to_frame("all"))


def test_prepare_from_hub_takes_converted_files_where_there_are_no_others(hub: type[Hub], clone: Path) -> None:
    hub.converted = {"default/train/0000.parquet": (clone / "data/test-00000-of-00001.parquet").read_bytes()}
    hub.files = {"README.md": b"# Art", "images.tar": b""}
    data = read_hub_dataset("ann/art", 0.4, 42)
    assert set(data.catalogue["artist"]) == {"Titian", "Vincent van Gogh"}
    hub.converted = {}
    with pytest.raises(NotEnoughDataError, match="ann/art has no Parquet files"):
        read_hub_dataset("ann/art", 0.4, 42)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ann/other", "huggingface.co has no data set ann/other; a private one needs HF_TOKEN"),
        ("no such folder", "no such folder is neither a folder nor a data set OWNER/NAME"),
    ],
)
def test_prepare_from_hub_refuses_unknown_names(name: str, sentence: str, hub: type[Hub]) -> None:
    with pytest.raises(NotFoundError, match=sentence):
        read_hub_dataset(name, 0.4, 42)


def test_prepare_from_hub_without_network_says_so(hub: type[Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"huggingface.co cannot be reached for ann/art \(.+\); nothing is lost"):
        read_hub_dataset("ann/art", 0.4, 42)


def test_prepare_from_hub_names_the_extra_that_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(MissingPackageError, match=r"painter-search\[hub\]"):
        read_hub_dataset("ann/art", 0.4, 42)
