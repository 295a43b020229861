"""The second reader, libvips: for what is too large for Pillow, and for what Pillow does not read or misreads.

libvips decodes as a stream, so that an image of any size takes little memory while it is reduced.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.decoded import RefusedImageError, VagueReasonError
from painter_search.images.formats.file_kinds import damaged_reason
from painter_search.images.formats.tiff_pages import BLACK_IS_ZERO, CIE_LAB, WHITE_IS_ZERO, TiffPage
from painter_search.images.formats.vips_pixels import to_pillow
from painter_search.images.types import ImageFile

if TYPE_CHECKING:
    import pyvips

LOADERS = {"JPEG": "jpegload_source", "PNG": "pngload_source", "TIFF": "tiffload_source"}
"""The formats that are read, and the operations that read them."""
MISSING_PIXELS = {"JPEG": "truncated", "PNG": "truncated", "TIFF": "error"}
"""The severity at which libvips reports missing pixels."""
MAX_STREAMED_PIXELS = 5_000_000_000
"""Larger images are refused: reading this many takes a minute or two."""
MAX_BANDS = 16
"""Images of more channels are refused: a row of them may be of any size."""
MISREAD_PLANES = (WHITE_IS_ZERO, BLACK_IS_ZERO, CIE_LAB)
"""Colours of TIFF pages whose separate planes libvips shifts against each other, but in strips of one row."""
JPEG_REDUCTIONS = (8, 4, 2, 1)
"""Factors by which a JPEG file is reduced while it is decoded."""
TRUNCATED = ("premature end", "truncated", "read error", "not enough data")
"""What libraries say of missing pixels."""


class VipsReader:
    """An image file, or one page of a TIFF file, that libvips reads; its header is read first.

    Everything raises `UnreadableImageError` where libvips cannot read the file.
    """

    def __init__(self, file: ImageFile, file_format: str, page: TiffPage | None, max_held_bytes: int) -> None:
        """Read the header of a file in one of the formats in `LOADERS`; of a TIFF file, `page` is read.

        An image that would take more than `max_held_bytes` of memory at its full size is reduced while it is read.
        """
        self._file, self._format, self._page = file, file_format, page
        if page is not None:
            _check_page(page, max_held_bytes)
        self._vips = _load_vips()
        with self._errors():
            header = self._open()
            self.width: int = header.width
            """Width in pixels, not turned upright."""
            self.height: int = header.height
            pixels = self.width * self.height
            self.must_reduce = pixels * _bytes_per_pixel(header, file_format) > max_held_bytes
            """Whether the image would take too much memory at its full size."""
            if pixels > MAX_STREAMED_PIXELS:
                raise UnreadableImageError(f"too large to decode safely ({self.width} x {self.height} px)")
            if self.must_reduce and _is_decoded_whole(header):
                raise UnreadableImageError(
                    f"too large to decode safely ({self.width} x {self.height} px, interlaced or progressive; save it "
                    "without that)"
                )

    def read(self, short_side: int) -> Image.Image:
        """The image at its full size or, if that takes too much memory, reduced by a whole number.

        A reduced one is at least `short_side` px wide and high. It is in the file's colours, with the profile in its
        `info` and the orientation in `getexif()`.
        """
        with self._errors():
            if not self.must_reduce:
                return to_pillow(self._open_pixels(), self._page)
            shortest = min(self.width, self.height)
            options: dict[str, object] = {}
            if self._format == "JPEG":
                options["shrink"] = next(n for n in JPEG_REDUCTIONS if shortest // n >= short_side or n == 1)
            image = self._open_pixels(**options)
            if image.hasalpha():
                image = image.flatten(background=65535 if image.format == "ushort" else 255)
            factor = min(image.width, image.height) // short_side
            return to_pillow(image.shrink(factor, factor) if factor > 1 else image, self._page)

    def read_middle(self, side: int) -> Image.Image:
        """The central square of `side` px at the resolution of the file, as `read` gives it; less if there is less."""
        width, height = min(side, self.width), min(side, self.height)
        with self._errors():
            image = self._open_pixels()
            middle = image.crop((self.width - width) // 2, (self.height - height) // 2, width, height)
            return to_pillow(middle, self._page)

    def _open_pixels(self, **options: object) -> pyvips.Image:
        image = self._open(fail_on=MISSING_PIXELS[self._format], **options)
        if self._page is not None and image.bands > self._page.picture_bands:
            image = image[: self._page.picture_bands]  # without further channels, of infrared or selections say
        if self._page is not None and self._page.calls_colours_grey:
            image = _as_colours(image, self._page.photometric == WHITE_IS_ZERO)
        return image

    def _open(self, **options: object) -> pyvips.Image:
        if isinstance(self._file, bytes):
            source = self._vips.Source.new_from_memory(self._file)
        else:
            with self._file.open("rb") as opened:  # by its number, since libvips does not take every name
                source = self._vips.Source.new_from_descriptor(opened.fileno())
        if self._page is not None:
            options["page"] = self._page.page
            options["subifd"] = -1 if self._page.sub_page is None else self._page.sub_page
        image: pyvips.Image = getattr(self._vips.Image, LOADERS[self._format])(source, access="sequential", **options)
        return image

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except UnreadableImageError:
            raise
        except MemoryError as error:
            raise UnreadableImageError("needs more memory than there is") from error
        except OSError as error:
            raise RefusedImageError(f"cannot be read ({error.strerror})") from error
        except (self._vips.Error, UnicodeError) as error:  # the latter for text in the file that libvips hands on
            said = str(error).strip().splitlines()[1:]  # the first line names libvips's own function
            if not said:
                raise VagueReasonError(damaged_reason(self._format)) from error
            kind = "truncated" if any(words in str(error).lower() for words in TRUNCATED) else "unreadable"
            raise UnreadableImageError(f"{kind} ({said[-1].rpartition(': ')[2]})") from error


def _check_page(page: TiffPage, max_held_bytes: int) -> None:
    """Raise `UnreadableImageError` if libvips misreads a page, or would decode parts of any size of it at once."""
    if page.bands > MAX_BANDS:
        raise VagueReasonError(f"an image of {page.bands:,} channels, more than a painting has")
    held = 2 * page.planar_rows * page.width * page.bands * page.bits // 8  # libvips holds them twice
    if held > max_held_bytes:
        raise VagueReasonError(
            f"too large to decode safely ({page.width} x {page.height} px in separate planes; save it with interleaved "
            "channels)"
        )
    is_shifted = page.planar_rows > 1 and page.bands > 1 and page.photometric in MISREAD_PLANES
    if is_shifted or (page.planar_rows and page.bits < 8):
        what = "grey or CIELAB channels" if is_shifted else "channels of less than 8 bits"
        raise UnreadableImageError(f"{what} in separate planes are not read; save it with interleaved channels")


def _as_colours(image: pyvips.Image, is_negative: bool) -> pyvips.Image:
    """Colours that libvips takes for grey with further channels; of negatives in whole numbers it inverts the first."""
    if is_negative and image.format not in ("float", "double"):
        image = image[0].bandjoin([image[1:3].invert(), *([image[3]] if image.bands > 3 else [])])
    return image.copy(interpretation="rgb16" if image.format == "ushort" else "srgb")


def _bytes_per_pixel(header: pyvips.Image, file_format: str) -> int:
    """Bytes per pixel that reading at full size holds: the pixels, their copy for Pillow, and that in sRGB.

    A progressive JPEG keeps 2 bytes per channel until the last scan.
    """
    pixel = 8 if header.format in ("uchar", "ushort") else 24
    return pixel + 2 * header.bands if file_format == "JPEG" and _is_decoded_whole(header) else pixel


def _is_decoded_whole(header: pyvips.Image) -> bool:
    """Whether pixels come only once the whole file has been read, as in progressive JPEG and interlaced PNG files."""
    return any(header.get_typeof(name) and header.get(name) for name in ("interlaced", "jpeg-multiscan"))


@cache
def _load_vips() -> Any:
    import pyvips

    logging.getLogger("pyvips").setLevel(logging.ERROR)  # it warns of metadata
    pyvips.concurrency_set(1)  # originals are decoded in parallel, one in each process
    pyvips.cache_set_max(0)  # no image is read twice
    return pyvips
