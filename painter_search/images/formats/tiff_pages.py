"""The pages of a TIFF file: which one is the painting, and which are smaller copies of it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from PIL.ExifTags import Base

from painter_search.images.types import ImageFile

MAX_PAGES = 1000
"""Further pages are not looked at: a file may claim any number."""
MAX_VALUES = 256
"""Values read of a tag; only lists of sub-pages have more than a few."""
TYPES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""Formats of the field types that hold whole numbers (TIFF 6.0; BigTIFF), as in `struct`."""
SEPARATE = 2
"""Value of the tag `PlanarConfiguration`: each channel is stored for itself."""
REDUCED, MASK = 1, 4
"""Bits of the tag `NewSubfileType`: a smaller copy of another page, a transparency mask."""
WHITE_IS_ZERO, BLACK_IS_ZERO, CMYK, CIE_LAB, ICC_LAB = 0, 1, 5, 8, 9
SENSOR_DATA = (32803, 34892)
"""Values of the tag `PhotometricInterpretation`: the last two are a camera's sensor (DNG specification)."""
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, CMYK: 4}
"""Channels of the colours by that tag, where they are not 3; those of a palette are its colours'."""
SAME_SHAPE = 0.02
"""Relative difference of aspect ratios up to which a smaller page is a copy; halving rounds."""


@dataclass(frozen=True)
class TiffPage:
    """One page of a TIFF file."""

    page: int
    """Its number in the chain of pages, or that of the page it belongs to."""
    sub_page: int | None
    """Its number among the sub-pages of `page`; None if it is in the chain itself."""
    width: int
    height: int
    bits: int
    """Bits of the deepest channel."""
    bands: int
    """Channels of a pixel."""
    photometric: int
    planar_rows: int
    """Rows that are stored together where each channel is stored for itself, else 0; they are decoded together."""
    is_reduced: bool
    """Whether it says that it is a smaller copy of another page."""
    has_alpha: bool
    """Whether the first of its further channels is alpha."""
    further_bands: int
    """Channels that it says are not its colours'."""

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def picture_bands(self) -> int:
        """Channels that are the picture's: its colours, and alpha if the first channel after them is that."""
        if self.calls_colours_grey:
            return 3 + (self.has_alpha and self.bands - self.further_bands == 3)
        return COLOURS.get(self.photometric, 3) + self.has_alpha

    @property
    def calls_colours_grey(self) -> bool:
        """Whether it says that it is grey, and has three channels or more that it does not say are further ones."""
        return self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO) and self.bands - self.further_bands >= 3

    @property
    def is_sensor_data(self) -> bool:
        """Whether it holds what a camera's sensor saw, which is not a picture yet."""
        return self.photometric in SENSOR_DATA


def list_pages(file: ImageFile) -> list[TiffPage]:
    """The pages of a TIFF file and their sub-pages, as far as they can be read."""
    pages: list[TiffPage] = []
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as content:
        try:
            for directory in _Directories(content):
                pages += directory
                if len(pages) >= MAX_PAGES:
                    break
        except (struct.error, ValueError, OSError, OverflowError):
            pass  # damaged from here on
    return pages


def largest_page(pages: Sequence[TiffPage]) -> TiffPage | None:
    """The first page of the most pixels: the painting; the others are thumbnails, smaller copies, or details.

    None where there are no pages.
    """
    return max(pages, key=lambda page: page.pixels, default=None)


def smallest_copy(pages: Sequence[TiffPage], of: TiffPage, short_side: int) -> TiffPage:
    """The smallest copy of a page that is at least `short_side` px wide and high; the page itself if there is none."""
    copies = [
        page
        for page in pages
        if min(page.width, page.height) >= short_side
        and page.pixels < of.pixels
        and page.bands == of.bands
        and (page.is_reduced or _is_halved(page, of))
        and abs(page.width * of.height / (page.height * of.width) - 1) <= SAME_SHAPE
    ]
    return min(copies, key=lambda page: page.pixels, default=of)


def _is_halved(page: TiffPage, of: TiffPage) -> bool:
    """Whether a page is 1/2, 1/4, ... of another, as the levels of a pyramid are."""
    factor = of.width / page.width
    power = 1 << max(1, round(factor).bit_length() - 1)
    return abs(page.width - of.width / power) <= 1 and abs(page.height - of.height / power) <= 1


class _Directories:
    """Iterates over the pages in the chain of a TIFF file, each with its sub-pages."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        signature = content.read(4)
        self._order = "<" if signature.startswith(b"II") else ">"
        self._is_big = b"+" in signature
        self._first = self._number("Q", 8) if self._is_big else self._number("I", 4)
        self._seen: set[int] = set()
        self._page = -1

    def __iter__(self) -> Iterator[list[TiffPage]]:
        offset = self._first
        while offset and offset not in self._seen:
            self._page += 1
            tags, offset = self._read(offset)
            found = [self._describe(tags, None)]
            for number, sub_page in enumerate(tags.get(Base.SubIFDs, ())):
                if sub_page in self._seen or not sub_page:
                    continue
                try:
                    found.append(self._describe(self._read(sub_page)[0], number))
                except struct.error:
                    continue  # damaged; the pages after it may be whole
            yield [page for page in found if page is not None]

    def _read(self, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
        """The tags of a directory that hold whole numbers, and the offset of the next directory."""
        self._seen.add(offset)
        count = self._number("Q" if self._is_big else "H", offset)
        start, size = (offset + 8, 20) if self._is_big else (offset + 2, 12)
        self._content.seek(start)
        entries = self._content.read(min(count, 4096) * size)
        tags = {}
        for at in range(0, len(entries) - size + 1, size):
            tag, kind, number = struct.unpack_from(self._order + ("HHQ" if self._is_big else "HHI"), entries, at)
            if kind in TYPES and tag not in tags:
                tags[tag] = self._values(TYPES[kind], min(number, MAX_VALUES), entries[at + 4 : at + size])
        return tags, self._number("Q" if self._is_big else "I", start + count * size)

    def _values(self, kind: str, number: int, field: bytes) -> tuple[int, ...]:
        """The values of a tag: in its own field if they fit there, else where the field points to."""
        field = field[-8:] if self._is_big else field[-4:]
        layout = f"{self._order}{number}{kind}"
        size = struct.calcsize(layout)
        if size > len(field):
            self._content.seek(struct.unpack(self._order + ("Q" if self._is_big else "I"), field)[0])
            field = self._content.read(size)
        return struct.unpack_from(layout, field) if len(field) >= size else ()

    def _number(self, kind: str, offset: int) -> int:
        self._content.seek(offset)
        value: int = struct.unpack(self._order + kind, self._content.read(struct.calcsize(kind)))[0]
        return value

    def _describe(self, tags: dict[int, tuple[int, ...]], sub_page: int | None) -> TiffPage | None:
        """The page of some tags; None if it is not a picture."""

        def first(tag: int, default: int) -> int:
            return next(iter(tags.get(tag, ())), default)

        width, height = first(Base.ImageWidth, 0), first(Base.ImageLength, 0)
        if not width or not height or first(Base.NewSubfileType, 0) & MASK:
            return None
        is_planar = first(Base.PlanarConfiguration, 1) == SEPARATE
        return TiffPage(
            page=self._page,
            sub_page=sub_page,
            width=width,
            height=height,
            bits=max(tags.get(Base.BitsPerSample, ()), default=1),
            bands=first(Base.SamplesPerPixel, 1),
            photometric=first(Base.PhotometricInterpretation, 1),
            planar_rows=min(first(Base.RowsPerStrip, height), height) if is_planar else 0,
            is_reduced=bool(first(Base.NewSubfileType, 0) & REDUCED),
            has_alpha=first(Base.ExtraSamples, 0) in (1, 2),
            further_bands=len(tags.get(Base.ExtraSamples, ())),
        )
