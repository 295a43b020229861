"""The frame that a collection keeps of an original: cut or reduced by its framing, stored as JPEG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from painter_search.common.errors import DamagedFileError, NotFoundError, UnreadableImageError
from painter_search.images.decode import decode_painting
from painter_search.images.formats.decoded import MAX_HELD_BYTES, DecodedPainting, Need
from painter_search.images.photographs.crop import Crop, PaintingCrop, area
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.images.types import Framing, ImageFile

CENTER_SIDE = 224
"""Side of a `center` frame in pixels, as in the report."""
WHOLE_SIDE = 448
"""Short side of a `whole` frame in pixels: twice the network's input, so that views of a quarter are sharp too."""
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
    crop: PaintingCrop | None = None
    """What was cropped of a photograph, whose frame, thumbnail and size are then those of that part; None if it shows
    all of the file."""
    picture: bytes | None = None
    """The whole painting as a JPEG file, larger than a thumbnail, to be zoomed; None if it was not asked for."""
    possible: Frame | None = None
    """The frame of what may be a painting in the photograph, not surely enough to crop to it; None if nothing is."""

    @property
    def readings(self) -> tuple[Frame, ...]:
        """This frame, and the one of what may be a painting in it."""
        return (self,) if self.possible is None else (self, self.possible)


def frame_painting(
    file: ImageFile,
    framing: Framing,
    max_held_bytes: int = MAX_HELD_BYTES,
    crop: Crop = "none",
    picture_size: int = THUMBNAIL_SIDE,
) -> Frame:
    """Frame one original, given as the bytes of its file or, if these are many, as its path.

    An original whose decoding would take more than `max_held_bytes` of memory is reduced while it is decoded. What
    `crop` leaves as it is gives the same frame as without it, to the byte. So does any `picture_size`, the long side in
    pixels of the picture that is made too where it is more than a thumbnail's.

    Raises `UnreadableImageError`, whose message is the reason, for anything that is not a usable image.
    """
    need = Need(WHOLE_SIDE, CENTER_SIDE if framing == "center" else None, max_held_bytes)
    decoded = decode_painting(file, need)
    cropped = None
    if crop != "none":
        from painter_search.images.photographs.photograph import crop_decoded, locate_painting  # OpenCV takes a while

        located = locate_painting(decoded, crop)
        if located is not None:
            corners, sureness = located
            part = crop_decoded(file, decoded, corners, WHOLE_SIDE if framing == "whole" else None, max_held_bytes)
            whole = make_thumbnail(decoded.image)
            found = PaintingCrop(corners, area(corners), sureness, whole, decoded.width, decoded.height)
            picture = _make_picture(
                part, picture_size, lambda side: crop_decoded(file, decoded, corners, side, max_held_bytes)
            )
            cropped = _frame_decoded(part, framing, picture, found)
            if found.is_sure:
                return cropped
    picture = _make_picture(
        decoded, picture_size, lambda side: decode_painting(file, Need(side, max_held_bytes=max_held_bytes))
    )
    return replace(_frame_decoded(decoded, framing, picture), possible=cropped)


def _make_picture(decoded: DecodedPainting, size: int, decode: Callable[[int], DecodedPainting]) -> bytes | None:
    """The painting as a JPEG file, its long side reduced to `size`; None if that is no more than a thumbnail's.

    Where it was reduced too far for a frame, it is decoded again, by `decode`, to a short side of so many pixels.
    """
    if size <= THUMBNAIL_SIDE:
        return None
    long_side, short_side = max(decoded.width, decoded.height), min(decoded.width, decoded.height)
    image = decoded.image
    if max(image.size) < min(size, long_side):
        with suppress(UnreadableImageError):  # too large for memory at this size
            image = decode(min(short_side, math.ceil(short_side * size / long_side))).image
    return make_thumbnail(image, size)


def _frame_decoded(
    decoded: DecodedPainting, framing: Framing, picture: bytes | None, crop: PaintingCrop | None = None
) -> Frame:
    size = decoded.width, decoded.height
    framed = frame_whole(decoded.image, size) if framing == "whole" else frame_center(decoded.middle or decoded.image)
    return Frame(
        jpeg=decoded.plain_jpeg if decoded.plain_jpeg and framed.size == size else encode_jpeg(framed),
        thumbnail=None if framing == "whole" else make_thumbnail(decoded.image),
        width=decoded.width,
        height=decoded.height,
        enlarged=framing == "center" and min(size) < CENTER_SIDE,
        crop=crop,
        picture=picture,
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


def make_thumbnail(image: Image.Image, side: int = THUMBNAIL_SIDE) -> bytes:
    """The whole image as a JPEG file, its long side reduced to `side` pixels, never enlarged."""
    thumbnail = image.copy()
    thumbnail.thumbnail((side, side), Image.Resampling.LANCZOS)
    return encode_jpeg(thumbnail, quality=85)


def open_frame(jpeg: bytes, source: str = "a picture") -> Image.Image:
    """The pixels of a frame, RGB; raises `DamagedFileError`, which names the `source`, if it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            return image.convert("RGB")
    except Exception as error:  # Pillow's decoders raise anything
        raise DamagedFileError(f"{source} is damaged; copy or make again the index or collection it is in.") from error


def read_frame(path: Path) -> Image.Image:
    """The pixels of a frame in a collection, RGB.

    Raises `NotFoundError` if it is missing, and `DamagedFileError` if it cannot be decoded.
    """
    try:
        return open_frame(path.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} is missing; prepare its collection again.") from error
    except DamagedFileError as error:
        raise DamagedFileError(f"{path} is damaged; delete it and prepare its collection again.") from error


def encode_jpeg(image: Image.Image, quality: int = JPEG_QUALITY) -> bytes:
    """The image as a JPEG file with colour at full resolution: brushwork shows in colour too."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _scale_short_side(image: Image.Image, side: int, original: tuple[int, int] | None = None) -> Image.Image:
    width, height = original or image.size
    scale = side / min(width, height)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    # For reducing, Pillow's Hamming filter keeps as much detail as bicubic with half the work; enlarged it blurs.
    reduces = size[0] < image.width
    return image.resize(size, Image.Resampling.HAMMING if reduces else Image.Resampling.BICUBIC)
