"""HEIC and JPEG XL, which Pillow reads with packages that are extras here."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.file_kinds import damaged_reason
from painter_search.images.formats.jxl_size import jxl_size


def open_heic(content: bytes) -> Image.Image:
    """Open an HEIC file; raises `UnreadableImageError`, naming the extra, without the package pillow-heif."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise _missing("an HEIC photograph", "heic") from None
    register_heif_opener()
    return Image.open(io.BytesIO(content), formats=["HEIF"])


def open_jxl(content: bytes, check_size: Callable[[int, int], None]) -> Image.Image:
    """Open and decode a JPEG XL file.

    Args:
        content: The file.
        check_size: Raises if its arguments, width and height, are too large: opening decodes.

    Raises:
        UnreadableImageError: The package pillow-jxl-plugin is not installed; the message names the extra.
    """
    try:
        import pillow_jxl  # noqa: F401  # registers itself with Pillow
    except ImportError:
        raise _missing("a JPEG XL image", "jxl") from None
    size = jxl_size(content)
    if size is None:
        raise UnreadableImageError(damaged_reason("JXL"))
    check_size(*size)
    image = Image.open(io.BytesIO(content), formats=["JXL"])
    image.info.pop("exif", None)  # the decoder has turned the image upright already
    return image


def _missing(what: str, extra: str) -> UnreadableImageError:
    return UnreadableImageError(f'{what}; to read it, `pip install "painter-search[{extra}]"`, or save it as JPEG')
