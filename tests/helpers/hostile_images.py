"""Files that claim to be images: damaged, lying, enormous, or not files at all."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tiff_files import ICC_LAB, PLANAR, SENSOR, SUBFILE, Page, tiff

BOMB = 9_900
"""Side in pixels of images that are just small enough to be decoded whole, and almost nothing as files."""


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, depth: int, color: int, rows: int | None = None, chunks: bytes = b"") -> bytes:
    """A PNG file of zeros that claims a size and has `rows` rows (by default all)."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    packer = zlib.compressobj(1)
    row = bytes(1 + (width * channels * depth + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def many_scans(scans: int) -> bytes:
    """A progressive JPEG that repeats its last scan."""
    content = save(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + b"\xff\xd9"


BOMBS: dict[str, Callable[[], bytes]] = {
    "bomb-grey16.png": lambda: png(BOMB, BOMB, 16, 0),
    "bomb-rgb.png": lambda: png(BOMB, BOMB, 8, 2),
    "bomb-rgba.png": lambda: png(BOMB, BOMB, 8, 6),
    "bomb-rgb16.png": lambda: png(BOMB, BOMB, 16, 2),
    "bomb-grey1.png": lambda: png(BOMB, BOMB, 1, 0),
    "bomb-over.png": lambda: png(60_000, 60_000, 8, 2, rows=10),
    "bomb-claimed.png": lambda: png(2**31 - 1, 2**31 - 1, 16, 6, rows=0),
    "bomb-cut.png": lambda: png(BOMB, BOMB, 16, 6, rows=1),
    "bomb-text.png": lambda: png(20, 20, 8, 2, chunks=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000)))),
    "bomb-icc.png": lambda: png(20, 20, 8, 2, chunks=chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000)))),
    "bomb-lab.tif": lambda: save(Image.new("LAB", (BOMB, BOMB)), "TIFF", compression="tiff_adobe_deflate"),
    "bomb-float.tif": lambda: save(Image.new("F", (BOMB, BOMB)), "TIFF", compression="tiff_adobe_deflate"),
    "bomb.gif": lambda: save(Image.new("P", (BOMB, BOMB)), "GIF"),
    "bomb.webp": lambda: save(Image.new("RGBA", (BOMB, BOMB)), "WEBP", method=0),
    "bomb-progressive.jpg": lambda: save(Image.new("CMYK", (BOMB, BOMB)), "JPEG", progressive=True),
    "bomb.jp2": lambda: save(Image.new("RGB", (BOMB, BOMB)), "JPEG2000"),
    "bomb-scan.png": lambda: png(30_000, 20_000, 8, 0),
    "bomb-interlaced.png": lambda: interlaced(png(60_000, 60_000, 8, 2, rows=10)),
    "bomb-scan.jpg": lambda: claiming(save(Image.new("RGB", (64, 64)), "JPEG"), 65_500, 65_500),
    "bomb-scan-progressive.jpg": lambda: claiming(
        save(Image.new("RGB", (64, 64)), "JPEG", progressive=True), 65_500, 65_500
    ),
    "bomb-planes.tif": lambda: tiff(small_page({256: 60_000, 257: 50_000, 278: 50_000, PLANAR: 2})),
    "bomb-channels.tif": lambda: tiff(small_page({256: 65_000, 257: 65_000, 277: 65_000})),
    "bomb-tile.tif": lambda: tiff(small_page({256: 40_000, 257: 40_000, 322: 40_000, 323: 40_000})),
    "bomb-pages.tif": lambda: tiff(*[small_page({})] * 3_000),
    "bomb.avif": lambda: save(Image.new("RGB", (6_900, 6_900)), "AVIF", speed=10),
}
"""Small files that are, or claim to be, large images."""


def small_page(tags: dict[int, int | tuple[int, ...]]) -> Page:
    return Page(np.zeros((8, 8, 3), np.uint8), tags=tags)


def interlaced(content: bytes) -> bytes:
    """A PNG file whose header says that it is interlaced."""
    header = content[16:28] + b"\1"
    return content[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + content[33:]


def claiming(content: bytes, width: int, height: int) -> bytes:
    """A JPEG file whose header claims another size."""
    start = next(content.index(marker) for marker in (b"\xff\xc0", b"\xff\xc2") if marker in content)
    return content[: start + 5] + struct.pack(">HH", height, width) + content[start + 9 :]


def odd_files() -> Iterator[tuple[str, bytes]]:
    """Yield small files that lie in other ways."""
    yield "scans.jpg", many_scans(3_000)
    yield "zero.jpg", b""
    yield "text.jpg", b"no image\n" * 1000
    yield "zip.jpg", zipped_zeros(300_000_000)
    yield "script.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(/tmp/x) (w) file\n"
    yield "vector.jpg", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>'
    yield "thin.png", png(60_000, 3, 8, 0)
    yield "dot.png", png(1, 1, 8, 2)
    yield "page.jpg", b"<!DOCTYPE html><html><body>404"
    yield "document.tif", b"%PDF-1.7\n" + bytes(1000)
    yield "film.jpg", b"\0\0\0\x18ftypmp42\0\0\0\0" + bytes(1000)
    yield "phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(1000)
    yield "raw.tif", tiff(Page(np.zeros((8, 8), np.uint16), SENSOR))
    loop = bytearray(tiff(small_page({})))
    loop[-4:] = loop[4:8]  # the next page is the page itself
    yield "loop.tif", bytes(loop)


def zipped_zeros(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(size))
    return buffer.getvalue()


def seeds() -> list[tuple[str, bytes]]:
    """A small good image of every kind that is read, by file extension."""
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (60, 50, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a title"
    saved = [
        ("jpg", save(image, "JPEG", exif=exif)), ("jpg", save(image, "JPEG", progressive=True)),
        ("png", save(image, "PNG", exif=exif)), ("png", save(image.convert("P"), "PNG", transparency=3)),
        ("webp", save(image, "WEBP", exif=exif)), ("webp", save(image, "WEBP", lossless=True)),
        ("tif", save(image, "TIFF")), ("tif", save(image, "TIFF", compression="tiff_lzw")),
        ("tif", save(image, "TIFF", compression="jpeg")), ("bmp", save(image, "BMP")), ("gif", save(image, "GIF")),
        ("jp2", save(image, "JPEG2000")), ("ppm", save(image, "PPM")),
        ("tga", save(image, "TGA", compression="tga_rle")), ("avif", save(image, "AVIF")), ("ico", save(image, "ICO")),
        ("jpg", save(image, "JPEG")[:-2]), ("png", save(image, "PNG", icc_profile=b"rubbish", dpi=(300, 300))),
    ]  # fmt: skip
    array = np.asarray(image)
    deep, thumbnail = array.astype(np.uint16) * 257, Page(array[::4, ::4].copy(), tags={SUBFILE: 1})
    for order, big in (("<", False), (">", True)):
        saved.append(("tif", tiff(Page(deep), order=order, big=big)))
        saved.append(("tif", tiff(thumbnail, Page(array, sub_pages=[thumbnail]), order=order, big=big)))
    saved.append(("tif", tiff(Page(array, ICC_LAB))))
    return saved


def mutants(number: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield damaged copies of good images: cut, with flipped bits, foreign headers, lying sizes, or repeated parts."""
    rng, good = np.random.default_rng(seed), seeds()
    ways: list[Callable[[bytearray], bytes]] = [
        lambda data: bytes(data[: rng.integers(1, len(data))]),
        lambda data: _flipped(data, rng, len(data)),
        lambda data: _flipped(data, rng, min(len(data), 120)),
        lambda data: good[rng.integers(len(good))][1][: rng.integers(2, 64)] + bytes(data[rng.integers(2, 64) :]),
        lambda data: _overwritten(data, rng),
        lambda data: bytes(data[: len(data) // 2]) * int(rng.integers(2, 5)) + bytes(data[len(data) // 2 :]),
    ]
    for count in range(number):
        kind, content = good[count % len(good)]
        yield f"mutant-{count:05d}.{kind}", ways[rng.integers(len(ways))](bytearray(content))


def _flipped(data: bytearray, rng: np.random.Generator, within: int) -> bytes:
    for position in rng.integers(0, within, size=rng.integers(1, 20)):
        data[position] ^= 1 << rng.integers(8)
    return bytes(data)


def _overwritten(data: bytearray, rng: np.random.Generator) -> bytes:
    position = int(rng.integers(4, min(len(data), 200)))
    data[position : position + 4] = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4), b"\x00\x00\xff\xff"][
        rng.integers(4)
    ]
    return bytes(data)


def strange_entries(folder: Path, outside: Path) -> list[str]:
    """Make links, pipes, devices and folders with names of images; returns names that no table can hold."""
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    (folder / "link.jpg").symlink_to(outside)
    (folder / "device.jpg").symlink_to("/dev/zero")
    (folder / "nowhere.jpg").symlink_to(folder / "gone.jpg")
    (folder / "circle.jpg").symlink_to(folder / "circle.jpg")
    (folder / "folder.jpg" / "deep.jpg").symlink_to("../../..")
    return ["line\nbreak.jpg", "bell\a.jpg", "\x1b[2Jclear.jpg", os.fsdecode(b"latin-\xe9.jpg")]


GOOD_NAMES = ["🎨 Ёжик.jpg", "🖼🖼🖼.jpg", "ä" * 125 + ".jpg", "a" * 251 + ".jpg", "-rf.jpg", "a;b$(c)'\"&.jpg", " .jpg"]
"""Odd but valid names: 4-byte characters, 255 bytes, flags, quotes."""
