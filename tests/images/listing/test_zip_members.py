"""Zip archives are read under the names that were meant, whatever wrote them."""

from __future__ import annotations

import struct
import time
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest

from painter_search.images.listing.name_encodings import guess_encoding
from painter_search.images.sources import list_sources, read_original

NAMES = {
    "cp437": ["Albrecht Dürer/1.jpg", "Édouard Manet/Le Déjeuner.jpg"],
    "cp850": ["Ángel Zárraga/1.jpg", "André Derain/2.jpg"],
    "cp1252": ["François Boucher/1.jpg", "Joan Miró/2.jpg"],
    "cp1250": ["Józef Chełmoński/1.jpg"],
    "cp866": ["Илья Репин/Бурлаки на Волге.jpg"],
    "cp1251": ["Иван Шишкин/Утро.jpg", "Monet/1.jpg"],
    "cp932": ["葛飾北斎/富嶽三十六景.jpg", "モネ/睡蓮.jpg", "歌川広重/表.jpg"],  # 表 ends with the byte of a backslash
    "gbk": ["齐白石/虾.jpg", "张大千/荷花.jpg"],
    "big5": ["齊白石/蝦.jpg", "莫內/睡蓮.jpg"],
    "cp949": ["김홍도/씨름.jpg", "신윤복/1.jpg"],
}


class Unmarked(zipfile.ZipInfo):
    """A member whose name is written in an encoding that the archive does not tell."""

    def __init__(self, name: str, encoding: str) -> None:
        super().__init__("x")
        self.filename, self._encoding = name, encoding

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 (zipfile's name)
        return self.filename.encode(self._encoding), self.flag_bits & ~0x800


def write_zip(path: Path, names: list[str], encoding: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(Unmarked(name, encoding), name.encode())
    return path


def contents(path: Path) -> dict[str, str]:
    return {original.file: read_original(original).decode() for original in list_sources([path]).originals}


@pytest.mark.parametrize("encoding", NAMES)
def test_list_sources_reads_unmarked_names(encoding: str, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "set.zip", [*NAMES[encoding], "plain/1.jpg"], encoding)
    assert contents(path) == {name: name for name in [*NAMES[encoding], "plain/1.jpg"]}
    (remark,) = list_sources([path]).remarks
    assert f"were read as {guess_encoding(name.encode(encoding) for name in NAMES[encoding])}, such as " in remark
    assert any(name in remark for name in NAMES[encoding])


def test_list_sources_reads_names_of_macos(tmp_path: Path) -> None:
    names = [unicodedata.normalize("NFD", name) for name in ("Albrecht Dürer/1.jpg", "Čapek/2.jpg")]
    path = write_zip(tmp_path / "mac.zip", [*names, "__MACOSX/Albrecht/._1.jpg"], "utf-8")
    assert contents(path) == {unicodedata.normalize("NFC", name): name for name in names}
    assert list_sources([path]).remarks == []  # no doubt


def test_list_sources_reads_marked_names_and_backslashes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("Dürer/1.jpg", b"one")  # marked as UTF-8 by zipfile
        for name in ("train\\Monet\\2.jpg", "train\\Monet\\"):
            member = zipfile.ZipInfo("x")
            member.filename = name
            archive.writestr(member, b"two")
    assert contents(tmp_path / "set.zip") == {"Dürer/1.jpg": "one", "train/Monet/2.jpg": "two"}


@pytest.mark.parametrize("honest", [True, False])
def test_list_sources_reads_unicode_path_field(honest: bool, tmp_path: Path) -> None:
    member, written = Unmarked("D_rer/1.jpg", "ascii"), "Dürer/1.jpg".encode()
    checksum = zlib.crc32(b"D_rer/1.jpg" if honest else b"another name")
    member.extra = struct.pack("<HHBI", 0x7075, 5 + len(written), 1, checksum) + written
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(member, b"one")
    assert contents(tmp_path / "set.zip") == {"Dürer/1.jpg" if honest else "D_rer/1.jpg": "one"}


def test_list_sources_lists_each_name_once(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "set.zip", ["a/1.jpg", "a\\1.jpg"], "ascii")
    assert [original.file for original in list_sources([path]).originals] == ["a/1.jpg"]


def test_guess_encoding_of_plain_names_is_ascii() -> None:
    assert guess_encoding([]) == guess_encoding([b"Monet/1.jpg"]) == "ascii"


def test_guess_encoding_is_quick_with_hostile_names() -> None:
    started = time.process_time()
    guess_encoding([bytes([200 + number % 50]) * 60_000 for number in range(50)])
    guess_encoding([f"{number} ".encode() + bytes([200 + number % 50]) * 200 for number in range(20_000)])
    assert time.process_time() - started < 5


def test_archive_whose_pictures_have_plain_names_beside_others_is_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.writestr("a/1.jpg", b"one")
        archive.writestr("Entwuerfe/", b"")
    content = (tmp_path / "scans.zip").read_bytes().replace(b"Entwuerfe/", "Entw\u00fcrfe_/".encode("cp850"))
    (tmp_path / "scans.zip").write_bytes(content)
    listing = list_sources([tmp_path / "scans.zip"], "--folder")
    assert [original.file for original in listing.originals] == ["a/1.jpg"]
    assert listing.remarks == []
