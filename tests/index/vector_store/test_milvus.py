"""Embeddings in Milvus: queried by commands in other processes, and the errors if Milvus cannot be used."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from harness import Killer

from painter_search.attribution.attribute import attribute
from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    NotFoundError,
    PainterSearchError,
    UnreachableError,
)
from painter_search.index.config import BuildIndexConfig
from painter_search.index.manifest import MANIFEST, digest_manifest
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store import milvus

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")


pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def in_milvus(small_index_config: BuildIndexConfig, tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Path:
    """A folder of indexes and a Milvus Lite file, made by a command that has ended."""
    home = tmp_path_factory.mktemp("in-milvus")
    data, encoder = small_index_config.data[0], str(small_index_config.encoder)
    where = ("--index", home / "index", "--vector-store", home / "vectors.db")
    done = killer.complete("build-index", "--data", data, "--encoder", encoder, "--device", "cpu", *where)
    assert "its vectors in Milvus" in done["stdout"].replace("\n", " ")
    return home


@pytest.fixture
def copied(in_milvus: Path, tmp_path: Path) -> Path:
    """The folder of indexes in a copy of both, whose manifest names the copied file."""
    copy = Path(shutil.copytree(in_milvus, tmp_path / "copy"))
    rewrite(copy / "index", "uri", str(copy / "vectors.db"))
    return copy / "index"


def rewrite(index_dir: Path, key: str, value: str) -> None:
    """Change a search setting in the manifest of the current index."""
    path = index_dir / (index_dir / "CURRENT").read_text(encoding="utf-8").strip() / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["search"][key] = value
    manifest["digest"] = digest_manifest(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_query_in_another_process_equals_faiss(
    in_milvus: Path, small_index: PaintingIndex, painted_originals: Path, killer: Killer
) -> None:
    painting = painted_originals / "9-1.jpg"
    done = killer.run("query", painting, "--index", in_milvus / "index", "--json")
    assert (done["code"], done["stderr"]) == (0, "")
    (answer,) = json.loads(done["stdout"])["answers"]
    (expected,) = attribute(small_index, [painting], top_k=5, works_per_artist=3)
    for match, other in zip(answer["artists"], expected.artists, strict=True):
        assert (match["artist"], match["works_in_index"]) == (other.artist, other.works_in_index)
        assert match["distance"] == pytest.approx(other.distance, rel=1e-3)
        assert [one["id"] for one in match["works"]] == [one.id for one in other.works]


def test_query_says_in_one_sentence_that_another_process_has_the_file_open(
    copied: Path, painted_originals: Path, killer: Killer
) -> None:
    PaintingIndex.load(copied)
    done = killer.run("query", painted_originals / "9-1.jpg", "--index", copied)
    assert (done["code"], done["stdout"]) == (1, "")
    assert done["stderr"].count("\n") == 1
    assert "check that no other program has it open" in done["stderr"]


def test_query_says_in_one_sentence_that_the_file_is_damaged(
    copied: Path, painted_originals: Path, killer: Killer
) -> None:
    for path in copied.with_name("vectors.db").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    done = killer.run("query", painted_originals / "9-1.jpg", "--index", copied)
    assert (done["code"], done["stdout"]) == (1, "")
    assert done["stderr"].startswith("painter_search: ")
    assert done["stderr"].count("\n") == 1


def test_load_names_a_missing_file(copied: Path) -> None:
    copied.with_name("vectors.db").rename(copied.with_name("moved.db"))
    with pytest.raises(NotFoundError, match=r"vectors\.db, which holds this index's vectors, is gone"):
        PaintingIndex.load(copied)
    copied.with_name("moved.db").rename(copied.with_name("vectors.db"))
    assert len(PaintingIndex.load(copied)) == 16


@pytest.mark.parametrize(
    ("key", "value", "error", "message"),
    [
        ("made_by", "0" * 64, DamagedFileError, "is of another encoder"),
        ("collection", "painter_search_none", NotFoundError, "has no collection painter_search_none"),
        ("uri", "http://127.0.0.1:9", UnreachableError, r"Milvus at http://127\.0\.0\.1:9 cannot be used"),
    ],
)
def test_load_refuses_other_vectors_than_the_manifest_names(
    copied: Path, key: str, value: str, error: type[PainterSearchError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus, "CONNECT_TIMEOUT", 1.0)
    rewrite(copied, key, value)
    with pytest.raises(error, match=message):
        PaintingIndex.load(copied)


def test_a_file_below_the_home_folder_is_found(user_home: Path) -> None:
    assert milvus.resolve_uri("~/v.db") == str(user_home.resolve() / "v.db")


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("vectors", InvalidValueError, "is not an address of Milvus"),
        ("http://me:secret@127.0.0.1:9", InvalidValueError, r"store http://127\.0\.0\.1:9 .* MILVUS_TOKEN instead"),
        ("http://127.0.0.1:9", UnreachableError, r"Milvus at http://127\.0\.0\.1:9 cannot be used.*MILVUS_TOKEN"),
        ("missing/vectors.db", UnreachableError, r"vectors\.db cannot be used"),
    ],
)
def test_build_refuses_an_unusable_address_before_anything_is_embedded(
    small_index_config: BuildIndexConfig,
    tmp_path: Path,
    address: str,
    error: type[PainterSearchError],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(milvus, "CONNECT_TIMEOUT", 1.0)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        PaintingIndex.build(replace(small_index_config, index=tmp_path / "index", vector_store=address))
    assert not (tmp_path / "index").exists()


def test_request_says_that_a_server_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import grpc

    class DeadlineExceeded(grpc.RpcError):
        def details(self) -> str:
            return "Deadline Exceeded"

    class Client:
        def search(self, collection: str, timeout: float) -> None:
            assert 0 < timeout < 1000
            raise DeadlineExceeded

    monkeypatch.setattr(milvus, "_connect", lambda uri: Client())
    with pytest.raises(UnreachableError, match=r"Milvus at http://far:1 cannot be used \(Deadline Exceeded\)"):
        milvus.request("http://far:1", "search", "works")
