"""Frames and thumbnails of originals, and the reasons for which originals are refused."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from painter_search.common.errors import UnreadableImageError
from painter_search.images.framing import (
    encode_jpeg,
    frame_center,
    frame_painting,
    frame_whole,
    make_thumbnail,
    open_frame,
)
from painter_search.images.types import Framing

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]


def pixels(content: bytes) -> NDArray[np.int16]:
    return np.asarray(open_frame(content)).astype(np.int16)


def reason_of(content: bytes, framing: Framing = "whole") -> str:
    with pytest.raises(UnreadableImageError) as raised:
        frame_painting(content, framing)
    return str(raised.value)


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_that_claims(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")


# --- center ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(224, 224), (225, 224), (225, 227), (640, 480), (301, 900), (1001, 333)])
def test_frame_center_is_central_224_at_original_resolution(size: tuple[int, int], paint: Paint, save: Save) -> None:
    image = paint(1, *size)
    left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
    naive = Image.fromarray(np.asarray(image)[top : top + 224, left : left + 224].copy())
    assert np.array_equal(np.asarray(frame_center(image)), np.asarray(naive))
    frame = frame_painting(save(image, "PNG"), "center")
    assert frame.jpeg == encode_jpeg(naive)
    assert (frame.width, frame.height, frame.enlarged) == (*size, False)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_frame_center_equal_for_other_colour_modes(mode: str, paint: Paint, save: Save) -> None:
    image = paint(2, 501, 333).convert(mode)
    content = save(image, "TIFF" if mode == "CMYK" else "PNG")
    naive = np.asarray(image.convert("RGB"))[54:278, 138:362]
    assert frame_painting(content, "center").jpeg == encode_jpeg(Image.fromarray(naive.copy()))


def test_frame_painting_center_keeps_224_jpeg_byte_for_byte(paint: Paint, save: Save) -> None:
    content = save(paint(3, 224, 224), quality=80)
    assert frame_painting(content, "center").jpeg == content


def test_frame_painting_center_converts_grey_224_jpeg_to_rgb(paint: Paint, save: Save) -> None:
    content = save(paint(3, 224, 224).convert("L"), quality=80)
    with Image.open(io.BytesIO(frame_painting(content, "center").jpeg)) as frame:
        assert (frame.mode, frame.size) == ("RGB", (224, 224))


def test_frame_painting_center_turns_224_jpeg_upright(paint: Paint, save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    image = paint(3, 224, 224)
    frame = frame_painting(save(image.rotate(180), exif=exif, quality=95), "center")
    assert np.abs(pixels(frame.jpeg) - np.asarray(image)).mean() < 4
    with Image.open(io.BytesIO(frame.jpeg)) as reopened:
        assert reopened.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("size", [(100, 80), (223, 500), (500, 223), (64, 64), (30, 200), (16, 16)])
def test_frame_painting_center_enlarges_small_image_without_padding(size: tuple[int, int], save: Save) -> None:
    image = Image.new("RGB", size, (200, 100, 50))  # Padding would be black, or any other colour.
    image.putpixel((0, 0), (201, 100, 50))
    frame = frame_painting(save(image, "PNG"), "center")
    out = pixels(frame.jpeg)
    assert out.shape == (224, 224, 3)
    assert np.abs(out - (200, 100, 50)).max() <= 3
    assert frame.enlarged


def test_frame_center_keeps_aspect_ratio_of_small_image(paint: Paint) -> None:
    image = paint(4, 112, 168)
    doubled = np.asarray(image.resize((224, 336), Image.Resampling.BICUBIC))
    assert np.array_equal(np.asarray(frame_center(image)), doubled[56:280])


def test_frame_painting_center_has_uncropped_thumbnail(paint: Paint, save: Save) -> None:
    image = paint(5, 1200, 600)
    thumbnail = frame_painting(save(image, "PNG"), "center").thumbnail
    assert thumbnail is not None
    with Image.open(io.BytesIO(thumbnail)) as opened:
        assert opened.size == (512, 256)
    expected = np.asarray(image.resize((512, 256), Image.Resampling.LANCZOS)).astype(np.int16)
    assert np.abs(pixels(thumbnail) - expected).mean() < 5


# --- whole -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1000, 800), (801, 1203), (449, 449), (1500, 500), (1900, 1850)])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
@pytest.mark.slow
def test_frame_painting_whole_has_short_side_448(
    size: tuple[int, int], file_format: str, paint: Paint, save: Save
) -> None:
    frame = frame_painting(save(paint(6, *size), file_format), "whole")
    height, width = pixels(frame.jpeg).shape[:2]
    assert min(width, height) == 448
    scale = 448 / min(size)
    assert abs(width - size[0] * scale) <= 1
    assert abs(height - size[1] * scale) <= 1
    assert (frame.width, frame.height, frame.enlarged, frame.thumbnail) == (*size, False, None)


@pytest.mark.parametrize("size", [(100, 80), (448, 448), (448, 2000), (447, 600), (16, 16)])
def test_frame_painting_whole_is_never_enlarged(size: tuple[int, int], paint: Paint, save: Save) -> None:
    image = paint(7, *size)
    frame = frame_painting(save(image, "PNG"), "whole")
    assert frame.jpeg == encode_jpeg(image)
    assert not frame.enlarged


def test_frame_painting_whole_keeps_small_jpeg_byte_for_byte(paint: Paint, save: Save) -> None:
    content = save(paint(8, 448, 600), quality=60)
    assert frame_painting(content, "whole").jpeg == content


@pytest.mark.parametrize("size", [(1800, 1500), (2000, 1850), (910, 1400)])
def test_frame_painting_at_reduced_scale_is_close_to_full_decoding(
    size: tuple[int, int], paint: Paint, save: Save
) -> None:
    content = save(paint(9, *size), quality=90)
    reduced = pixels(frame_painting(content, "whole").jpeg)
    full = np.asarray(frame_whole(Image.open(io.BytesIO(content)).convert("RGB"))).astype(np.int16)
    assert reduced.shape == full.shape
    assert np.abs(reduced - full).mean() < 2.5


def test_frame_painting_at_reduced_scale_is_close_on_real_paintings(collections: Path) -> None:
    originals = sorted((collections / "paintings" / "originals").glob("*.jpg"))
    if not originals:
        pytest.skip("no originals")
    compared = 0
    for path in originals[::60]:
        content = path.read_bytes()
        full = Image.open(io.BytesIO(content))
        if full.mode != "RGB" or min(full.size) < 900 or full.info.get("icc_profile"):
            continue
        reduced = pixels(frame_painting(content, "whole").jpeg)
        size = reduced.shape[1], reduced.shape[0]
        naive = full.resize(size, Image.Resampling.BICUBIC)
        assert max(abs(a - b) for a, b in zip(size, frame_whole(full).size, strict=True)) <= 1
        assert np.abs(reduced - np.asarray(naive).astype(np.int16)).mean() < 4, path.name
        compared += 1
    assert compared


@pytest.mark.parametrize("framing", ["whole", "center"])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_frame_painting_records_upright_size(
    framing: Framing, file_format: str, orientation: int, paint: Paint, save: Save
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame = frame_painting(save(paint(10, 300, 240), file_format, exif=exif), framing)
    upright = (240, 300) if orientation in (6, 8) else (300, 240)
    assert (frame.width, frame.height) == upright
    if framing == "whole":
        assert open_frame(frame.jpeg).size == upright


@pytest.mark.parametrize(
    ("file_format", "difference"), [("PNG", 4), ("BMP", 4), ("TIFF", 4), ("JPEG", 6), ("WEBP", 6), ("GIF", 15)]
)
@pytest.mark.parametrize("framing", ["whole", "center"])
def test_frame_painting_reads_every_format(
    file_format: str, difference: float, framing: Framing, paint: Paint, save: Save
) -> None:
    image = paint(11, 300, 260)
    frame = frame_painting(save(image, file_format), framing)
    expected = frame_center(image) if framing == "center" else image
    assert np.abs(pixels(frame.jpeg) - np.asarray(expected)).mean() < difference


def test_frame_painting_keeps_colour_at_full_resolution(paint: Paint, save: Save) -> None:
    frame = frame_painting(save(paint(12, 600, 500), "PNG"), "whole")
    with Image.open(io.BytesIO(frame.jpeg)) as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_frame_painting_drops_profile_after_conversion(paint: Paint, save: Save) -> None:
    content = save(paint(12, 224, 224), icc_profile=b"rubbish")
    for framing in ("whole", "center"):
        with Image.open(io.BytesIO(frame_painting(content, framing).jpeg)) as image:
            assert "icc_profile" not in image.info


# --- thumbnails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 512), (512, 256)), ((300, 900), (171, 512)), ((512, 40), (512, 40)), ((9, 5), (9, 5))],
)
def test_make_thumbnail_has_long_side_of_at_most_512(
    size: tuple[int, int], expected: tuple[int, int], paint: Paint
) -> None:
    image = paint(13, *size)
    before = np.asarray(image).copy()
    with Image.open(io.BytesIO(make_thumbnail(image))) as thumbnail:
        assert max(abs(a - b) for a, b in zip(thumbnail.size, expected, strict=True)) <= 1
    assert np.array_equal(np.asarray(image), before)


# --- reasons ---------------------------------------------------------------------------------------------------------


def test_frame_painting_refuses_empty_file() -> None:
    assert reason_of(b"") == "empty file"


@pytest.mark.parametrize("content", [b"\xff\xd8", b"\x80", bytes(range(1, 256)) * 9])
def test_frame_painting_refuses_other_files(content: bytes) -> None:
    assert reason_of(content) == "not an image"


@pytest.mark.parametrize("framing", ["whole", "center"])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.75, 0.95])
def test_frame_painting_refuses_truncated_file(
    share: float, file_format: str, framing: Framing, paint: Paint, save: Save
) -> None:
    content = save(paint(14, 250, 230), file_format)
    reason = reason_of(content[: int(share * len(content))], framing)
    assert reason.startswith(("truncated", "unreadable", "not an image"))
    if file_format == "JPEG" and share >= 0.1:
        assert reason.startswith("truncated")


def test_frame_painting_refuses_truncated_progressive_jpeg(paint: Paint, save: Save) -> None:
    content = save(paint(14, 900, 950), progressive=True)
    for share in (0.2, 0.5, 0.9):
        assert reason_of(content[: int(share * len(content))]).startswith("truncated")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP"])
def test_frame_painting_gives_frame_or_reason_for_random_damage(file_format: str, paint: Paint, save: Save) -> None:
    content = save(paint(15, 90, 70), file_format)
    rng = np.random.default_rng(0)
    reasons: list[str] = []
    for _ in range(40):
        damaged = bytearray(content)
        for position in rng.integers(0, min(len(damaged), 600), 4):
            damaged[position] = rng.integers(0, 256)
        try:
            frame = frame_painting(bytes(damaged), "whole")
        except UnreadableImageError as error:
            reasons.append(str(error))
        else:
            assert open_frame(frame.jpeg).mode == "RGB"
    assert all(reasons)


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 9_500), (300_000, 300_000), (2**31 - 1, 2**31 - 1)])
@pytest.mark.parametrize("framing", ["whole", "center"])
def test_frame_painting_refuses_huge_claimed_size_without_pixels(size: tuple[int, int], framing: Framing) -> None:
    reason = reason_of(png_that_claims(*size), framing)
    assert reason.startswith(("too large to decode safely", "truncated", "unreadable"))


def test_frame_painting_decodes_claimed_size_within_limit() -> None:
    assert reason_of(png_that_claims(2_000, 2_000)).startswith(("truncated", "unreadable"))


def test_frame_painting_accepts_100_megapixels() -> None:
    rows = zlib.compress(b"\0\x80" + bytes(10_000 * 1251 - 2), 1)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 1, 0, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    frame = frame_painting(content, "whole")
    assert open_frame(frame.jpeg).size == (448, 448)
    assert (frame.width, frame.height) == (10_000, 10_000)


def test_frame_painting_refuses_image_over_50_times_longer_than_wide(save: Save) -> None:
    assert "too elongated" in reason_of(save(Image.new("L", (510, 10)), "PNG"))
    assert "too elongated" in reason_of(save(Image.new("L", (10, 510)), "PNG"), "center")
    assert frame_painting(save(Image.linear_gradient("L").resize((800, 16)), "PNG"), "center").enlarged


@pytest.mark.parametrize("size", [(1, 1), (15, 200), (200, 15)])
def test_frame_painting_refuses_image_without_16_pixels_of_each_side(size: tuple[int, int], save: Save) -> None:
    content = save(Image.linear_gradient("L").resize(size), "PNG")
    assert reason_of(content) == f"too small to be a painting ({size[0]} x {size[1]} px)"


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "TIFF"])
@pytest.mark.parametrize("size", [(40, 30), (1000, 920)])
def test_frame_painting_refuses_image_of_one_colour(size: tuple[int, int], file_format: str, save: Save) -> None:
    content = save(Image.new("RGB", size, (200, 30, 30)), file_format)
    assert reason_of(content) == "blank (one colour all over)"
    assert reason_of(content, "center") == "blank (one colour all over)"


def test_frame_painting_refuses_image_without_visible_pixels(save: Save) -> None:
    assert reason_of(save(Image.new("RGBA", (40, 30)), "PNG")) == "blank (one colour all over)"


def test_frame_painting_reads_monochrome_with_grain_that_is_lost_where_it_is_reduced(save: Save) -> None:
    grain = np.full((1792, 1792, 3), 200, np.uint8)
    grain[800, 900] = 230
    content = save(Image.fromarray(grain), quality=95)
    assert (pixels(frame_painting(content, "whole").jpeg) == 200).all()


def test_frame_painting_ignores_damaged_exif(paint: Paint, save: Save) -> None:
    content = save(paint(16), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert open_frame(frame_painting(content, "whole").jpeg).size == paint(16).size
