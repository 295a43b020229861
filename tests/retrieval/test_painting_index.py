from pathlib import Path

import numpy as np
import pytest

from painter_search.collection.collection import Collection
from painter_search.encoder.embedding import embed_all
from painter_search.errors import UserError
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import IndexConfig
from painter_search.scores.triplets import distance_matrix


def test_every_test_work_is_in_the_index_once_under_a_stable_id(
    small_index: PaintingIndex, small_collection: Path
) -> None:
    works = Collection.open(small_collection).works("test")
    ids = small_index.works.ids_of([work.file for work in works])
    assert len(small_index) == len(works) == len(set(ids.values()))
    assert small_index.works.get([ids[work.file] for work in works]) == works


def test_stored_vectors_are_the_encoders_embeddings(small_index: PaintingIndex, small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    works = collection.works("test")
    ids = small_index.works.ids_of([work.file for work in works])
    expected = embed_all(small_index.encoder, [collection.frame_path(work.file) for work in works])
    stored = small_index.vectors([ids[work.file] for work in works])
    assert stored.dtype == np.float32
    assert stored.shape == (len(works), 256)
    # bfloat16, where the processor has it, keeps 8 bits.
    assert (np.linalg.norm(stored - expected, axis=1) < 0.01 * np.linalg.norm(expected, axis=1)).all()


def test_search_gives_the_nearest_works_by_euclidean_distance(small_index: PaintingIndex) -> None:
    ids, _, _ = small_index.artists
    vectors = small_index.vectors(ids)
    distances, found = small_index.search(vectors[:5], 4)
    expected = distance_matrix(vectors[:5], vectors)
    assert (found[:, 0] == ids[:5]).all()
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :4], atol=5e-3)


def test_asking_for_more_neighbours_than_works_gives_them_all(small_index: PaintingIndex) -> None:
    _, found = small_index.search(np.zeros((1, 256), np.float32), 10_000)
    assert sorted(found[0]) == sorted(small_index.artists[0])


def test_an_index_copied_elsewhere_still_answers(small_index: PaintingIndex, tmp_path: Path) -> None:
    import shutil

    copy = PaintingIndex.load(Path(shutil.copytree(small_index.folder, tmp_path / "copy")))
    assert copy.digest == small_index.digest
    assert copy.works.thumbnail(1) == small_index.works.thumbnail(1)
    assert copy.encoder.config == small_index.encoder.config


def test_an_encoder_opened_meanwhile_is_the_same(small_index: PaintingIndex) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 224, 224), dtype=np.uint8)
    meanwhile = PaintingIndex.load(small_index.folder, to_ask=True)
    assert (meanwhile.encoder.embed(pixels) == small_index.encoder.embed(pixels)).all()


def test_a_truncated_encoder_is_named_though_it_is_opened_meanwhile(small_index: PaintingIndex, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(small_index.folder, tmp_path / "copy"))
    with (copy / "encoder.onnx").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(UserError, match=r"encoder\.onnx has 1,000 bytes"):
        PaintingIndex.load(copy, to_ask=True)


def test_building_again_gives_the_same_bytes(small_index_config: IndexConfig, small_index: PaintingIndex) -> None:
    before = {path.name: path.read_bytes() for path in small_index.folder.iterdir()}
    again = PaintingIndex.build(small_index_config)
    assert again.folder == small_index.folder
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before


def test_an_interrupted_build_continues_to_the_same_index(
    small_index_config: IndexConfig, small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from painter_search.encoder import shards

    monkeypatch.setattr(shards, "SHARD", 5)
    undisturbed = PaintingIndex.build(replace(small_index_config, index=tmp_path / "undisturbed"))
    config = replace(small_index_config, index=tmp_path / "index")
    embedded: list[int] = []
    real = shards.embed_frames

    def stop_in_the_second(embedder, frames, threads):
        if len(embedded) == 1:
            embedded.append(0)
            raise KeyboardInterrupt
        for block in real(embedder, frames, threads=threads):
            embedded.append(len(block))
            yield block

    monkeypatch.setattr(shards, "embed_frames", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        PaintingIndex.build(config)
    with pytest.raises(UserError, match="holds no index"):
        PaintingIndex.load(config.index)
    index = PaintingIndex.build(config)
    assert index.digest == undisturbed.digest
    assert sum(embedded) == len(index)


@pytest.mark.parametrize("name", ["vectors.faiss", "works.sqlite", "encoder.onnx"])
def test_an_altered_file_is_named(small_index: PaintingIndex, tmp_path: Path, name: str) -> None:
    import shutil

    copy = Path(shutil.copytree(small_index.folder, tmp_path / "copy"))
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (copy / name).write_bytes(bytes(content))
    with pytest.raises(UserError, match=f"{name} has been altered"):
        PaintingIndex.load(copy)
    (copy / name).write_bytes(bytes(content[:-1]))
    with pytest.raises(UserError, match=f"{name} has .* bytes and should have"):
        PaintingIndex.load(copy)
    (copy / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        PaintingIndex.load(copy)


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no index"):
        PaintingIndex.load(tmp_path)


def test_another_framing_than_the_encoders_is_refused(small_index_config: IndexConfig, center_collection: Path) -> None:
    from dataclasses import replace

    with pytest.raises(UserError, match="framed 'center' and the encoder was trained on 'whole'"):
        PaintingIndex.build(replace(small_index_config, data=(center_collection,)))


def test_a_folder_of_artists_is_indexed_whole_single_works_too(
    small_index_config: IndexConfig, painted_folder: Path, tmp_path: Path
) -> None:
    from dataclasses import replace

    config = replace(small_index_config, folder=painted_folder, index=tmp_path / "index")
    index = PaintingIndex.build(config)
    files = [path for path in painted_folder.rglob("*") if path.is_file() and path.suffix != ".txt"]
    assert len(index) == len(files)
    assert index.works.works_per_artist()["Solo"] == 1
    assert (index.folder / "rejected.csv").read_text(encoding="utf-8").count("\n") == 2  # the header, and notes.txt
    assert not list(config.index.glob(".c*"))


@pytest.mark.parametrize("key", ["search", "framing", "encoder", "files", "digest", "works"])
@pytest.mark.parametrize("value", [None, 3, {}, "x"])
def test_an_edited_manifest_is_refused(small_index: PaintingIndex, tmp_path: Path, key: str, value: object) -> None:
    import json
    import shutil

    copy = Path(shutil.copytree(small_index.folder, tmp_path / "copy"))
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest[key] = value
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UserError, match="altered"):
        PaintingIndex.load(copy)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{", b"[" * 100_000, b"\xff\xfe\x00"])
def test_a_manifest_that_is_none_is_refused(small_index: PaintingIndex, tmp_path: Path, content: bytes) -> None:
    import shutil

    copy = Path(shutil.copytree(small_index.folder, tmp_path / "copy"))
    (copy / "manifest.json").write_bytes(content)
    with pytest.raises(UserError, match=r"damaged|format"):
        PaintingIndex.load(copy)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"../elsewhere", b"", b"a" * 200])
def test_a_damaged_current_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(UserError, match="which is not there"):
        PaintingIndex.load(tmp_path)


def test_many_paintings_on_one_core_get_the_embeddings_that_each_gets_alone(small_index: PaintingIndex) -> None:
    frames = [small_index.works.thumbnail(int(id)) for id in small_index.artists[0][:7]]
    alone = np.concatenate([small_index.embed([frame]) for frame in frames])
    np.testing.assert_allclose(small_index.embed(frames, of_many=True), alone, rtol=1e-4, atol=1e-4)
    assert np.abs(alone - alone[0]).max() > 0.01
