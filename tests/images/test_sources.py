"""Originals are listed and read in folders and zip archives."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from painter_search.common.errors import PainterSearchError, UnreadableImageError
from painter_search.images.sources import MAX_BYTES, Original, list_originals, nothing_found, read_file, read_original

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


def reason_of(original: Original, max_bytes: int = MAX_BYTES) -> str:
    with pytest.raises(UnreadableImageError) as raised:
        read_original(original, max_bytes)
    return str(raised.value)


def contents(container: Path) -> dict[str, bytes]:
    return {original.file: read_original(original) for original in list_originals([container])}


def test_list_originals_equal_for_folder_and_zip(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", FILES)
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        archive = fill_zip(tmp_path / f"{compression}.zip", FILES, compression)
        assert contents(archive) == contents(folder) == FILES
        assert [(o.file, o.size) for o in list_originals([archive])] == [
            (o.file, o.size) for o in list_originals([folder])
        ]


def test_list_originals_in_order_of_path_per_container(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"z.jpg": b"1", "y.jpg": b"2"})
    folder = fill_folder(tmp_path / "folder", FILES)
    assert [o.file for o in list_originals([archive, folder])] == ["y.jpg", "z.jpg", *sorted(FILES)]


def test_list_originals_skips_hidden_files_and_folders(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", {**FILES, **HIDDEN})
    archive = fill_zip(tmp_path / "z.zip", {**FILES, **HIDDEN, "__MACOSX/deep/._a.jpg": b"x"})
    assert [o.file for o in list_originals([folder])] == sorted(FILES)
    assert [o.file for o in list_originals([archive])] == sorted(FILES)


def test_list_originals_skips_folder_entries_of_archive(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("folder.jpg/", b"")
        opened.writestr("folder.jpg/a.jpg", b"ay")
    assert contents(archive) == {"folder.jpg/a.jpg": b"ay"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_list_originals_lists_repeated_member_once(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a.jpg", b"first")
        opened.writestr("a.jpg", b"second")
    assert len(list_originals([archive])) == 1


def test_original_base_name_has_no_folders(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", FILES)
    assert sorted(o.base_name for o in list_originals([folder])) == ["a.jpg", "b.jpg", "c d.png", "ü.tif"]


def test_list_originals_walks_folder_named_like_image(tmp_path: Path) -> None:
    folder = fill_folder(tmp_path / "folder", {"dir.jpg/a.jpg": b"ay"})
    assert contents(folder) == {"dir.jpg/a.jpg": b"ay"}


def test_read_original_refuses_directory(tmp_path: Path) -> None:
    (tmp_path / "dir.jpg").mkdir()
    assert reason_of(Original("dir.jpg", tmp_path, zipped=False, size=0)) == "a folder that cannot be listed"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_read_original_refuses_named_pipe_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (original,) = list_originals([tmp_path])
    assert reason_of(original) == "not a regular file but a pipe or device; save it as a file"


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")


def test_read_original_follows_link_within_folder(tmp_path: Path) -> None:
    fill_folder(tmp_path, {"a.jpg": b"ay"})
    link(tmp_path / "b.jpg", tmp_path / "a.jpg")
    assert contents(tmp_path) == {"a.jpg": b"ay", "b.jpg": b"ay"}


def test_read_original_refuses_dangling_link(tmp_path: Path) -> None:
    link(tmp_path / "dangling.jpg", tmp_path / "gone.jpg")
    (original,) = list_originals([tmp_path])
    assert reason_of(original).startswith("cannot be read")


def test_read_original_refuses_link_to_itself(tmp_path: Path) -> None:
    link(tmp_path / "loop.jpg", tmp_path / "loop.jpg")
    (original,) = list_originals([tmp_path])
    assert reason_of(original).startswith("cannot be read")


def test_read_original_refuses_deleted_file(tmp_path: Path) -> None:
    fill_folder(tmp_path, {"a.jpg": b"ay"})
    (original,) = list_originals([tmp_path])
    (tmp_path / "a.jpg").unlink()
    assert reason_of(original).startswith("cannot be read")


def test_read_original_refuses_member_larger_than_max_bytes(tmp_path: Path) -> None:
    for original in list_originals([fill_zip(tmp_path / "z.zip", FILES)]):
        if original.size > 2:
            assert reason_of(original, max_bytes=2).startswith("too large a file to read safely")
        else:
            assert read_original(original, max_bytes=2) == b"ay"


def test_read_file_gives_path_of_large_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(b"12345")
    assert read_file(path, max_bytes=5) == b"12345"
    assert read_file(path, max_bytes=4) == path


def encrypt(path: Path) -> None:
    """Set the flag that says that members are encrypted, in both of a zip archive's headers."""
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.find(signature)
        while position >= 0:
            content[position + offset] |= 1
            position = content.find(signature, position + 4)
    path.write_bytes(content)


def test_read_original_refuses_encrypted_member(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"ay"})
    encrypt(archive)
    (original,) = list_originals([archive])
    assert reason_of(original) == "encrypted in the archive; unpack it with its password, and give the folder"


def test_read_original_names_remedy_for_compression_it_cannot_read(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"ay"})
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.find(signature) + offset] = 9  # Deflate64, as Windows writes archives of 2 GB
    archive.write_bytes(content)
    (original,) = list_originals([archive])
    reason = reason_of(original)
    assert reason.startswith("cannot be read from the archive (")
    assert reason.endswith("; unpack the archive and give the folder)")


def test_read_original_refuses_damaged_member_only(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"A" * 500, "b.jpg": b"B" * 500}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[content.find(b"A" * 500) + 100] = 0
    archive.write_bytes(content)
    first, second = list_originals([archive])
    assert reason_of(first).startswith("cannot be read from the archive")
    assert read_original(second) == b"B" * 500


def test_list_originals_refuses_truncated_archive(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", FILES)
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(PainterSearchError, match=r"z\.zip is neither a folder nor a whole zip archive"):
        list_originals([archive])


def test_list_originals_refuses_archive_with_damaged_directory(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", FILES)
    content = bytearray(archive.read_bytes())
    position = content.find(b"PK\x01\x02")
    content[position : position + 4] = b"XXXX"
    archive.write_bytes(content)
    with pytest.raises(PainterSearchError, match="cannot be read as a zip archive"):
        list_originals([archive])


def test_read_original_reads_replaced_archive_anew(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"old"})
    assert contents(archive) == {"a.jpg": b"old"}
    fill_zip(archive, {"a.jpg": b"new"})
    os.utime(archive, ns=(1, 1))
    assert contents(archive) == {"a.jpg": b"new"}


def test_read_original_refuses_member_of_deleted_archive(tmp_path: Path) -> None:
    archive = fill_zip(tmp_path / "z.zip", {"a.jpg": b"ay"})
    (original,) = list_originals([archive])
    archive.unlink()
    assert reason_of(original).startswith("cannot be read from the archive")


def test_list_originals_refuses_missing_path(tmp_path: Path) -> None:
    with pytest.raises(PainterSearchError, match="does not exist"):
        list_originals([tmp_path / "gone"])


def test_list_originals_refuses_plain_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(PainterSearchError, match="neither a folder nor a whole zip archive"):
        list_originals([tmp_path / "a.txt"])


def test_nothing_found_names_what_was_passed_over() -> None:
    reason = "a folder that cannot be listed (Permission denied)"
    remedy = "fix that and run the command again."
    assert nothing_found([]) == ""
    assert nothing_found([("", reason)], Path("G")) == f"nothing was found: G is {reason}; {remedy}"
    places = [("Titian", reason), ("up", "a link")]
    assert nothing_found(places, Path("G"), Path("H")) == f"nothing was found: Titian in G, H is {reason}; {remedy}"


def test_list_originals_of_empty_folder_is_empty(tmp_path: Path) -> None:
    assert list_originals([tmp_path]) == []
