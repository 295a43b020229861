"""Metadata never decide over pixels: whole pictures in damaged files are read, pictures that lack pixels are not."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hostile_images import chunk
from PIL import Image, ImageCms

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.jpeg_scans import has_every_scan
from painter_search.images.framing import Frame, frame_painting, open_frame

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
NOISE = np.random.default_rng(0).integers(0, 256, 1_200_000, dtype=np.uint8).tobytes()


def segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def png_with(content: bytes, *chunks: bytes) -> bytes:
    """A PNG file with chunks put behind its header."""
    return content[:33] + b"".join(chunks) + content[33:]


def wrong_crc(name: bytes, content: bytes) -> bytes:
    return chunk(name, content)[:-4] + b"oops"


def framed(content: bytes) -> Frame:
    return frame_painting(content, "whole")


# --- JPEG ------------------------------------------------------------------------------------------------------------

JPEG_OPTIONS: dict[str, dict[str, object]] = {
    "baseline": {}, "4:4:4": {"subsampling": 0}, "progressive": {"progressive": True}, "optimised": {"optimize": True},
    "restart markers": {"restart_marker_rows": 1},
}  # fmt: skip


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("kind", JPEG_OPTIONS)
@pytest.mark.parametrize("size", [(120, 91), (700, 600)])
def test_frame_painting_reads_jpeg_without_end_marker(
    size: tuple[int, int], kind: str, missing: int, paint: Paint, save: Save
) -> None:
    content = save(paint(1, *size), quality=90, **JPEG_OPTIONS[kind])
    assert framed(content[:-missing]) == framed(content)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_frame_painting_reads_jpeg_of_other_modes_without_end_marker(mode: str, paint: Paint, save: Save) -> None:
    content = save(paint(1).convert(mode))
    assert framed(content[:-2]) == framed(content)


@pytest.mark.parametrize("missing", [3, 4, 6, 10, 30, 100, 1000])
@pytest.mark.parametrize("kind", JPEG_OPTIONS)
def test_frame_painting_refuses_jpeg_whose_last_pixels_are_missing(
    kind: str, missing: int, paint: Paint, save: Save
) -> None:
    content = save(paint(2, 120, 91), quality=90, **JPEG_OPTIONS[kind])
    with pytest.raises(UnreadableImageError, match=r"^truncated"):
        framed(content[:-missing])


def scan_starts(content: bytes) -> Iterator[int]:
    position = content.find(b"\xff\xda")
    while position >= 0:
        yield position
        position = content.find(b"\xff\xda", position + 2)


def test_frame_painting_refuses_progressive_jpeg_without_its_last_scans(paint: Paint, save: Save) -> None:
    content = save(paint(2), progressive=True)
    starts = list(scan_starts(content))
    assert len(starts) > 5
    assert has_every_scan(content)
    for start in starts[1:]:
        cut = content[: content.rindex(b"\xff\xc4", 0, start)]  # before the scan's own tables
        assert not has_every_scan(cut)
        with pytest.raises(UnreadableImageError, match=r"^truncated"):
            framed(cut)


@pytest.mark.parametrize(
    "metadata",
    [
        segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
        segment(0xE1, b"Exif\0\0" + NOISE[:500]),
        segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0"),  # points to itself
        segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\xff\xff\xff\xff\x08\0\0\0\0\0\0\0"),
        segment(0xE2, b"MPF\0" + NOISE[:50]),
        segment(0xE2, b"MPF\0II*\0\x08\0\0\0\1\0\1\xb0\4\0\1\0\0\0\2\0\0\0\0\0\0\0"),
        segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\xff\xff\xff\xff"),
        segment(0xE2, b"ICC_PROFILE\0"),
        segment(0xEE, b"Adobe"),
        segment(0xE0, b"JFIF"),
        segment(0xFE, NOISE[:60_000]),
        b"\xff" * 40,
    ],
)
def test_frame_painting_reads_jpeg_with_damaged_metadata(metadata: bytes, paint: Paint, save: Save) -> None:
    content = save(paint(3), quality=95, subsampling=0)
    damaged = framed(content[:2] + metadata + content[2:])
    plain = framed(content)
    assert (damaged.width, damaged.height) == (plain.width, plain.height)
    assert difference(damaged, plain) < 2  # it may have been encoded again


@pytest.mark.parametrize("after", [b"junk" * 100, bytes(4096), b"\xff\xd8\xff\xe0"])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "PPM", "AVIF"])
def test_frame_painting_ignores_what_comes_after_the_image(
    file_format: str, after: bytes, paint: Paint, save: Save
) -> None:
    content = save(paint(4), file_format)
    assert difference(framed(content + after), framed(content)) == 0


def difference(one: Frame, other: Frame) -> float:
    """Mean difference of two frames' pixels."""
    pixels = [np.asarray(open_frame(frame.jpeg)).astype(np.int16) for frame in (one, other)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


# --- PNG -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(b"iCCP", b"x\0\0" + zlib.compress(NOISE, 1))],
        [chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3_000_000)))],
        [chunk(b"iCCP", b"x\0\0rubbish")],
        [chunk(b"iCCP", b"")],
        [chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(3_000_000)))],
        [chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(3_000_000)))],
        [chunk(b"tEXt", b"x%d\0" % number + bytes(1_000_000)) for number in range(70)],
        [wrong_crc(b"tEXt", b"Title\0A painting")],
        [wrong_crc(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))],
        [chunk(b"gAMA", b"\0"), chunk(b"pHYs", b"\0"), chunk(b"cHRM", b"\0\0"), chunk(b"sRGB", b"")],
        [chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"), chunk(b"eXIf", b"")],
        [chunk(b"prVt", b"abc")],
    ],
)
def test_frame_painting_reads_png_with_damaged_metadata(chunks: list[bytes], paint: Paint, save: Save) -> None:
    content = save(paint(5), "PNG")
    assert framed(png_with(content, *chunks)) == framed(content)


def test_frame_painting_refuses_png_with_a_flipped_bit_in_its_pixels(paint: Paint, save: Save) -> None:
    content = save(paint(5, 300, 240), "PNG")
    first, last = content.index(b"IDAT") + 4, content.rindex(b"IEND") - 8
    for place in np.random.default_rng(6).integers(first, last, 40).tolist():
        damaged = content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]
        with pytest.raises(UnreadableImageError, match=r"^damaged \(its checksum is wrong\); copy or"):
            framed(damaged)


def test_frame_painting_calls_a_cut_png_truncated(paint: Paint, save: Save) -> None:
    content = save(paint(5, 300, 240), "PNG")
    with pytest.raises(UnreadableImageError, match=r"^truncated"):
        framed(content[: len(content) // 2])


@pytest.mark.parametrize("cut", ["end", "half of the end", "metadata after the pixels"])
def test_frame_painting_reads_png_whose_pixels_are_all_there(cut: str, paint: Paint, save: Save) -> None:
    content = save(paint(5), "PNG")
    damaged = {
        "end": content[:-12],
        "half of the end": content[:-3],
        "metadata after the pixels": content[:-12] + struct.pack(">I", 5000) + b"tEXtTitle",
    }[cut]
    assert framed(damaged) == framed(content)


def test_frame_painting_keeps_profile_of_png_whose_text_is_damaged(paint: Paint, save: Save) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    position = profile.index(b"rTRC")
    start = struct.unpack_from(">I", profile, position + 4)[0]
    profile[start : start + 14] = b"curv\0\0\0\0\0\0\0\1\1\0"  # linear light
    profile = profile.replace(b"s\0R\0G\0B", b"l\0i\0n\0e")
    content = save(paint(5), "PNG", icc_profile=bytes(profile))
    plain = framed(save(paint(5), "PNG"))
    assert difference(framed(content), plain) > 3
    assert framed(png_with(content, wrong_crc(b"tEXt", b"a\0b"))) == framed(content)


# --- WebP, JPEG 2000 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_frame_painting_reads_webp_with_damaged_metadata(mode: str, lossless: bool, paint: Paint, save: Save) -> None:
    image = paint(6).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = save(image, "WEBP", lossless=lossless)
    tagged = save(image, "WEBP", lossless=lossless, exif=exif, xmp=bytes(3000))
    upright, sideways = framed(plain), framed(tagged)
    assert (upright.width, upright.height) == (sideways.height, sideways.width)
    assert framed(tagged[:-2000]) == sideways
    assert framed(tagged[:-3020]) == upright
    for size in (10, len(plain) * 2):
        assert framed(plain[:4] + struct.pack("<I", size) + plain[8:]) == upright
    with pytest.raises(UnreadableImageError, match=r"^truncated"):
        framed(plain[: len(plain) // 2])


def test_frame_painting_reads_jpeg_2000_without_end_marker(paint: Paint, save: Save) -> None:
    content = save(paint(7), "JPEG2000")
    assert framed(content[:-2]) == framed(content)
    for missing in (20, 1000, len(content) // 2):
        with pytest.raises(UnreadableImageError):
            framed(content[:-missing])
