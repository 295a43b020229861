"""TIFF files as scanners, cameras and editors write them, field by field."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SUBFILE, BITS, PHOTOMETRIC, PLANAR, SUB_PAGES, EXTRA_SAMPLES, SAMPLE_FORMAT = 254, 258, 262, 284, 330, 338, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, CIE_LAB, ICC_LAB, SENSOR = 0, 1, 2, 5, 8, 9, 32803
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}


@dataclass
class Page:
    """One page: an array `[height, width]` or `[height, width, channels]`, uncompressed in one strip."""

    pixels: NDArray[np.generic]
    photometric: int = RGB
    tags: dict[int, int | tuple[int, ...]] = field(default_factory=dict)
    sub_pages: Sequence[Page] = ()


def tiff(*pages: Page, order: str = "<", big: bool = False) -> bytes:
    """A TIFF file of the pages, one after another; `order` is the byte order, `big` makes it a BigTIFF."""
    mark = b"II" if order == "<" else b"MM"
    content = bytearray(
        mark + (struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0))
    )  # fmt: skip
    pointer = 8 if big else 4
    for page in pages:
        offset, link = _write(content, page, order, big)
        struct.pack_into(order + ("Q" if big else "I"), content, pointer, offset)
        pointer = link
    return bytes(content)


def planes(pixels: NDArray[np.generic], photometric: int, extra: tuple[int, ...] = (), deflate: bool = False) -> bytes:
    """A TIFF file of an array `[height, width, channels]`, each channel in a strip of its own."""
    height, width, channels = pixels.shape
    strips = [np.ascontiguousarray(pixels[..., channel]).tobytes() for channel in range(channels)]
    strips = [zlib.compress(strip) for strip in strips] if deflate else strips
    sizes = tuple(map(len, strips))
    starts = tuple(8 + sum(sizes[:channel]) for channel in range(channels))
    tags: dict[int, int | tuple[int, ...]] = {
        256: width, 257: height, BITS: (8 * pixels.dtype.itemsize,) * channels, 259: 8 if deflate else 1, 273: starts,
        277: channels, 278: height, 279: sizes, PLANAR: 2, SAMPLE_FORMAT: (1,) * channels,
    }  # fmt: skip
    if extra:
        tags[EXTRA_SAMPLES] = extra
    return tiff(Page(np.frombuffer(b"".join(strips), np.uint8)[None], photometric, tags))


def _write(content: bytearray, page: Page, order: str, big: bool) -> tuple[int, int]:
    """Append a page; returns the offsets of its directory and of the pointer to the next one."""
    sub_pages = tuple(_write(content, sub_page, order, big)[0] for sub_page in page.sub_pages)
    pixels = page.pixels[..., None] if page.pixels.ndim == 2 else page.pixels
    height, width, channels = pixels.shape
    strip = len(content)
    content += pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    content += bytes(len(content) % 2)
    tags: dict[int, int | tuple[int, ...]] = {
        256: width, 257: height, BITS: (8 * pixels.dtype.itemsize,) * channels, 259: 1, PHOTOMETRIC: page.photometric,
        273: strip, 277: channels, 278: height, 279: pixels.nbytes,
        SAMPLE_FORMAT: (SAMPLE_FORMATS[pixels.dtype.kind],) * channels, **page.tags,
    }  # fmt: skip
    if sub_pages:
        tags[SUB_PAGES] = sub_pages
    entries = b""
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, tuple) else (value,)
        letter = "I" if tag in (273, 279, SUB_PAGES) or max(values) > 65535 else "H"
        stored = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(stored) > (8 if big else 4):
            stored, at = b"", len(content)
            content += struct.pack(f"{order}{len(values)}{letter}", *values)
            stored = struct.pack(order + ("Q" if big else "I"), at)
        kind = 4 if letter == "I" else 3
        entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values))
        entries += stored.ljust(8 if big else 4, b"\0")
    directory = len(content)
    content += struct.pack(order + ("Q" if big else "H"), len(tags)) + entries
    link = len(content)
    content += bytes(8 if big else 4)
    return directory, link
