"""Image files to pixels, by the first of two readers that can: Pillow, and libvips for what Pillow cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from painter_search.common.errors import UnreadableImageError
from painter_search.images.color import SIDEWAYS, orientation, to_rgb
from painter_search.images.formats.decoded import (
    MIN_SIDE,
    DecodedPainting,
    Need,
    RefusedImageError,
    VagueReasonError,
    check_shape,
    is_one_colour,
)
from painter_search.images.formats.file_kinds import HEAD_BYTES, RAW_REASON, foreign_kind, image_format
from painter_search.images.formats.pillow_reader import read_with_pillow
from painter_search.images.formats.png_chunks import WRONG_CHECKSUM, has_wrong_checksum
from painter_search.images.formats.repair import rewrap_webp, with_end_marker
from painter_search.images.formats.tiff_pages import TiffPage, largest_page, list_pages, smallest_copy
from painter_search.images.formats.vips_reader import LOADERS, MAX_BANDS, VipsReader
from painter_search.images.types import ImageFile

REPAIRED = ("JPEG", "JPEG2000", "WEBP")
"""Formats of which damaged files are repaired; what is damaged around the pixels of others, the readers pass over."""


def decode_painting(file: ImageFile, need: Need) -> DecodedPainting:
    """Decode an image file to upright pixels in sRGB.

    Metadata never decide over pixels: a file whose metadata are damaged, or that lacks only its end, is decoded as it
    would be without that fault. Of several pages or frames in a file, the first of the largest is taken. An image that
    shows nothing, since it is tiny or of one colour all over, is refused.

    Args:
        file: The file.
        need: What is asked for of the painting, and how much memory may be held.

    Raises:
        UnreadableImageError: It is not an image that can be read, or exceeds a limit; the message is the reason.
    """
    decoded = _decode_file(file, need)
    width, height = decoded.width, decoded.height
    if min(width, height) < MIN_SIDE:
        raise RefusedImageError(f"too small to be a painting ({width} x {height} px)")
    if is_one_colour(decoded.image):
        raise RefusedImageError("blank (one colour all over)")
    return decoded


def _decode_file(file: ImageFile, need: Need) -> DecodedPainting:
    """Decode an image file, whatever it shows."""
    head = _read_head(file)
    if not head:
        raise RefusedImageError("empty file")
    kind = foreign_kind(head)
    if kind is not None:
        raise RefusedImageError(kind)
    file_format = image_format(head)
    if isinstance(file, bytes):
        if file_format == "PNG" and has_wrong_checksum(file):  # of a large file, libvips checks them
            raise RefusedImageError(WRONG_CHECKSUM)
        need = replace(need, max_held_bytes=need.max_held_bytes - len(file))
    try:
        return _decode(file, file_format, need)
    except RefusedImageError:
        raise
    except UnreadableImageError as reason:
        if isinstance(file, bytes) and file_format in REPAIRED:
            return _decode_repaired(file, file_format, need, reason)
        raise


def _decode(file: ImageFile, file_format: str | None, need: Need) -> DecodedPainting:
    """Decode a file with the reader for it, or with the other one if that fails."""
    pages = list_pages(file) if file_format == "TIFF" else []
    page = largest_page(pages)
    if page is not None and page.is_sensor_data:
        raise RefusedImageError(RAW_REASON)
    reasons: list[UnreadableImageError] = []
    for read in _readers(file, file_format, pages, page, need):
        try:
            return read()
        except RefusedImageError:
            raise
        except UnreadableImageError as error:
            reasons.append(error)
    raise next((reason for reason in reasons if not isinstance(reason, VagueReasonError)), reasons[-1])


def _readers(
    file: ImageFile, file_format: str | None, pages: list[TiffPage], page: TiffPage | None, need: Need
) -> list[Callable[[], DecodedPainting]]:
    """What may read a file, in the order in which it is tried."""
    pillow = partial(read_with_pillow, file, file_format, page, need)
    if file_format not in LOADERS:
        return [pillow]
    vips = partial(_read_with_vips, file, file_format, pages, page, need)
    if isinstance(file, Path):  # a large file, all of which Pillow would hold
        return [vips] if file_format == "JPEG" else [vips, pillow]
    return [vips, pillow] if page is not None and _is_misread(page) else [pillow, vips]


def _is_misread(page: TiffPage) -> bool:
    """Whether Pillow may misread a page: it has over 8 bits, planes of grey, or channels that are not the picture's."""
    return (
        page.bits > 8
        or (page.planar_rows > 0 and page.picture_bands < 3)
        or page.picture_bands < page.bands <= MAX_BANDS
    )


def _read_with_vips(
    file: ImageFile, file_format: str, pages: list[TiffPage], page: TiffPage | None, need: Need
) -> DecodedPainting:
    reader = VipsReader(file, file_format, page, need.max_held_bytes)
    check_shape(reader.width, reader.height)
    whole = reader
    if reader.must_reduce and page is not None:
        copy = smallest_copy(pages, page, need.short_side)
        whole = reader if copy is page else VipsReader(file, file_format, copy, need.max_held_bytes)
    # Reduced by a whole number to twice what is asked for, so that what reduces it further decides on its sharpness.
    image = whole.read(2 * need.short_side)
    is_sideways = orientation(image) in SIDEWAYS
    width, height = (reader.height, reader.width) if is_sideways else (reader.width, reader.height)
    middle = to_rgb(reader.read_middle(need.middle)) if need.middle is not None and reader.must_reduce else None
    return DecodedPainting(to_rgb(image), width, height, middle)


def _decode_repaired(content: bytes, file_format: str, need: Need, reason: UnreadableImageError) -> DecodedPainting:
    """What a file shows once the damages around its pixels are repaired; raises the reason if that is not all of it."""
    if file_format == "WEBP":
        return _decode(rewrap_webp(content), file_format, need)
    try:
        shown, *others = (_decode(whole, file_format, need) for whole in with_end_marker(content, file_format))
    except UnreadableImageError:
        raise reason from None
    if any(other.image.tobytes() != shown.image.tobytes() for other in others):
        raise reason
    return shown


def _read_head(file: ImageFile) -> bytes:
    if isinstance(file, bytes):
        return file[:HEAD_BYTES]
    try:
        with file.open("rb") as opened:
            return opened.read(HEAD_BYTES)
    except OSError as error:
        raise RefusedImageError(f"cannot be read ({error.strerror})") from error
