import doctest
import json
import os
import pickle
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_world import interrupt_second_shard, paint

from painter_search.collection.collection import Collection
from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    NotFoundError,
    PainterSearchError,
    UnknownWorkError,
)
from painter_search.encoder.inference import embedding_shards as shards
from painter_search.encoder.inference.embedding import embed_all
from painter_search.index import config as config_module
from painter_search.index import painting_index as painting_index_module
from painter_search.index.config import BuildIndexConfig, ListConfig, WorkFilter
from painter_search.index.listing import list_works
from painter_search.index.manifest import publish_index, read_manifest
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.naming_threshold import NamingThreshold


@pytest.fixture
def copied(small_index: PaintingIndex, tmp_path: Path) -> Path:
    """A copy of the small index's folder."""
    return Path(shutil.copytree(small_index.folder, tmp_path / "copy"))


def test_build_indexes_every_test_work_once(small_index: PaintingIndex, small_collection: Path) -> None:
    works = Collection.open(small_collection).works("test")
    ids = small_index.works.ids_of([work.file for work in works])
    assert len(small_index) == len(works) == len(set(ids.values()))
    assert small_index.works.get([ids[work.file] for work in works]) == works
    with pytest.raises(UnknownWorkError, match="no work 999; `build-index list --artist NAME`"):
        small_index.works.get([1, 999])


def test_embeddings_are_those_of_the_encoder(small_index: PaintingIndex, small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    works = collection.works("test")
    ids = small_index.works.ids_of([work.file for work in works])
    expected = embed_all(small_index.encoder, [collection.frame_path(work.file) for work in works])
    stored = small_index.embeddings([ids[work.file] for work in works])
    assert stored.dtype == np.float32
    assert stored.shape == (len(works), 256)
    # bfloat16, which processors that have it embed in, keeps 8 bits.
    assert (np.linalg.norm(stored - expected, axis=1) < 0.01 * np.linalg.norm(expected, axis=1)).all()


def test_one_id_is_taken_where_a_list_is(small_index: PaintingIndex) -> None:
    np.testing.assert_array_equal(small_index.embeddings(12), small_index.embeddings([12]))
    for one in (12, np.int64(12), np.array([12], np.uint8)):
        assert small_index.works.get(one) == small_index.works.get([12])  # type: ignore[arg-type]
    assert small_index.works.get([]) == [] == small_index.embeddings([]).tolist()
    for read in (small_index.embeddings, small_index.works.get):
        for other in ([5.7], ["5"], True, None, [[1]]):
            with pytest.raises(InvalidValueError, match="is no id; ids are whole numbers"):
                read(other)  # type: ignore[operator]


def test_search_returns_the_nearest_works_by_euclidean_distance(small_index: PaintingIndex) -> None:
    ids = small_index.artists.ids
    embeddings = small_index.embeddings(ids)
    distances, found = small_index.search(embeddings[:5], 4)
    expected = distance_matrix(embeddings[:5], embeddings)
    assert (found[:, 0] == ids[:5]).all()
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :4], atol=5e-3)


def test_search_returns_all_works_if_k_is_larger(small_index: PaintingIndex) -> None:
    _, found = small_index.search(np.zeros((1, 256), np.float32), np.int64(10_000))  # type: ignore[arg-type]
    assert sorted(found[0]) == sorted(small_index.artists.ids)


def test_search_takes_one_embedding_float64_and_lists(small_index: PaintingIndex) -> None:
    embedding = small_index.embeddings([3])
    expected = small_index.search(embedding, 4)
    for query in (
        embedding[0],
        embedding.astype(np.float64),
        embedding.tolist(),
        embedding[0].tolist(),
        [embedding[0]],
    ):
        for found, wanted in zip(small_index.search(query, 4), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "as_input",
    [Path, str, Path.read_bytes, Image.open, lambda path: np.asarray(Image.open(path)), lambda path: [path, str(path)]],
    ids=["path", "str", "bytes", "pil", "array", "list"],
)
def test_search_takes_images(
    small_index: PaintingIndex, painted_originals: Path, as_input: Callable[[Path], object]
) -> None:
    path = painted_originals / "9-1.jpg"
    distances, ids = small_index.search(as_input(path), 3)  # type: ignore[arg-type]
    assert distances.shape == ids.shape
    assert {small_index.works.get([id])[0].file for id in ids[:, 0]} == {"9-1.jpg"}


@pytest.mark.parametrize(
    ("queries", "k", "message"),
    [
        (np.zeros((2, 255), np.float32), 3, r"shape \[2, 255\]; embeddings of this index are \[n, 256\]"),
        (np.zeros((1, 1, 256), np.float32), 3, r"shape \[1, 1, 256\]"),
        (np.zeros(256, np.float32), 0, "k is 0; it must be at least 1"),
        (np.zeros(256, np.float32), 2.0, "k is 2.0; it must be a whole number"),
        (np.zeros(256, np.float32), "2", "k is '2'; it must be a whole number"),
        ([[0.0] * 256, [0.0]], 3, "not all of one length"),
        ([0.0, "a.jpg"], 3, "not all numbers"),
        ([17], 3, r"shape \[1\]"),
        (np.full(256, np.nan, np.float32), 3, "not finite"),
        (b"no image", 3, "image 1 cannot be embedded"),
        ("missing.jpg", 3, "missing.jpg cannot be embedded"),
        (PurePath("missing.jpg"), 3, "missing.jpg cannot be embedded"),
        (np.zeros((5, 5), np.int64), 3, "image 1 cannot be embedded: an array of int64"),
    ],
)
def test_search_refuses_what_is_no_query(small_index: PaintingIndex, queries: object, k: Any, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        small_index.search(queries, k)  # type: ignore[arg-type]


def test_load_opens_a_copied_index(small_index: PaintingIndex, copied: Path) -> None:
    copy = PaintingIndex.load(copied)
    assert copy.digest == small_index.digest
    assert copy.works.thumbnail(1) == small_index.works.thumbnail(1)
    assert copy.open_thumbnail(1).mode == "RGB"
    assert copy.encoder.config == small_index.encoder.config


def test_load_preloads_the_same_encoder(small_index: PaintingIndex) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 224, 224), dtype=np.uint8)
    preloaded = PaintingIndex.load(small_index.folder, preload_encoder=True)
    assert (preloaded.encoder.embed(pixels) == small_index.encoder.embed(pixels)).all()


def test_load_names_a_truncated_encoder_though_it_is_preloaded(copied: Path) -> None:
    with (copied / "encoder.onnx").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(DamagedFileError, match=r"encoder\.onnx has 1,000 bytes"):
        PaintingIndex.load(copied, preload_encoder=True)


@pytest.mark.parametrize("name", ["vectors.faiss", "encoder.onnx", "manifest.json"])
def test_load_knows_a_pointer_of_git_lfs(copied: Path, name: str) -> None:
    (copied / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 41370\n")
    with pytest.raises(DamagedFileError, match=rf"{name} is a pointer of Git LFS, .* `git lfs pull`"):
        PaintingIndex.load(copied)


def test_load_takes_a_list_of_rejected_files_with_the_ends_of_lines_of_windows(copied: Path, tmp_path: Path) -> None:
    (copied / "rejected.csv").write_bytes(b"file,reason\na.txt,a text\n")
    folder = publish_index(copied, tmp_path, read_manifest(copied))
    (folder / "rejected.csv").write_bytes(b"file,reason\r\na.txt,a text\r\n")
    index = PaintingIndex.load(folder)
    assert len(index.remove([1]).index) == len(index) - 1
    (folder / "rejected.csv").unlink()
    with pytest.raises(DamagedFileError, match=r"rejected\.csv is missing"):
        PaintingIndex.load(folder)


@pytest.mark.parametrize("preload_encoder", [False, True])
def test_index_is_used_from_another_working_directory(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, preload_encoder: bool
) -> None:
    monkeypatch.chdir(copied.parent)
    index = PaintingIndex.load(copied.name, preload_encoder)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert index.search(paint(9, 1), k=1)[1].shape == (1, 1)
    assert index.works.get([1])
    assert len(index.filtered(WorkFilter(artists="Painter 9"))) == 4
    assert len(pickle.loads(pickle.dumps(index))) == len(index)
    assert index.folder == Path(copied.name)  # as it was named, where it is shown


def test_index_is_changed_from_another_working_directory(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    copied.rename(home / "copy")
    (home / "CURRENT").write_text("copy", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    index = PaintingIndex.load("home")
    monkeypatch.chdir(home)
    changed = index.remove(1).index
    assert (changed.folder.parent, len(changed)) == (home, len(index) - 1)
    with pytest.raises(InvalidValueError, match=r"^home/copy is no longer the current index of home; load home and"):
        index.remove(2)


@pytest.mark.parametrize("name", ["vectors.faiss", "works.sqlite", "encoder.onnx"])
def test_load_names_an_altered_file(copied: Path, name: str) -> None:
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (copied / name).write_bytes(bytes(content))
    with pytest.raises(DamagedFileError, match=f"{name} has been altered"):
        PaintingIndex.load(copied)
    (copied / name).write_bytes(bytes(content[:-1]))
    with pytest.raises(DamagedFileError, match=f"{name} has .* bytes and should have"):
        PaintingIndex.load(copied)
    (copied / name).unlink()
    with pytest.raises(DamagedFileError, match=f"{name} is missing"):
        PaintingIndex.load(copied)


@pytest.mark.parametrize("key", ["search", "framing", "encoder", "files", "digest", "works"])
@pytest.mark.parametrize("value", [None, 3, {}, "x"])
def test_load_refuses_an_edited_manifest(copied: Path, key: str, value: object) -> None:
    manifest = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    manifest[key] = value
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(DamagedFileError, match="altered"):
        PaintingIndex.load(copied)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{", b"[" * 100_000, b"\xff\xfe\x00"])
def test_load_refuses_a_file_that_is_no_manifest(copied: Path, content: bytes) -> None:
    (copied / "manifest.json").write_bytes(content)
    with pytest.raises(PainterSearchError, match=r"damaged|format"):
        PaintingIndex.load(copied)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"../elsewhere", b"", b"a" * 200])
def test_load_refuses_a_damaged_current_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(NotFoundError, match="which is not there"):
        PaintingIndex.load(tmp_path)


def test_load_refuses_a_folder_without_an_index(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="holds no index"):
        PaintingIndex.load(tmp_path)


def test_load_names_the_version_that_was_copied_without_current(home: Path, small_index: PaintingIndex) -> None:
    (home / "CURRENT").unlink()
    with pytest.raises(NotFoundError, match="lacks CURRENT") as refused:
        PaintingIndex.load(home)
    assert f"give {home / small_index.digest} to ask it" in str(refused.value)
    assert f"write {small_index.digest} into {home / 'CURRENT'}" in str(refused.value)
    assert len(PaintingIndex.load(home / small_index.digest)) == len(small_index)
    (home / "CURRENT").write_text(small_index.digest + "\n", encoding="utf-8")
    assert PaintingIndex.load(home).remove(1).removed[0].id == 1


def test_build_again_by_keywords_gives_the_same_index(
    small_index_config: BuildIndexConfig, small_index: PaintingIndex
) -> None:
    config = small_index_config
    again = PaintingIndex.build(
        data=str(config.data[0]), encoder=config.encoder, index=str(config.index), device=config.device
    )
    ids = small_index.artists.ids
    assert again.works.get(ids.tolist()) == small_index.works.get(ids.tolist())
    assert again.manifest.files["encoder.onnx"] == small_index.manifest.files["encoder.onnx"]
    np.testing.assert_array_equal(again.embeddings(ids), small_index.embeddings(ids))


def test_build_continues_after_an_interruption_to_the_same_index(
    small_index_config: BuildIndexConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_SIZE", 5)
    undisturbed = PaintingIndex.build(small_index_config, index=tmp_path / "undisturbed")
    config = replace(small_index_config, index=tmp_path / "index")
    embedded = interrupt_second_shard(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        PaintingIndex.build(config)
    with pytest.raises(NotFoundError, match="holds no index"):
        PaintingIndex.load(config.index)
    index = PaintingIndex.build(config)
    assert index.digest == undisturbed.digest
    assert sum(embedded) == len(index)


def test_build_says_what_it_leaves_out_and_where_probabilities_come_from(
    small_index_config: BuildIndexConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    training = len(Collection.open(small_index_config.data[0]).works("train"))
    for split, told in (("test", True), ("all", False)):
        caplog.clear()
        with caplog.at_level("INFO", "painter_search"):
            PaintingIndex.build(small_index_config, index=tmp_path / split, split=split)
        assert (f"{training} training works are left out; --split all takes them" in caplog.text) == told
    with pytest.raises(NotFoundError, match="missing does not exist; check the path after folder"):
        PaintingIndex.build(small_index_config, data=("data",), folder=tmp_path / "missing", index=tmp_path / "none")


def test_build_removes_what_builds_left_that_were_interrupted_long_ago(
    small_index_config: BuildIndexConfig, tmp_path: Path
) -> None:
    long_ago = time.time() - 8 * 24 * 3600
    for name in (".building-old", ".shards-old", ".collection-old", ".building-new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("half")
        if name.endswith("old"):
            for path in (tmp_path / name / "file", tmp_path / name):
                os.utime(path, (long_ago, long_ago))
    index = PaintingIndex.build(small_index_config, index=tmp_path)
    left = {path.name for path in tmp_path.iterdir()} - {".lock"}
    assert left == {".building-new", "CURRENT", index.folder.name}


def test_build_refuses_another_framing_than_the_encoders(
    small_index_config: BuildIndexConfig, center_collection: Path
) -> None:
    with pytest.raises(InvalidValueError, match="framed 'center' and the encoder was trained on 'whole'"):
        PaintingIndex.build(small_index_config, data=(center_collection,))


@pytest.mark.slow
def test_build_indexes_a_folder_of_artists_with_single_works_too(
    small_index_config: BuildIndexConfig, painted_folder: Path, tmp_path: Path
) -> None:
    index = PaintingIndex.build(small_index_config, data="data", folder=painted_folder, index=tmp_path / "index")
    files = [path for path in painted_folder.rglob("*") if path.is_file() and path.suffix != ".txt"]
    assert len(index) == len(files)
    assert index.works.works_per_artist()["Solo"] == 1
    assert (index.folder / "rejected.csv").read_text(encoding="utf-8").count("\n") == 2  # the header, and notes.txt
    assert not list((tmp_path / "index").glob(".c*"))


def test_embed_frames_together_equals_one_at_a_time(small_index: PaintingIndex) -> None:
    frames = [small_index.works.thumbnail(int(id)) for id in small_index.artists.ids[:7]]
    one_at_a_time = np.concatenate([small_index.embed_frames([frame]) for frame in frames])
    together = small_index.embed_frames(frames)
    np.testing.assert_allclose(together, one_at_a_time, rtol=1e-4, atol=1e-4)
    assert np.abs(one_at_a_time - one_at_a_time[0]).max() > 0.01


def test_to_frame_has_a_row_per_work_that_the_filter_leaves(small_index: PaintingIndex) -> None:
    table = small_index.to_frame()
    assert table.index.tolist() == small_index.artists.ids.tolist()
    assert table.loc[1, "artist"] == small_index.works.get([1])[0].artist
    narrowed = small_index.filtered(WorkFilter(artists="Painter 9"))  # type: ignore[arg-type]
    assert set(narrowed.to_frame()["artist"]) == {"Painter 9"}


def test_repr_tells_what_the_index_holds(small_index: PaintingIndex) -> None:
    assert repr(small_index) == f"<PaintingIndex {small_index.digest}: 16 works, exact search>"
    shown = small_index._repr_html_()
    assert small_index.digest in shown
    assert shown.count("data:image/jpeg;base64,") == 6
    assert len(shown) < 60_000
    narrowed = small_index.filtered(WorkFilter("title <> '<b>'"))
    assert "16 of the 16 works (where title &lt;&gt; &#x27;&lt;b&gt;&#x27;)" in narrowed._repr_html_()


def test_list_works_lists_artists_or_the_works_of_one(small_index: PaintingIndex) -> None:
    assert list_works(small_index).artists == {f"Painter {n}": 4 for n in (8, 9, 10, 11)}
    one = list_works(small_index, "Painter 9")
    assert one.artists == {"Painter 9": 4}
    assert [entry.work for entry in one.works] == small_index.works.get([entry.id for entry in one.works])
    with pytest.raises(UnknownWorkError, match="did you mean Painter 9"):
        list_works(small_index, "painter nine 9")


EXAMPLES = [
    example
    for module in (config_module, painting_index_module)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module)
    if example.examples and not example.name.endswith(".build")  # which takes long, and has a test of its own
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name.rpartition("index.")[2])
def test_docstring_examples_run(
    small_index: PaintingIndex, example: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small_index.folder, Path("index", small_index.digest))
    Path("index", "CURRENT").write_text(small_index.digest, encoding="utf-8")
    Path("scans").mkdir()
    for work in range(3):
        paint(30, work).save(Path("scans", f"{work}.jpg"))
    paint(9, 1).save("painting.jpg")
    example.globs["index"] = PaintingIndex.load("index")
    if not example.name.startswith(config_module.__name__):
        for step in example.examples:
            step.source = step.source.replace("Claude Monet", "Painter 9")
    printed: list[str] = []
    assert doctest.DocTestRunner().run(example, out=printed.append).failed == 0, "".join(printed)


def test_filtered_index_is_not_filtered_again(small_index: PaintingIndex) -> None:
    narrowed = small_index.filtered(WorkFilter(before=1920))
    assert narrowed.unfiltered is small_index
    assert narrowed.filtered(None) is narrowed
    with pytest.raises(InvalidValueError, match="all conditions in one WorkFilter"):
        narrowed.filtered(WorkFilter(artists="Painter 9"))


def test_a_pickled_index_is_opened_again(small_index: PaintingIndex) -> None:
    narrowed = small_index.filtered(WorkFilter(artists="Painter 9"))
    for index in (small_index, narrowed):
        again = pickle.loads(pickle.dumps(index))
        assert (again.digest, len(again)) == (index.digest, len(index))
        assert np.array_equal(again.artists.ids, index.artists.ids)


def test_a_threshold_is_pickled_and_copies_nothing(small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    threshold = NamingThreshold(0.9, 0.1, 0.5)
    confidence = SimpleNamespace(naming_threshold=lambda share=None: threshold)
    monkeypatch.setattr(PaintingIndex, "confidence", confidence)
    named = small_index.naming(10)
    assert named.store is small_index.store
    assert named.names_by_default is False
    again = pickle.loads(pickle.dumps(named))
    assert again.naming_threshold == threshold
    assert again.names_by_default is False


@pytest.mark.parametrize("field", ["artists", "exclude_artists", "style", "where"])
def test_names_that_no_text_can_have_are_refused(field: str) -> None:
    for config in (partial(WorkFilter, **{field: "D\udcfcrer"}), partial(ListConfig, "D\udcfcrer")):
        with pytest.raises(InvalidValueError, match=r"^'D\\udcfcrer' is not text in UTF-8"):
            config()


def test_the_encoder_is_opened_where_the_preloading_thread_did_not_live_on(small_index: PaintingIndex) -> None:
    index = PaintingIndex.load(small_index.folder)
    index._preloaded, index._process = Future(), -1  # as in a process that was forked meanwhile
    assert index.encoder.engine == small_index.encoder.engine
