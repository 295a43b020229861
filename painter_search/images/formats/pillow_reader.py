"""The first reader, Pillow: images of every usual format that fit in memory."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.TiffImagePlugin import TiffImageFile

from painter_search.common.errors import UnreadableImageError
from painter_search.images.color import SIDEWAYS, is_srgb, orientation, to_rgb
from painter_search.images.formats.decoded import (
    DecodedPainting,
    Need,
    RefusedImageError,
    VagueReasonError,
    check_shape,
    failure_reason,
    is_one_colour,
)
from painter_search.images.formats.extras import open_heic, open_jxl
from painter_search.images.formats.file_kinds import NAMES, damaged_reason
from painter_search.images.formats.ignored_warnings import ignored_warnings
from painter_search.images.formats.jp2_profile import jp2_profile
from painter_search.images.formats.jpeg_scans import has_too_many_scans
from painter_search.images.formats.tiff_pages import WHITE_IS_ZERO, TiffPage
from painter_search.images.types import ImageFile

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA", "AVIF", "ICO")
"""Formats that are opened, whatever a file's extension; others, such as PostScript, would start external programs."""
STREAMED = ("TIFF", "PNG", "BMP", "PPM", "JPEG2000")
"""Formats of which files that are too large to be held in memory are decoded."""
BYTES_PER_PIXEL = {"WEBP": 16, "JPEG2000": 18, "AVIF": 18, "HEIF": 16, "JXL": 20}
"""Bytes per pixel that decoding holds, measured; 8 in all other formats: the decoded image and its copy in sRGB."""


def read_with_pillow(file: ImageFile, file_format: str | None, page: TiffPage | None, need: Need) -> DecodedPainting:
    """Decode an image file with Pillow.

    Args:
        file: The file.
        file_format: Its format, if its first bytes tell.
        page: The page to decode of a TIFF file.
        need: What is asked for.

    Raises:
        UnreadableImageError: Pillow cannot decode the file; the message is the reason.
    """
    # Pillow warns of sizes, which are checked here, and of damaged metadata, which does no harm.
    with ignored_warnings():
        try:
            image = _open(file, file_format, page, need)
            width, height = _upright_size(image)
            stored_size = image.size
            if need.middle is None and image.format == "JPEG":
                # Decodes a JPEG at 1/2, 1/4 or 1/8 of its size, for a fraction of the work.
                image.draft(None, (need.short_side, need.short_side))
            is_reduced = image.size != stored_size
            image.load()
            is_plain = image.mode == "RGB" and not is_reduced and _is_plain_jpeg(image)
            rgb = to_rgb(image)
        except UnreadableImageError:
            raise
        except MemoryError as error:
            raise UnreadableImageError("needs more memory than there is") from error
        except Exception as error:
            # Pillow's decoders raise anything from OSError to struct.error on damaged files.
            raise UnreadableImageError(failure_reason(error)) from error
    if rgb is not image:
        image.close()
    if is_reduced and is_one_colour(rgb):  # the grain of a monochrome may be lost
        return read_with_pillow(file, file_format, page, replace(need, short_side=min(stored_size)))
    return DecodedPainting(rgb, width, height, plain_jpeg=file if is_plain and isinstance(file, bytes) else None)


def _open(file: ImageFile, file_format: str | None, page: TiffPage | None, need: Need) -> Image.Image:
    """Open a file without decoding its pixels, and check its size."""
    try:
        image = _open_unchecked(file, file_format, need)
    except Image.DecompressionBombError as error:
        raise VagueReasonError("too large to decode safely (over 178 megapixels; save it as TIFF or JPEG)") from error
    except UnidentifiedImageError as error:
        raise VagueReasonError(damaged_reason(file_format)) from error
    if page is not None:
        if page.sub_page is not None:
            raise VagueReasonError("a page inside another one, which Pillow does not open")
        image.seek(page.page)
        _mend_raw_mode(image, page)
    if isinstance(file, Path) and image.format not in STREAMED:
        raise RefusedImageError(f"too large a file to read safely ({file.stat().st_size / 1e6:,.0f} MB)")
    if image.format in ("JPEG", "MPO") and isinstance(file, bytes) and has_too_many_scans(file):
        raise RefusedImageError("a JPEG file of more scans than any painting needs")
    width, height = image.size
    check_shape(width, height)
    per_pixel = _bytes_per_pixel(image)
    if isinstance(image, Jpeg2KImageFile) and need.middle is None:
        # Of JPEG 2000, fewer of the levels may be decoded, each of half the size.
        while width * height * per_pixel > need.max_held_bytes and min(width, height) // 2 >= need.short_side:
            width, height = (width + 1) // 2, (height + 1) // 2
            image.reduce = (image.reduce if isinstance(image.reduce, int) else 0) + 1
    _check_memory(width, height, image.format or "", per_pixel, need)
    return image


def _mend_raw_mode(image: Image.Image, page: TiffPage) -> None:
    """Have uncompressed black and white in a separate plane read as positive: Pillow cuts the mode `1;I` to `1`."""
    if isinstance(image, TiffImageFile) and page.planar_rows and page.bits == 1 and page.photometric == WHITE_IS_ZERO:
        image.tile = [
            tile._replace(args=("1;I", *tile.args[1:])) if tile.codec_name == "raw" and tile.args else tile
            for tile in image.tile
        ]


def _open_unchecked(file: ImageFile, file_format: str | None, need: Need) -> Image.Image:
    if file_format == "HEIF" and isinstance(file, bytes):
        return open_heic(file)
    if file_format == "JXL" and isinstance(file, bytes):
        return open_jxl(file, lambda width, height: _check_memory(width, height, "JXL", BYTES_PER_PIXEL["JXL"], need))
    opened = file if isinstance(file, Path) else io.BytesIO(file)
    if file_format == "JPEG2000":
        image = Jpeg2KImageFile(opened)  # `Image.open` refuses large ones, which can be reduced
        profile = jp2_profile(file)
        if profile is not None:
            image.info["icc_profile"] = profile
        return image
    return Image.open(opened, formats=FORMATS)


def _check_memory(width: int, height: int, file_format: str, bytes_per_pixel: int, need: Need) -> None:
    if width * height * bytes_per_pixel > need.max_held_bytes:
        raise VagueReasonError(
            f"too large to decode safely ({width} x {height} px as {NAMES.get(file_format, file_format)}; save it as "
            "TIFF or JPEG)"
        )


def _bytes_per_pixel(image: Image.Image) -> int:
    """Bytes per pixel that decoding holds; a progressive JPEG keeps 2 bytes per channel until the last scan."""
    if image.info.get("progressive"):
        return 4 + 2 * len(image.getbands())
    return BYTES_PER_PIXEL.get(image.format or "", 8)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    # Pillow itself turns TIFF files upright.
    is_sideways = image.format != "TIFF" and orientation(image) in SIDEWAYS
    return (image.height, image.width) if is_sideways else (image.width, image.height)


def _is_plain_jpeg(image: Image.Image) -> bool:
    """Whether an image file is an upright JPEG in sRGB."""
    profile = image.info.get("icc_profile")
    return image.format == "JPEG" and orientation(image) == 1 and (profile is None or is_srgb(profile))
