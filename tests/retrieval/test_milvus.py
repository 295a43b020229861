"""Vectors in Milvus: asked by commands in processes of their own, and what is said where they cannot be had."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from painter_search.errors import UserError
from painter_search.retrieval import milvus
from painter_search.retrieval.attribution import attribute
from painter_search.retrieval.manifest import MANIFEST, digest_manifest
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import IndexConfig

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")


@pytest.fixture(scope="module")
def in_milvus(small_index_config: IndexConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of indexes and a file of Milvus's, made by a command that has ended."""
    home = tmp_path_factory.mktemp("in-milvus")
    data, encoder = small_index_config.data[0], str(small_index_config.encoder)
    where = ("--index", home / "index", "--vectors-in", home / "vectors.db")
    done = run("build-index", "--data", data, "--encoder", encoder, "--device", "cpu", *where)
    assert done.returncode == 0, done.stderr
    assert "its vectors in Milvus" in done.stdout.replace("\n", " ")
    return home


@pytest.fixture
def copied(in_milvus: Path, tmp_path: Path) -> Path:
    """A copy of both, whose index knows where its vectors are."""
    home = Path(shutil.copytree(in_milvus, tmp_path / "copy"))
    rewrite(home / "index", "uri", str(home / "vectors.db"))
    return home / "index"


def run(command: str, *flags: object) -> subprocess.CompletedProcess:
    words = [sys.executable, "-m", f"painter_search.{command}", *map(str, flags)]
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


def rewrite(home: Path, key: str, value: str) -> None:
    """Change what the manifest of the current index says of its search."""
    path = home / (home / "CURRENT").read_text(encoding="utf-8").strip() / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["search"][key] = value
    manifest["digest"] = digest_manifest(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_process_of_its_own_answers_as_from_a_folder(
    in_milvus: Path, small_index: PaintingIndex, painted_originals: Path
) -> None:
    painting = painted_originals / "9-1.jpg"
    done = run("query", painting, "--index", in_milvus / "index", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (answer,) = json.loads(done.stdout)["answers"]
    (expected,) = attribute(small_index, [painting], top=5, works=3)
    for match, other in zip(answer["artists"], expected.artists, strict=True):
        assert (match["artist"], match["works_in_index"]) == (other.artist, other.works_in_index)
        assert match["distance"] == pytest.approx(other.distance, rel=1e-3)
        assert [one["id"] for one in match["works"]] == [one.id for one in other.works]


def test_a_local_file_that_another_process_has_open_is_one_sentence(copied: Path, painted_originals: Path) -> None:
    PaintingIndex.load(copied)
    done = run("query", painted_originals / "9-1.jpg", "--index", copied)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "see that no other program has it open" in done.stderr


def test_a_damaged_local_file_is_one_sentence(copied: Path, painted_originals: Path) -> None:
    for path in copied.with_name("vectors.db").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    done = run("query", painted_originals / "9-1.jpg", "--index", copied)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("painter_search: ")
    assert done.stderr.count("\n") == 1


def test_a_file_of_vectors_that_is_gone_is_named(copied: Path) -> None:
    copied.with_name("vectors.db").rename(copied.with_name("moved.db"))
    with pytest.raises(UserError, match=r"vectors\.db, which holds this index's vectors, is gone"):
        PaintingIndex.load(copied)
    copied.with_name("moved.db").rename(copied.with_name("vectors.db"))
    assert len(PaintingIndex.load(copied)) == 16


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("made_by", "0" * 64, "is of another encoder"),
        ("collection", "painter_search_none", "has no collection painter_search_none"),
        ("uri", "http://127.0.0.1:9", r"Milvus at http://127\.0\.0\.1:9 cannot be used"),
    ],
)
def test_other_vectors_than_the_manifest_means_are_refused(
    copied: Path, key: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus, "PATIENCE", 1.0)
    rewrite(copied, key, value)
    with pytest.raises(UserError, match=complaint):
        PaintingIndex.load(copied)


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("vectors", "is no address of Milvus"),
        ("http://me:secret@127.0.0.1:9", r"--vectors-in http://127\.0\.0\.1:9 .* MILVUS_TOKEN instead"),
        ("http://127.0.0.1:9", r"Milvus at http://127\.0\.0\.1:9 cannot be used.*MILVUS_TOKEN"),
        ("missing/vectors.db", r"vectors\.db cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_before_anything_is_embedded(
    small_index_config: IndexConfig, tmp_path: Path, address: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus, "PATIENCE", 1.0)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=complaint):
        PaintingIndex.build(replace(small_index_config, index=tmp_path / "index", vectors_in=address))
    assert not (tmp_path / "index").exists()


def test_a_server_that_no_longer_answers_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import grpc

    class Late(grpc.RpcError):
        def details(self) -> str:
            return "Deadline Exceeded"

    class Client:
        def search(self, collection: str, timeout: float) -> None:
            assert 0 < timeout < 1000
            raise Late

    monkeypatch.setattr(milvus, "_connect", lambda uri: Client())
    with pytest.raises(UserError, match=r"Milvus at http://far:1 cannot be used \(Deadline Exceeded\)"):
        milvus.ask("http://far:1", "search", "works")
