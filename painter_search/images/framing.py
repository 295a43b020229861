"""The frame that a collection keeps of an original: cut or reduced by its framing, stored as JPEG."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from painter_search.common.errors import DamagedFileError, UnreadableImageError
from painter_search.images.color import ORIENTATION, is_srgb, to_rgb
from painter_search.images.decode import failure_reason, open_image
from painter_search.images.types import Framing

CENTER_SIDE = 224
"""Side of a `center` frame in pixels, as in the report."""
WHOLE_SIDE = 448
"""Short side of a `whole` frame in pixels: twice the network's input, so that views of a quarter are sharp too."""
THUMBNAIL_SIDE = 512
"""Long side of a thumbnail in pixels."""
JPEG_QUALITY = 92


@dataclass(frozen=True)
class Frame:
    """What a collection keeps of one painting."""

    jpeg: bytes
    """The frame as a JPEG file."""
    thumbnail: bytes | None
    """The whole painting as a JPEG file, long side 512 px; None if the frame itself shows the whole painting."""
    width: int
    """Width of the upright original in pixels."""
    height: int
    """Height of the upright original in pixels."""
    enlarged: bool
    """Whether the original was smaller than a `center` frame and was enlarged to fill it."""


def frame_painting(content: bytes, framing: Framing) -> Frame:
    """Frame one original, given as the bytes of its file.

    Raises `UnreadableImageError`, whose message is the reason, for anything that is not a usable image.
    """
    with warnings.catch_warnings():
        # Pillow warns of sizes, which are checked below, and of damaged metadata, which does no harm.
        warnings.simplefilter("ignore")
        image = open_image(content)
        width, height = _upright_size(image)
        try:
            if framing == "whole" and image.format == "JPEG":
                # Decodes a JPEG at 1/2, 1/4 or 1/8 of its size, for a fraction of the work.
                image.draft(None, (WHOLE_SIDE, WHOLE_SIDE))
            decoded_size = image.size
            image.load()
            rgb = to_rgb(image)
        except MemoryError as error:
            raise UnreadableImageError("needs more memory than there is") from error
        except Exception as error:
            # Pillow's decoders raise anything from OSError to struct.error on damaged files.
            raise UnreadableImageError(failure_reason(error)) from error
    is_srgb_jpeg = image.mode == "RGB" and decoded_size == (width, height) and _is_plain_jpeg(image)
    if rgb is not image:
        image.close()
    framed = frame_center(rgb) if framing == "center" else frame_whole(rgb, (width, height))
    is_own_frame = is_srgb_jpeg and framed.size == (width, height)
    return Frame(
        jpeg=content if is_own_frame else encode_jpeg(framed),
        thumbnail=None if framing == "whole" else make_thumbnail(rgb),
        width=width,
        height=height,
        enlarged=framing == "center" and min(width, height) < CENTER_SIDE,
    )


def frame_center(image: Image.Image) -> Image.Image:
    """The central 224 x 224 px; a smaller image is first enlarged to cover them."""
    if min(image.size) < CENTER_SIDE:
        image = _scale_short_side(image, CENTER_SIDE)
    left, top = (image.width - CENTER_SIDE) // 2, (image.height - CENTER_SIDE) // 2
    return image.crop((left, top, left + CENTER_SIDE, top + CENTER_SIDE))


def frame_whole(image: Image.Image, original: tuple[int, int] | None = None) -> Image.Image:
    """The whole image with its short side reduced to 448 px; a smaller image as it is.

    `original` is the size before decoding at a reduced scale, from which the long side is computed.
    """
    return image if min(image.size) <= WHOLE_SIDE else _scale_short_side(image, WHOLE_SIDE, original)


def make_thumbnail(image: Image.Image) -> bytes:
    """The whole image as a JPEG file, its long side reduced to 512 px, never enlarged."""
    thumbnail = image.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return encode_jpeg(thumbnail, quality=85)


def open_frame(jpeg: bytes, source: str = "a picture") -> Image.Image:
    """The pixels of a frame, RGB; raises `DamagedFileError`, which names the `source`, if it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            return image.convert("RGB")
    except Exception as error:  # Pillow's decoders raise anything
        raise DamagedFileError(f"{source} is damaged; copy or make again the index or collection it is in.") from error


def read_frame(path: Path) -> Image.Image:
    """The pixels of a frame in a collection, RGB; raises `DamagedFileError` if it cannot be decoded."""
    content = path.read_bytes()
    try:
        return open_frame(content)
    except DamagedFileError as error:
        raise DamagedFileError(f"{path} is damaged; prepare its collection again.") from error


def encode_jpeg(image: Image.Image, quality: int = JPEG_QUALITY) -> bytes:
    """The image as a JPEG file with colour at full resolution: brushwork shows in colour too."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _upright_size(image: Image.Image) -> tuple[int, int]:
    try:
        # Pillow itself turns TIFF files upright.
        is_sideways = image.format != "TIFF" and image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
    except Exception:
        is_sideways = False  # damaged EXIF data: `to_rgb` does not turn the image either
    return (image.height, image.width) if is_sideways else (image.width, image.height)


def _is_plain_jpeg(image: Image.Image) -> bool:
    """Whether an image file is an upright JPEG in sRGB, so that re-encoding it would only lose sharpness."""
    if image.format != "JPEG":
        return False
    profile = image.info.get("icc_profile")
    return image.getexif().get(ORIENTATION, 1) == 1 and (profile is None or is_srgb(profile))


def _scale_short_side(image: Image.Image, side: int, original: tuple[int, int] | None = None) -> Image.Image:
    width, height = original or image.size
    scale = side / min(width, height)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    # For reducing, Pillow's Hamming filter keeps as much detail as bicubic with half the work; enlarged it blurs.
    reduces = size[0] < image.width
    return image.resize(size, Image.Resampling.HAMMING if reduces else Image.Resampling.BICUBIC)
