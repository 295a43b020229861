"""Originals are read where they lie, in folders and in zip archives."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from painter_search.collection import originals
from painter_search.collection.framing import UnreadablePainting
from painter_search.collection.originals import Original, list_originals, read_original
from painter_search.errors import UserError

FILES = {"b.jpg": b"bee", "a.jpg": b"ay", "deep/er/c d.png": b"sea", "deep/ü.tif": b"umlaut"}
HIDDEN = {".DS_Store": b"x", "deep/.hidden.jpg": b"x", ".git/config.jpg": b"x"}


def fill_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def fill_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def reason_of(original: Original) -> str:
    with pytest.raises(UnreadablePainting) as raised:
        read_original(original)
    return str(raised.value)


def contents(container: Path) -> dict[str, bytes]:
    return {original.file: read_original(original) for original in list_originals([container])}


def test_a_folder_and_its_zip_give_the_same(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", FILES)
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        archive = fill_zip(tmp_path / f"{compression}.zip", FILES, compression)
        assert contents(archive) == contents(folder) == FILES
        assert [(o.file, o.size) for o in list_originals([archive])] == [
            (o.file, o.size) for o in list_originals([folder])
        ]


def test_files_come_in_order_of_path_container_by_container(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"z.jpg": b"1", "y.jpg": b"2"})
    folder = fill_folder(tmp_path / "folder", FILES)
    assert [o.file for o in list_originals([archive, folder])] == ["y.jpg", "z.jpg", *sorted(FILES)]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", {**FILES, **HIDDEN})
    archive = fill_zip(tmp_path / "z.zip", {**FILES, **HIDDEN, "__MACOSX/deep/._a.jpg": b"x"})
    assert [o.file for o in list_originals([folder])] == sorted(FILES)
    assert [o.file for o in list_originals([archive])] == sorted(FILES)


def test_folders_within_an_archive_are_no_files(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("folder.jpg/", b"")
        opened.writestr("folder.jpg/a.jpg", b"ay")
    assert contents(archive) == {"folder.jpg/a.jpg": b"ay"}


def test_an_archive_made_with_backslashes_has_folders_too(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        member = zipfile.ZipInfo("x")
        member.filename = "train\\1.jpg"
        opened.writestr(member, b"one")
    (original,) = list_originals([archive])
    assert original.base_name == "1.jpg"
    assert read_original(original) == b"one"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_named_twice_is_listed_once(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a.jpg", b"first")
        opened.writestr("a.jpg", b"second")
    assert len(list_originals([archive])) == 1


def test_the_base_name_has_no_folders(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", FILES)
    assert sorted(o.base_name for o in list_originals([folder])) == ["a.jpg", "b.jpg", "c d.png", "ü.tif"]


def test_a_folder_named_like_an_image_is_walked_as_a_folder(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", {"dir.jpg/a.jpg": b"ay"})
    assert contents(folder) == {"dir.jpg/a.jpg": b"ay"}


def test_a_directory_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dir.jpg").mkdir()
    assert reason_of(Original("dir.jpg", tmp_path, zipped=False, size=0)) == "a folder that cannot be listed"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (original,) = list_originals([tmp_path])
    assert reason_of(original) == "not a regular file"


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "folder").mkdir()
    link(tmp_path / "folder" / "link.jpg", tmp_path / "secret.jpg")
    (original,) = list_originals([tmp_path / "folder"])
    assert reason_of(original) == "a symbolic link out of the folder"


def test_a_link_to_a_folder_outside_is_not_walked(tmp_path: Path) -> None:
    fill_folder(tmp_path / "outside", {"secret.jpg": b"secret"})
    fill_folder(tmp_path / "folder", {"a.jpg": b"ay"})
    link(tmp_path / "folder" / "linked", tmp_path / "outside")
    assert [o.file for o in list_originals([tmp_path / "folder"])] == ["a.jpg"]


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    fill_folder(tmp_path, {"a.jpg": b"ay"})
    link(tmp_path / "b.jpg", tmp_path / "a.jpg")
    assert contents(tmp_path) == {"a.jpg": b"ay", "b.jpg": b"ay"}


def test_a_link_that_leads_nowhere_has_a_reason(tmp_path: Path) -> None:
    link(tmp_path / "dangling.jpg", tmp_path / "gone.jpg")
    (original,) = list_originals([tmp_path])
    assert reason_of(original).startswith("cannot be read")


def test_a_link_to_itself_has_a_reason(tmp_path: Path) -> None:
    link(tmp_path / "loop.jpg", tmp_path / "loop.jpg")
    (original,) = list_originals([tmp_path])
    assert reason_of(original)


def test_a_file_that_vanished_has_a_reason(tmp_path: Path) -> None:
    fill_folder(tmp_path, {"a.jpg": b"ay"})
    (original,) = list_originals([tmp_path])
    (tmp_path / "a.jpg").unlink()
    assert reason_of(original).startswith("cannot be read")


def test_a_file_too_large_to_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, archive = fill_folder(tmp_path / "folder", FILES), fill_zip(tmp_path / "z.zip", FILES)
    monkeypatch.setattr(originals, "MAX_BYTES", 2)
    for container in (folder, archive):
        for original in list_originals([container]):
            if original.size > 2:
                assert reason_of(original).startswith("too large a file")
            else:
                assert read_original(original) == b"ay"


def encrypt(path: Path) -> None:
    """Set the flag that says that members are encrypted, in both of a zip archive's headers."""
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(signature, place + 4)
    path.write_bytes(content)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"ay"})
    encrypt(archive)
    (original,) = list_originals([archive])
    assert reason_of(original) == "encrypted in the archive"


def test_a_damaged_member_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"A" * 500, "b.jpg": b"B" * 500}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[content.find(b"A" * 500) + 100] = 0
    archive.write_bytes(content)
    first, second = list_originals([archive])
    assert reason_of(first).startswith("cannot be read from the archive")
    assert read_original(second) == b"B" * 500


def test_an_archive_without_its_end_is_an_error(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", FILES)
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"z\.zip"):
        list_originals([archive])


def test_an_archive_with_a_damaged_directory_is_an_error(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", FILES)
    content = bytearray(archive.read_bytes())
    place = content.find(b"PK\x01\x02")
    content[place : place + 4] = b"XXXX"
    archive.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as a zip archive"):
        list_originals([archive])


def test_an_archive_replaced_since_is_read_anew(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"old"})
    assert contents(archive) == {"a.jpg": b"old"}
    fill_zip(archive, {"a.jpg": b"new"})
    os.utime(archive, ns=(1, 1))
    assert contents(archive) == {"a.jpg": b"new"}


def test_an_archive_that_vanished_has_a_reason(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"ay"})
    (original,) = list_originals([archive])
    archive.unlink()
    assert reason_of(original).startswith("cannot be read from the archive")


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        list_originals([tmp_path / "gone"])


def test_a_plain_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(UserError, match="neither a folder nor a whole zip archive"):
        list_originals([tmp_path / "a.txt"])


def test_an_empty_folder_has_no_originals(tmp_path: Path) -> None:
    assert list_originals([tmp_path]) == []
