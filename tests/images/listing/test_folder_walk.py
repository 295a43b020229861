"""Folders are listed with their links followed where that is safe, and without side files."""

from __future__ import annotations

import errno
import os
import unicodedata
from pathlib import Path

import pytest

from painter_search.images.listing.folder_walk import walk_folder
from painter_search.images.listing.side_files import is_note, is_side_file
from painter_search.images.sources import list_sources, read_original


def fill(folder: Path, *files: str) -> Path:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    return folder


def link(path: Path, target: Path | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")


def walked(folder: Path, once: bool = True) -> tuple[list[str], dict[str, str]]:
    walk = walk_folder(folder, each_file_once=once)
    return sorted(file.path for file in walk.files), dict(walk.passed_over)


def test_walk_folder_follows_links_to_folders_and_files_outside(tmp_path: Path) -> None:
    fill(tmp_path / "nas", "Degas/1.jpg", "Degas/late/2.jpg", "blob")
    fill(tmp_path / "set", "Monet/1.jpg")
    link(tmp_path / "set/Degas", tmp_path / "nas/Degas")
    link(tmp_path / "set/Titian/1.jpg", "../../nas/blob")
    files, passed_over = walked(tmp_path / "set")
    assert files == ["Degas/1.jpg", "Degas/late/2.jpg", "Monet/1.jpg", "Titian/1.jpg"]
    assert passed_over == {}
    listed = {original.file: original for original in list_sources([tmp_path / "set"]).originals}
    assert read_original(listed["Titian/1.jpg"]) == b"blob"
    assert listed["Titian/1.jpg"].size == 4
    assert read_original(listed["Degas/late/2.jpg"]) == b"Degas/late/2.jpg"


def test_walk_folder_lists_no_folder_twice(tmp_path: Path) -> None:
    fill(tmp_path / "set", "Monet/1.jpg")
    fill(tmp_path / "nas", "Degas/2.jpg", "Goya/3.jpg")
    link(tmp_path / "set/Claude Monet", "Monet")
    link(tmp_path / "set/a", tmp_path / "nas/Degas")
    link(tmp_path / "set/b", tmp_path / "nas")
    files, passed_over = walked(tmp_path / "set")
    assert files == ["Monet/1.jpg", "a/2.jpg", "b/Goya/3.jpg"]
    assert passed_over == {
        "Claude Monet": "a link to the folder Monet, which is listed there",
        "b/Degas": "the folder that the link a leads to, which is listed there",
    }


@pytest.mark.parametrize("target", [".", "..", "/", "../set", "../.."])
def test_walk_folder_does_not_follow_link_to_a_folder_above(target: str, tmp_path: Path) -> None:
    fill(tmp_path / "set", "Monet/1.jpg")
    link(tmp_path / "set/Monet/up", target if target == "/" else Path("..") / target)
    files, passed_over = walked(tmp_path / "set")
    assert files == ["Monet/1.jpg"]
    assert passed_over == {"Monet/up": "a link to a folder that it lies in"}


def test_walk_folder_does_not_follow_links_of_linked_folders_upward(tmp_path: Path) -> None:
    fill(tmp_path / "set", "Monet/1.jpg")
    fill(tmp_path / "nas", "Degas/2.jpg", "secret.jpg")
    link(tmp_path / "nas/Degas/up", tmp_path / "nas")
    link(tmp_path / "set/Degas", tmp_path / "nas/Degas")
    link(tmp_path / "nas/Degas/back", tmp_path / "set/Monet")
    files, passed_over = walked(tmp_path / "set")
    assert files == ["Degas/2.jpg", "Monet/1.jpg"]
    assert passed_over == {
        "Degas/up": "a link to a folder that it lies in",
        "Degas/back": "a link to the folder Monet, which is listed there",
    }


def test_walk_folder_takes_each_file_once_or_under_every_name(tmp_path: Path) -> None:
    fill(tmp_path, "Monet/1.jpg")
    link(tmp_path / "Monet/0.jpg", "1.jpg")  # a file itself goes before a link to it
    files, passed_over = walked(tmp_path)
    assert files == ["Monet/1.jpg"]
    assert passed_over == {"Monet/0.jpg": "a link to the file Monet/1.jpg, which is listed there"}
    assert walked(tmp_path, once=False) == (["Monet/0.jpg", "Monet/1.jpg"], {})  # a catalogue may name either


def test_walk_folder_keeps_hard_links(tmp_path: Path) -> None:
    fill(tmp_path, "Monet/1.jpg")
    os.link(tmp_path / "Monet/1.jpg", tmp_path / "Monet/2.jpg")
    assert walked(tmp_path)[0] == ["Monet/1.jpg", "Monet/2.jpg"]


def test_walk_folder_lists_hugging_face_cache_by_its_snapshots(tmp_path: Path) -> None:
    fill(tmp_path, "blobs/0a1b", "blobs/2c3d", "refs/main")
    for number, blob in ((1, "0a1b"), (2, "2c3d")):
        link(tmp_path / f"snapshots/main/Monet/{number}.jpg", f"../../../blobs/{blob}")
    assert walked(tmp_path) == (["snapshots/main/Monet/1.jpg", "snapshots/main/Monet/2.jpg"], {})


def test_walk_folder_keeps_what_lies_in_a_folder_that_may_not_be_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "Monet/1.jpg", "Titian/2.jpg", "Titian/late/3.jpg")
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path.parent.name == "Titian":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    reason = f"a folder that cannot be listed ({os.strerror(errno.EACCES)})"
    assert walked(tmp_path) == (["Monet/1.jpg", "Titian/2.jpg"], {"Titian/late": reason})


def test_walk_folder_passes_over_what_is_deleted_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "Monet/1.jpg", "Titian/2.jpg")
    real = Path.lstat
    monkeypatch.setattr(
        Path, "lstat", lambda path: real(path.with_name("gone") if path.name in ("1.jpg", "Titian") else path)
    )
    assert walked(tmp_path) == ([], {})


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may list every folder")
def test_walk_folder_names_folder_without_permission(tmp_path: Path) -> None:
    fill(tmp_path, "Monet/1.jpg", "Titian/2.jpg")
    (tmp_path / "Titian").chmod(0)
    try:
        assert walked(tmp_path) == (["Monet/1.jpg"], {"Titian": "a folder that cannot be listed (Permission denied)"})
    finally:
        (tmp_path / "Titian").chmod(0o700)


@pytest.mark.parametrize(
    "file",
    ["Thumbs.db", "a/thumbs.DB", "desktop.ini", "a/.DS_Store", "._1.jpg", "__MACOSX/a/1.jpg", "a/@eaDir/1.jpg/X.jpg",
     "#recycle/1.jpg", "$RECYCLE.BIN/1.jpg", "Icon\r", ".git/1.jpg", "~$notes.docx", "CaptureOne/Cache/Proxies/1.jpg",
     "a/CaptureOne/Settings131/1.jpg",
     "2020 Previews.lrdata/0/1.jpg", "a/Photos Library.photoslibrary/resources/derivatives/1.jpg",
     "Old.photolibrary/Thumbnails/1.jpg"],
)  # fmt: skip
def test_is_side_file_knows_what_systems_leave_behind(file: str, tmp_path: Path) -> None:
    assert is_side_file(file)
    fill(tmp_path, file, "Monet/1.jpg")
    assert walked(tmp_path) == (["Monet/1.jpg"], {})


def test_is_side_file_keeps_paintings_and_what_people_write() -> None:
    for file in ("Monet/1.jpg", "catalogue.csv", "../1.jpg", "Icon.jpg", "thumbs/1.jpg", "desktop.ini.jpg"):
        assert not is_side_file(file)
    for file in ("CaptureOne/1.jpg", "CaptureOne/Monet/1.jpg", "Cache/1.jpg", "Settings/1.jpg"):
        assert not is_side_file(file)
    for file in ("resources/1.jpg", "a.photoslibrary/originals/0/1.jpg", "a.photolibrary/Masters/resources/1.jpg"):
        assert not is_side_file(file)
    assert is_note("a/catalogue.CSV")
    assert not is_note("a/1.jpg")
    assert not is_note("a/csv")


def test_walk_folder_takes_a_photo_library_for_its_pictures(tmp_path: Path) -> None:
    library = fill(tmp_path / "Photos Library.photoslibrary", "originals/0/1.jpg", "resources/derivatives/1.jpg")
    assert walked(library) == (["originals/0/1.jpg"], {})
    assert walked(tmp_path) == (["Photos Library.photoslibrary/originals/0/1.jpg"], {})


def test_walk_folder_names_files_that_are_in_icloud(tmp_path: Path) -> None:
    reason = "in iCloud, not on this machine; download it in Finder"
    fill(tmp_path, "Monet/1.jpg", "Monet/.2.jpg.icloud", ".3.jpg.icloud", "..DS_Store.icloud", ".icloud", "a.icloud")
    assert walked(tmp_path) == (["Monet/1.jpg", "a.icloud"], {"Monet/2.jpg": reason, "3.jpg": reason})
    assert dict(list_sources([tmp_path]).passed_over) == {"Monet/2.jpg": reason, "3.jpg": reason}


def test_list_sources_composes_names_and_opens_files_by_their_own(tmp_path: Path) -> None:
    composed, decomposed = "Dürer/1.jpg", unicodedata.normalize("NFD", "Dürer/1.jpg")
    fill(tmp_path, decomposed)
    (original,) = list_sources([tmp_path]).originals
    assert original.file == composed
    assert read_original(original) == decomposed.encode()
    fill(tmp_path, composed)
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system takes both names for one")
    originals = list_sources([tmp_path]).originals
    assert {original.file for original in originals} == {composed, decomposed}  # no two under one name
    assert {read_original(original) for original in originals} == {composed.encode(), decomposed.encode()}
