"""From an original's bytes to the frame that a collection keeps of it."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from painter_search.collection.color import is_srgb, to_rgb
from painter_search.collection.scans import has_too_many_scans
from painter_search.collection.settings import Framing
from painter_search.errors import UserError

CENTER_SIDE = 224
"""Side of a `center` frame in pixels: the report's."""
WHOLE_SIDE = 448
"""Short side of a `whole` frame in pixels: twice what the network sees, so that quarters are sharp too."""
THUMBNAIL_SIDE = 512
"""Longer side of a thumbnail in pixels."""
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA")
"""Formats that are opened, whatever the file is called; others (PostScript, say) would start programs of their own."""
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of files that telephones photograph in (ISO/IEC 23008-12); Pillow has no decoder for them."""
MAX_PIXELS = 100_000_000
"""Larger images are refused rather than decoded: a few bytes can claim any size."""
MAX_HELD = 900_000_000
"""Images are refused whose decoding would hold more bytes than this at once."""
HELD = {"WEBP": 16, "JPEG2000": 18}
"""Bytes a pixel that decoding holds, measured; 8 in all other formats: the image as decoded, and in sRGB."""
MAX_BYTES = 500_000_000
"""Larger files are refused rather than read."""
MAX_ELONGATION = 50
"""Images more elongated than this are refused: their frames would be as large as the original."""
JPEG_QUALITY = 92


class UnreadablePainting(Exception):  # noqa: N818 (a finding, listed with its reason; not a fault of the program)
    """An image that cannot be used. The message is the reason, as `rejected.csv` shows it."""


@dataclass(frozen=True)
class Frame:
    """What a collection keeps of one painting."""

    jpeg: bytes
    """The frame as a JPEG file."""
    thumbnail: bytes | None
    """The whole painting, 512 px on its longer side, as a JPEG file; None where the frame itself shows the whole."""
    width: int
    """Width of the upright original in pixels."""
    height: int
    """Height of the upright original in pixels."""
    enlarged: bool
    """Whether the original was smaller than a `center` frame and was enlarged to fill it."""


def frame_painting(content: bytes, framing: Framing) -> Frame:
    """Frame one original, given as the bytes of its file.

    Raises `UnreadablePainting` with the reason for anything that is not a usable image.
    """
    with warnings.catch_warnings():
        # Sizes are checked below; damaged metadata does not matter as long as the pixels come out.
        warnings.simplefilter("ignore")
        image = _open(content)
        width, height = _upright_size(image)
        try:
            if framing == "whole" and image.format == "JPEG":
                # A JPEG can be decoded at 1/2, 1/4 or 1/8 for a fraction of the work.
                image.draft(None, (WHOLE_SIDE, WHOLE_SIDE))
            decoded = image.size
            image.load()
            rgb = to_rgb(image)
        except MemoryError as error:
            raise UnreadablePainting("needs more memory than there is") from error
        except Exception as error:
            # Pillow's decoders raise anything from OSError to struct.error on damaged files.
            raise UnreadablePainting(_reason(error)) from error
    untouched = image.mode == "RGB" and decoded == (width, height) and _is_plain_jpeg(image)
    if rgb is not image:
        image.close()
    framed = frame_center(rgb) if framing == "center" else frame_whole(rgb, (width, height))
    keep = untouched and framed.size == (width, height)
    return Frame(
        jpeg=content if keep else encode_jpeg(framed),
        thumbnail=None if framing == "whole" else make_thumbnail(rgb),
        width=width,
        height=height,
        enlarged=framing == "center" and min(width, height) < CENTER_SIDE,
    )


def frame_center(image: Image.Image) -> Image.Image:
    """The central 224 x 224 px; a smaller image is enlarged until it covers them."""
    short = min(image.size)
    if short < CENTER_SIDE:
        image = _scale_short_side(image, CENTER_SIDE)
    left, top = (image.width - CENTER_SIDE) // 2, (image.height - CENTER_SIDE) // 2
    return image.crop((left, top, left + CENTER_SIDE, top + CENTER_SIDE))


def frame_whole(image: Image.Image, original: tuple[int, int] | None = None) -> Image.Image:
    """The whole image with its short side at 448 px, or as it is where it is smaller.

    `original` is the size before any reduced decoding, from which the other side is reckoned.
    """
    return image if min(image.size) <= WHOLE_SIDE else _scale_short_side(image, WHOLE_SIDE, original)


def make_thumbnail(image: Image.Image) -> bytes:
    """The whole image as a JPEG file, its longer side reduced to 512 px, never enlarged."""
    thumbnail = image.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return encode_jpeg(thumbnail, quality=85)


def open_frame(jpeg: bytes, source: str = "a picture") -> Image.Image:
    """A frame's pixels, RGB; raises `UserError` where it is damaged, and says what `source` it came from."""
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            return image.convert("RGB")
    except Exception as error:  # Pillow's decoders raise anything
        raise UserError(f"{source} is no whole image any more; copy or make again what it belongs to.") from error


def read_frame(path: Path) -> Image.Image:
    """The pixels of a frame in a collection, RGB; raises `UserError` where it is damaged."""
    content = path.read_bytes()
    try:
        return open_frame(content)
    except UserError as error:
        raise UserError(f"{path} is no whole image any more; prepare its collection again.") from error


def encode_jpeg(image: Image.Image, quality: int = JPEG_QUALITY) -> bytes:
    """The image as a JPEG file with colour at full resolution (brushwork lives in colour too)."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _open(content: bytes) -> Image.Image:
    if not content:
        raise UnreadablePainting("empty file")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadablePainting("too large to decode safely (over 100 megapixels)") from error
    except UnidentifiedImageError as error:
        heic = content[4:8] == b"ftyp" and content[8:12] in HEIC
        raise UnreadablePainting("HEIC, which is not read here; save it as JPEG" if heic else "not an image") from error
    except Exception as error:
        raise UnreadablePainting(_reason(error)) from error
    if image.width * image.height > MAX_PIXELS:
        raise UnreadablePainting(f"too large to decode safely ({image.width} x {image.height} px, over 100 megapixels)")
    if image.width * image.height * _held(image) > MAX_HELD:
        raise UnreadablePainting(
            f"too large to decode safely ({image.width} x {image.height} px as {image.format} need too much memory)"
        )
    if image.format == "JPEG" and has_too_many_scans(content):
        raise UnreadablePainting("a JPEG file of more scans than any painting needs")
    if max(image.size) > MAX_ELONGATION * min(image.size):
        raise UnreadablePainting(f"too elongated to be a painting ({image.width} x {image.height} px)")
    return image


def _held(image: Image.Image) -> int:
    """Bytes a pixel that decoding holds at once; a progressive JPEG keeps 2 of every channel until its end."""
    if image.info.get("progressive"):
        return 4 + 2 * len(image.getbands())
    return HELD.get(image.format or "", 8)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    try:
        # Pillow turns TIFF files upright by itself, size and all.
        sideways = image.format != "TIFF" and image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    except Exception:
        sideways = False  # Damaged EXIF data: `to_rgb` will leave the image as it lies, too.
    return (image.height, image.width) if sideways else (image.width, image.height)


def _is_plain_jpeg(image: Image.Image) -> bool:
    """Whether the file itself already is what re-encoding would give, only sharper."""
    if image.format != "JPEG":
        return False
    profile = image.info.get("icc_profile")
    return image.getexif().get(0x0112, 1) == 1 and (profile is None or is_srgb(profile))


def _scale_short_side(image: Image.Image, side: int, original: tuple[int, int] | None = None) -> Image.Image:
    width, height = original or image.size
    scale = side / min(width, height)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    # Of a shrunk image Pillow's Hamming filter keeps what bicubic keeps, with half the work; it blurs an enlarged one.
    shrinks = size[0] < image.width
    return image.resize(size, Image.Resampling.HAMMING if shrinks else Image.Resampling.BICUBIC)


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if "truncated" in text.lower():
        return f"truncated ({text})"
    return f"unreadable ({text})"
