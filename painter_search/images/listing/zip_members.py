"""The members of a zip archive under the names that were meant."""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass

from painter_search.images.listing.name_encodings import guess_encoding
from painter_search.images.listing.side_files import is_side_file

UTF_8_FLAG = 0x800
"""Bit 11 of a member's flags: its name is UTF-8 (APPNOTE.TXT, 4.4.4)."""
UNICODE_PATH = 0x7075
"""Extra field with the name in UTF-8, as Info-ZIP and WinRAR write it (APPNOTE.TXT, 4.6.9)."""


@dataclass(frozen=True)
class ZipMember:
    """A file in an archive."""

    path: str
    """Path in the archive as meant, with forward slashes."""
    info: zipfile.ZipInfo


def without_zip(name: str) -> str:
    """The name of an archive without the ending `.zip`, in capitals or not; any other name as it is."""
    return name[:-4] if name.lower().endswith(".zip") else name


def list_members(archive: zipfile.ZipFile) -> tuple[list[ZipMember], str]:
    """The files of an archive without hidden and side files, and the encoding that unmarked names were read in.

    Names without a mark are UTF-8 where all of them are valid UTF-8, as those of macOS, and else read as
    `guess_encoding` finds. Backslashes, as some programs on Windows write them, divide folders.
    """
    unmarked = [_name_bytes(info) for info in archive.infolist() if _marked_name(info) is None]
    encoding = guess_encoding(unmarked)
    members: dict[str, ZipMember] = {}
    for info in archive.infolist():
        name = _marked_name(info)
        name = (_name_bytes(info).decode(encoding, "replace") if name is None else name).replace("\\", "/")
        if not name.endswith("/") and not is_side_file(name):
            members.setdefault(name, ZipMember(name, info))  # of two with one name, one is read
    return list(members.values()), encoding


def _marked_name(info: zipfile.ZipInfo) -> str | None:
    """The name of a member that says its encoding; None if it does not."""
    return info.orig_filename.split("\0")[0] if info.flag_bits & UTF_8_FLAG else _unicode_path(info)


def _name_bytes(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.split("\0")[0].encode("cp437")  # as which zipfile reads unmarked names


def _unicode_path(info: zipfile.ZipInfo) -> str | None:
    """The name in the extra field, which counts if it was made for the name in the header."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            (checksum,) = struct.unpack_from("<I", field, 1)
            if checksum == zlib.crc32(_name_bytes(info)):
                return field[5:].decode("utf-8", "replace")
    return None
