"""Indexes at URLs: fetched once, checked against their manifest, fetched again when they change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import fsspec
import pytest

from painter_search.analysis.config import AuditConfig, MapConfig
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError, UnreachableError
from painter_search.common.files.urls import translate_fs_errors
from painter_search.index.painting_index import PaintingIndex, add_paintings, remove_works
from painter_search.index.remote_index import fetch_index, local_folder

URL = "memory://bucket/index"


@pytest.fixture
def store(
    small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[fsspec.AbstractFileSystem]:
    """A store in memory with the small index, and an empty cache."""
    monkeypatch.setenv("PAINTER_SEARCH_CACHE", str(tmp_path / "cache"))
    system = fsspec.filesystem("memory")
    upload(system, small_index)
    yield system
    system.rm("/bucket", recursive=True)


def upload(system: fsspec.AbstractFileSystem, index: PaintingIndex) -> None:
    for path in index.folder.iterdir():
        system.pipe_file(f"/bucket/index/{index.digest}/{path.name}", path.read_bytes())
    system.pipe_file("/bucket/index/CURRENT", f"{index.digest}\n".encode())


def refuse_files(system: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file be fetched whole: only CURRENT and the manifest are read."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("fetched again")

    monkeypatch.setattr(type(system), "open", refuse)


def test_index_at_a_url_is_fetched_once(
    store: fsspec.AbstractFileSystem, small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = PaintingIndex.load(URL)
    assert (index.digest, len(index)) == (small_index.digest, len(small_index))
    refuse_files(store, monkeypatch)
    assert PaintingIndex.load(f"{URL}/").folder == index.folder
    assert local_folder(index.folder) == index.folder


def test_partial_file_of_a_killed_fetch_becomes_no_part_of_the_index(
    store: fsspec.AbstractFileSystem, small_index: PaintingIndex
) -> None:
    folder = fetch_index(URL)
    staging = folder.with_name(f".{folder.name}.fetching")
    folder.rename(staging)
    (staging / ".vectors.faiss.1234").write_bytes(b"half")
    (staging / "vectors.faiss").unlink()
    assert {path.name for path in fetch_index(URL).iterdir()} == {path.name for path in small_index.folder.iterdir()}


def test_one_index_without_current_is_fetched(store: fsspec.AbstractFileSystem, small_index: PaintingIndex) -> None:
    assert PaintingIndex.load(f"{URL}/{small_index.digest}").digest == small_index.digest


def test_changed_index_is_fetched_and_the_one_before_stays_until_the_next(
    store: fsspec.AbstractFileSystem, small_index: PaintingIndex, tmp_path: Path
) -> None:
    home = tmp_path / "index"
    PaintingIndex.load(URL).folder.rename(tmp_path / "kept")
    (home / small_index.digest).parent.mkdir()
    (tmp_path / "kept").rename(home / small_index.digest)
    (home / "CURRENT").write_text(small_index.digest)
    before = fetch_index(URL)
    changed = PaintingIndex.load(home).remove(1).index
    upload(store, changed)
    index = PaintingIndex.load(URL)
    assert index.digest == changed.digest
    assert before.exists()  # a server may still read it
    upload(store, changed.remove(2).index)
    fetch_index(URL)
    assert (before.exists(), index.folder.exists()) == (False, True)


def test_interrupted_fetch_continues(
    store: fsspec.AbstractFileSystem, small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = type(store).open

    def interrupted(self: object, path: str, *arguments: object, **options: object) -> object:
        opened.append(path)
        if len(opened) == 3:
            raise KeyboardInterrupt
        return real(self, path, *arguments, **options)

    monkeypatch.setattr(type(store), "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch_index(URL)
    fetch_index(URL)
    files = len(small_index.manifest.files)
    assert len(opened) == files + 1  # the two that were whole were not fetched again


def test_file_that_is_gone_from_the_cache_is_fetched_again(
    store: fsspec.AbstractFileSystem, small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fetch_index(URL)
    content = (folder / "thumbnails.sqlite").read_bytes()
    (folder / "thumbnails.sqlite").unlink()
    (folder / "works.sqlite").write_bytes(b"cut")
    opened: list[str] = []
    real = type(store).open

    def count(self: object, path: str, *arguments: object, **options: object) -> object:
        opened.append(path)
        return real(self, path, *arguments, **options)

    monkeypatch.setattr(type(store), "open", count)
    assert fetch_index(URL) == folder
    assert (folder / "thumbnails.sqlite").read_bytes() == content
    assert len(opened) == 2
    assert len(PaintingIndex.load(folder)) == len(small_index)


def test_failure_over_http_is_no_missing_file() -> None:
    """fsspec turns every failure over HTTP into a FileNotFoundError."""

    class RefusedError(Exception):
        def __init__(self, status: int) -> None:
            super().__init__(f"{status}, message")
            self.status = status

    RefusedError.__module__ = "aiohttp.client_exceptions"
    causes = [ConnectionRefusedError("refused"), TimeoutError("late"), RefusedError(503)]
    for cause in causes:
        with pytest.raises(UnreachableError, match="cannot be reached"), translate_fs_errors("https://m.org/index"):
            raise FileNotFoundError("https://m.org/index/CURRENT") from cause
    for missing in (None, FileNotFoundError("x"), KeyError("x"), RefusedError(404)):
        with pytest.raises(FileNotFoundError), translate_fs_errors("https://m.org/index"):
            raise FileNotFoundError("https://m.org/index/CURRENT") from missing


def test_fetch_refuses_files_that_the_manifest_does_not_name(
    store: fsspec.AbstractFileSystem, small_index: PaintingIndex, tmp_path: Path
) -> None:
    works = f"/bucket/index/{small_index.digest}/works.sqlite"
    content = bytearray(store.cat_file(works))
    content[100] ^= 1
    store.pipe_file(works, bytes(content))
    with pytest.raises(DamagedFileError, match=r"works\.sqlite is not its index's file"):
        fetch_index(URL)
    store.rm(works)
    with pytest.raises(DamagedFileError, match=r"works\.sqlite is missing"):
        fetch_index(URL)
    manifest = f"/bucket/index/{small_index.digest}/manifest.json"
    altered = {**json.loads(store.cat_file(manifest)), "works": 3}
    store.pipe_file(manifest, json.dumps(altered).encode())
    with pytest.raises(DamagedFileError, match=r"^memory://.*/manifest\.json has been altered"):
        fetch_index(URL)
    store.pipe_file("/bucket/index/CURRENT", b"../../etc")
    with pytest.raises(DamagedFileError, match="names no index"):
        fetch_index(URL)
    assert not [path for path in (tmp_path / "cache").rglob("manifest.json") if ".fetching" not in str(path)]


def test_url_without_an_index_and_one_out_of_reach_say_so(
    store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFoundError, match="memory://bucket/other holds no index"):
        PaintingIndex.load("memory://bucket/other")
    folder = fetch_index(URL)

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(type(store), "cat_file", unreachable)
    assert fetch_index(URL) == folder
    with pytest.raises(UnreachableError, match=r"memory://bucket/other cannot be reached \(no route to host\)"):
        fetch_index("memory://bucket/other")


@pytest.mark.parametrize(
    "words",
    [["query", "#1"], ["compare", "#1", "#2"], ["audit"], ["map"], ["build-index", "list"],
     ["export", "{folder}/works.parquet"], ["eval-triplets", "--triplets", "{data}/test_triplets_with_labels.csv"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_command_takes_the_url_of_an_index(
    words: list[str], store: fsspec.AbstractFileSystem, small_index: PaintingIndex, small_collection: Path,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    command, *words = [word.format(folder=tmp_path, data=small_collection) for word in words]
    main = import_module(f"painter_search.{command}").main
    assert main([*words, "--index", URL, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    if "index" in printed:
        assert printed["index"] == small_index.digest
    else:
        assert main([*words, "--index", str(small_index.folder), "--json"]) == 0
        assert printed == json.loads(capsys.readouterr().out)
    if command == "map":
        page = fetch_index(URL).parent / "map.html"
        assert printed["page"] == str(page)
        assert page.is_file()


def test_settings_name_a_url_without_a_slash_and_commands_that_change_an_index_refuse_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    build = import_module("painter_search.build-index")
    assert MapConfig(index=f"{URL}/").index == AuditConfig(index=f"{URL}/").index == URL
    for arguments in (["--folder", "x"], ["remove", "1"], ["add", "x", "--artist", "A"]):
        assert build.main([*arguments, "--index", URL]) == 2
        assert "--index is a URL (memory://…), where nothing is written" in capsys.readouterr().err
    for change in (lambda: remove_works(URL, 1), lambda: add_paintings(URL, "x", "A")):
        with pytest.raises(InvalidValueError, match="index is a URL"):
            change()
