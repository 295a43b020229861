"""Reading Qt's binary resource files (`.rcc`), which hold a tree of files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPRESSED, FOLDER = 1, 2
NODE_BYTES = {1: 14, 2: 22, 3: 22}
"""Bytes of an entry of the tree by the format's version; those since 2 end with the time of the file."""


@dataclass(frozen=True)
class ResourceFile:
    """A `.rcc` file, as `rcc --binary` of Qt 5 and 6 writes it: big-endian; its parts lie where the header says."""

    content: bytes
    node_bytes: int
    tree: int
    data: int
    names: int

    @classmethod
    def open(cls, path: Path) -> ResourceFile:
        """Read a file; raises `ValueError` if it is none, or compressed in another way than with zlib."""
        content = path.read_bytes()
        magic, version, tree, data, names = struct.unpack_from(">4sIIII", content.ljust(24, b"\0"))
        if magic != b"qres" or version not in NODE_BYTES:
            raise ValueError(f"{path} is not a file of Qt resources of version 1 to 3")
        return cls(content, NODE_BYTES[version], tree, data, names)

    def files(self, node: int = 0, folder: str = "") -> Iterator[tuple[str, bytes]]:
        """The path and the bytes of every file."""
        start = self.tree + node * self.node_bytes
        name_at, flags = struct.unpack_from(">IH", self.content, start)
        (length,) = struct.unpack_from(">H", self.content, self.names + name_at)
        name = self.content[self.names + name_at + 6 :][: 2 * length].decode("utf-16-be")
        path = f"{folder}/{name}".lstrip("/")
        if flags & FOLDER:
            count, first = struct.unpack_from(">II", self.content, start + 6)
            for child in range(first, first + count):
                yield from self.files(child, path)
            return
        (at,) = struct.unpack_from(">I", self.content, start + 10)
        (size,) = struct.unpack_from(">I", self.content, self.data + at)
        found = self.content[self.data + at + 4 :][:size]
        if flags & COMPRESSED:
            found = zlib.decompress(found[4:])  # after the length of what comes out
        elif flags:
            raise ValueError(f"{path} is compressed in a way that is not read here")
        yield path, found
