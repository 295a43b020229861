"""Originals at URLs are read like local ones; a fault of the network rejects no original."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from preparing import ARTISTS, Source, leftovers, rejected_of, tree

from painter_search.collection import config as collection_config
from painter_search.collection.framing_journal import JOURNAL
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import PainterSearchError, UnreadableImageError
from painter_search.common.files.urls import redact_url
from painter_search.images import remote_sources, sources
from painter_search.images.sources import list_originals, read_original
from painter_search.prepare import main

fsspec = pytest.importorskip("fsspec")
FILES = sum(ARTISTS.values())


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Any]:
    """fsspec's file system in this process's memory."""
    from fsspec.implementations.memory import MemoryFileSystem

    yield MemoryFileSystem
    system = fsspec.filesystem("memory")
    if system.exists(f"/{tmp_path.name}"):
        system.rm(f"/{tmp_path.name}", recursive=True)


def zip_folder(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


def upload(path: Path, url: str) -> str:
    """Copy a folder or file to a URL; dated as it is here."""
    system, root = fsspec.core.url_to_fs(url)
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        target = root if file == path else f"{root}/{file.relative_to(path).as_posix()}"
        system.pipe_file(target, file.read_bytes())
    return url


def unreachable(*_: object, **__: object) -> None:
    raise ConnectionError("no route to host")


def contents(url: str | Path) -> dict[str, bytes]:
    return {original.file: read_original(original) for original in list_originals([url])}


@pytest.mark.usefixtures("memory")
def test_prepare_collection_equal_from_folder_and_zip_at_url(source: Source, tmp_path: Path) -> None:
    local = prepare_collection(source.config(tmp_path / "here"))
    zipped = zip_folder(source.originals, tmp_path / "scans.zip")
    base = f"memory://{tmp_path.name}"
    locations = {
        "folder": upload(source.originals, f"{base}/scans"),
        "zip": upload(zipped, f"{base}/scans.zip"),
        "file": source.originals.as_uri(),
        "file-zip": zipped.as_uri(),
    }
    for name, url in locations.items():
        remote = prepare_collection(source.config(tmp_path / name, originals=(url,)))
        assert tree(remote.folder) == tree(local.folder), name
        assert tree(prepare_collection(source.config(tmp_path / name, originals=(url,))).folder) == tree(local.folder)


@pytest.mark.slow
def test_prepare_collection_from_url_with_worker_processes(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = prepare_collection(source.config(tmp_path / "here"))
    # Lest files of this machine be read without fsspec.
    monkeypatch.setattr(collection_config, "as_locations", lambda locations: tuple(map(str, locations)))
    for path in (source.originals, zip_folder(source.originals, tmp_path / "scans.zip")):
        config = source.config(tmp_path / f"from-{path.name}", originals=(path.as_uri(),), workers=2)
        assert isinstance(config.originals[0], str)
        assert tree(prepare_collection(config).folder) == tree(local.folder)


@pytest.mark.usefixtures("memory")
def test_list_originals_at_url_equal_to_local_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    files = {"a.jpg": b"ay", "deep/er/ü d.png": b"sea", "empty.jpg": b"", "what?.jpg": b"?"}
    for name, content in {**files, ".DS_Store": b"x", "deep/.hidden.jpg": b"x", ".git/config.jpg": b"x",
                          "x.photoslibrary/resources/a.jpg": b"x"}.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    url = upload(folder, f"memory://{tmp_path.name}/folder")
    assert contents(url) == contents(folder) == files
    assert [(o.file, o.size) for o in list_originals([url])] == [(o.file, o.size) for o in list_originals([folder])]
    assert contents(folder.as_uri()) == files  # through fsspec's own file system for this machine


def test_list_originals_at_url_skips_links(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.jpg").write_bytes(b"ay")
    try:
        (tmp_path / "folder" / "link.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
        (tmp_path / "folder" / "linked").symlink_to(tmp_path / "outside")
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")
    assert contents((tmp_path / "folder").as_uri()) == {"a.jpg": b"ay"}


def test_read_original_at_url_refuses_file_larger_than_max_bytes(memory: Any, tmp_path: Path) -> None:
    url = f"memory://{tmp_path.name}/folder"
    memory().pipe(f"/{tmp_path.name}/folder/a.jpg", b"too large")
    (listed,) = list_originals([url])
    for original in (listed, replace(listed, size=3), replace(listed, size=0)):  # as listed, grown since, unknown size
        with pytest.raises(UnreadableImageError, match="too large a file"):
            read_original(original, max_bytes=4)


def test_open_ranges_fetches_only_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "scans.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number in range(40):
            opened.writestr(f"{number}.jpg", bytes([number]) * 500_000)
    fetched: list[int] = []
    real = remote_sources._RangeReader.readinto

    def counting(self: Any, buffer: Any) -> int:
        fetched.append(real(self, buffer))
        return fetched[-1]

    monkeypatch.setattr(remote_sources._RangeReader, "readinto", counting)
    listed = list_originals([archive.as_uri()])
    assert len(listed) == 40
    assert read_original(listed[0]) == bytes(500_000)
    assert sum(fetched) < archive.stat().st_size / 3


@pytest.mark.usefixtures("memory")
def test_list_originals_at_url_refuses_damaged_archives(tmp_path: Path) -> None:
    whole = tmp_path / "z.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.jpg", b"A" * 500)
        archive.writestr("b.jpg", b"B" * 500)
        archive.writestr("__MACOSX/b.jpg", b"x")
    content = bytearray(whole.read_bytes())
    content[content.find(b"A" * 500) + 100] = 0
    whole.write_bytes(content)
    url = upload(whole, f"memory://{tmp_path.name}/z.zip")
    first, second = list_originals([url])
    with pytest.raises(UnreadableImageError, match="cannot be read from the archive"):
        read_original(first)
    assert read_original(second) == b"B" * 500
    for damaged in (b"", b"text", bytes(content[:-40])):
        fsspec.filesystem("memory").pipe_file(f"/{tmp_path.name}/damaged.zip", damaged)
        with pytest.raises(PainterSearchError, match="neither a folder nor a whole zip archive"):
            list_originals([f"memory://{tmp_path.name}/damaged.zip"])
    position = content.find(b"PK\x01\x02")
    content[position : position + 4] = b"XXXX"
    fsspec.filesystem("memory").pipe_file(f"/{tmp_path.name}/damaged.zip", bytes(content))
    with pytest.raises(PainterSearchError, match="cannot be read as a zip archive"):
        list_originals([f"memory://{tmp_path.name}/damaged.zip"])


def test_prepare_from_unreachable_url_is_one_sentence_and_writes_nothing(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.config(tmp_path / "data")  # writes the catalogue
    for url, reason in {
        "ftp://someone:secret@127.0.0.1:9/scans": "ftp://127.0.0.1:9/scans cannot be reached",
        f"memory://{tmp_path.name}/nothing": "does not exist; check the path after --originals",
        "nosuch://bucket/scans": "is not a URL that can be read",
    }.items():
        flags = ["--catalogue", str(source.catalogue), "--originals", url, "--out", str(tmp_path / "data")]
        assert main(flags) == 1
        printed = capsys.readouterr().err
        assert reason in printed
        assert len(printed.strip().splitlines()) == 1
        assert "secret" not in printed
        assert leftovers(tmp_path) == []
        assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("memory")
def test_redact_url_hides_passwords_and_keys(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert redact_url("ftp://me:se@cret@host/a@b/c") == "ftp://host/a@b/c"
    assert redact_url("simplecache::https://me:secret@host/z.zip?key=secret") == "simplecache::https://host/z.zip"
    assert redact_url("403 at https://host/z.zip?key=secret in vain") == "403 at https://host/z.zip in vain"
    url = upload(source.originals, f"memory://me:secret@{tmp_path.name}/scans")
    try:
        collection = prepare_collection(source.config(tmp_path / "data", originals=(url,)))
    finally:
        fsspec.filesystem("memory").rm(f"/me:secret@{tmp_path.name}", recursive=True)
    assert not any(b"secret" in content for content in tree(collection.folder).values())
    printed = capsys.readouterr()
    assert f"Listing memory://{tmp_path.name}/scans" in printed.err
    assert "secret" not in printed.out + printed.err


def test_list_originals_refuses_incomplete_listing(
    source: Source, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = upload(source.originals, f"memory://{tmp_path.name}/scans")
    real = memory.ls

    def failing(self: Any, path: str, *args: object, **kwargs: object) -> object:
        return unreachable() if path.endswith("/eve") else real(self, path, *args, **kwargs)

    monkeypatch.setattr(memory, "ls", failing)
    with pytest.raises(PainterSearchError, match=r"cannot be reached \(no route to host\)"):
        list_originals([url])


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("fault", ["unreachable", "gone", "cut off", "hanging"])
def test_prepare_collection_continues_after_network_fault(
    kind: str, fault: str, source: Source, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = prepare_collection(source.config(tmp_path / "here"))
    scans = source.originals if kind == "folder" else zip_folder(source.originals, tmp_path / "scans.zip")
    url = upload(scans, f"memory://{tmp_path.name}/{kind}")
    config = source.config(tmp_path / "data", originals=(url,))
    monkeypatch.setattr(remote_sources, "BUFFER_BYTES", 1 << 12)
    fetches: list[str] = []

    def fails_later(real: Any) -> Any:
        def fetch(self: Any, *args: Any, **kwargs: Any) -> object:
            fetches.append("")
            if len(fetches) < 30:
                return real(self, *args, **kwargs)
            if fault == "gone":
                raise FileNotFoundError(str(tmp_path))
            if fault == "cut off":
                return real(self, *args, **kwargs)[:10]
            if fault == "hanging":
                time.sleep(1)
            return unreachable()

        return fetch

    with monkeypatch.context() as patched:
        if fault == "hanging":
            patched.setattr(remote_sources, "TIMEOUT_SECONDS", 0.2)
        if kind == "folder":
            patched.setattr(memory, "cat_file", fails_later(memory.cat_file))
        else:
            real_open = memory.open

            class Failing:
                def __init__(self, file: Any) -> None:
                    self.seek = file.seek
                    self.read = lambda count: fails_later(lambda _, count: file.read(count))(None, count)

            patched.setattr(memory, "open", lambda *args, **kwargs: Failing(real_open(*args, **kwargs)))
        with pytest.raises(PainterSearchError, match=r"cannot be reached .*run the same command again") as raised:
            prepare_collection(config)
    assert str(tmp_path) not in str(raised.value)
    assert not config.out.exists()
    journal = (tmp_path / ".data.partial" / JOURNAL).read_text().splitlines()
    assert 0 < len(journal) < FILES
    assert all('"reason": ""' in line for line in journal)
    sources._open_archive.cache_clear()  # another process it is that runs the command again
    framed: list[str] = []
    real_read = sources.read_original
    monkeypatch.setattr(
        "painter_search.images.decode_pool.read_original",
        lambda original: (framed.append(original.file), real_read(original))[1],
    )
    collection = prepare_collection(config)
    assert tree(collection.folder) == tree(local.folder)
    assert rejected_of(collection) == rejected_of(local)
    assert len(framed) == FILES - len(journal)


@pytest.mark.usefixtures("memory")
def test_prepare_collection_notices_original_changed_at_url(source: Source, tmp_path: Path) -> None:
    url = upload(source.originals, f"memory://{tmp_path.name}/scans")
    config = source.config(tmp_path / "data", originals=(url,))
    prepare_collection(config)
    prepare_collection(config)  # nothing has changed
    upload(source.originals / "ann" / "0000.jpg", f"{url}/ann/0000.jpg")
    with pytest.raises(PainterSearchError, match="replace"):
        prepare_collection(config)
