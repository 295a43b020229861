"""Opening image files: which formats are decoded, and the limits that keep decoding safe."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from painter_search.common.errors import UnreadableImageError
from painter_search.images.jpeg_scans import has_too_many_scans

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA")
"""Formats that are opened, whatever a file's extension; others, such as PostScript, would start external programs."""
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of the HEIC files that phones write (ISO/IEC 23008-12); Pillow has no decoder for them."""
MAX_PIXELS = 100_000_000
"""Larger images are refused, not decoded: a few bytes can claim any size."""
MAX_DECODED_BYTES = 900_000_000
"""Images whose decoding would hold more bytes in memory are refused."""
BYTES_PER_PIXEL = {"WEBP": 16, "JPEG2000": 18}
"""Bytes per pixel that decoding holds, measured; 8 in all other formats: the decoded image and its copy in sRGB."""
MAX_BYTES = 500_000_000
"""Larger files are refused, not read."""
MAX_ELONGATION = 50
"""Images with a larger ratio of long to short side are refused: their frames would be as large as the original."""


def open_image(content: bytes) -> Image.Image:
    """Open the bytes of an image file without decoding the pixels.

    Raises `UnreadableImageError` if the file is not an image in one of `FORMATS`, or exceeds a limit of this module.
    """
    if not content:
        raise UnreadableImageError("empty file")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableImageError("too large to decode safely (over 100 megapixels)") from error
    except UnidentifiedImageError as error:
        is_heic = content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS
        reason = "HEIC, which is not read here; save it as JPEG" if is_heic else "not an image"
        raise UnreadableImageError(reason) from error
    except Exception as error:
        raise UnreadableImageError(failure_reason(error)) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImageError(f"too large to decode safely ({width} x {height} px, over 100 megapixels)")
    if width * height * _bytes_per_pixel(image) > MAX_DECODED_BYTES:
        raise UnreadableImageError(
            f"too large to decode safely ({width} x {height} px as {image.format} need too much memory)"
        )
    if image.format == "JPEG" and has_too_many_scans(content):
        raise UnreadableImageError("a JPEG file of more scans than any painting needs")
    if max(width, height) > MAX_ELONGATION * min(width, height):
        raise UnreadableImageError(f"too elongated to be a painting ({width} x {height} px)")
    return image


def failure_reason(error: Exception) -> str:
    """A decoder's exception as the reason that `rejected.csv` lists."""
    message = str(error) or type(error).__name__
    return f"truncated ({message})" if "truncated" in message.lower() else f"unreadable ({message})"


def _bytes_per_pixel(image: Image.Image) -> int:
    """Bytes per pixel that decoding holds; a progressive JPEG keeps 2 bytes per channel until the last scan."""
    if image.info.get("progressive"):
        return 4 + 2 * len(image.getbands())
    return BYTES_PER_PIXEL.get(image.format or "", 8)
