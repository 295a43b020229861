"""Every way of storing colour is converted to upright 8-bit sRGB."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from painter_search.images.color import to_rgb
from painter_search.images.decode import decode_painting
from painter_search.images.formats.decoded import Need
from painter_search.images.formats.jp2_profile import jp2_profile

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]

ADOBE_PRIMARIES = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
ADOBE_GAMMA = 563 / 256
SRGB_PRIMARIES = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
WHITE_D50 = (0.9642, 1.0, 0.8249)


def pixels(image: Image.Image) -> NDArray[np.int16]:
    return np.asarray(image).astype(np.int16)


def reopen(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def xyz_tag(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def text_tag(text: str) -> bytes:
    plain = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(plain)) + plain + bytes(78)


def gamma_tag(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def build_profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile (version 2, display) with the given tags."""
    table, content = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(content), b"lcms", 0x02100000, b"mntr", space, b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(struct.pack(">i", round(v * 65536)) for v in WHITE_D50)
    return header.ljust(128, b"\0") + table + content


def rgb_profile(primaries: tuple[tuple[float, ...], ...], gamma: float, name: str) -> bytes:
    tags = {b"desc": text_tag(name), b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz_tag(WHITE_D50)}
    for letter, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes([letter]) + b"XYZ"] = xyz_tag(primary)
        tags[bytes([letter]) + b"TRC"] = gamma_tag(gamma)
    return build_profile(b"RGB ", tags)


def grey_profile(gamma: float) -> bytes:
    tags = {b"desc": text_tag("grey"), b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz_tag(WHITE_D50)}
    return build_profile(b"GRAY", {**tags, b"kTRC": gamma_tag(gamma)})


def encode_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)
    return np.clip(curved, 0, 1) * 255


def to_srgb_by_hand(
    values: NDArray[np.int16], primaries: tuple[tuple[float, ...], ...], gamma: float
) -> NDArray[np.float64]:
    linear = (values / 255) ** gamma
    xyz = linear @ np.array(primaries)
    return encode_srgb(xyz @ np.linalg.inv(np.array(SRGB_PRIMARIES)))


def muted(paint: Paint, seed: int) -> Image.Image:
    """A picture without extreme colours, so that every one of them exists in sRGB too."""
    return Image.fromarray((pixels(paint(seed)) // 4 + 96).astype(np.uint8))


# --- modes -----------------------------------------------------------------------------------------------------------


def test_to_rgb_leaves_rgb_unchanged(paint: Paint) -> None:
    image = paint(1)
    assert to_rgb(image).mode == "RGB"
    assert np.array_equal(pixels(to_rgb(image)), pixels(image))


def test_to_rgb_gives_grey_three_equal_channels(paint: Paint, save: Save) -> None:
    grey = paint(1).convert("L")
    out = to_rgb(reopen(save(grey, "PNG")))
    assert out.mode == "RGB"
    for channel in range(3):
        assert np.array_equal(pixels(out)[..., channel], pixels(grey))


def test_to_rgb_turns_one_bit_to_black_and_white(paint: Paint, save: Save) -> None:
    bits = paint(1).convert("1")
    out = pixels(to_rgb(reopen(save(bits, "PNG"))))
    assert set(np.unique(out)) == {0, 255}
    assert np.array_equal(out[..., 0] == 255, np.asarray(bits))


def test_to_rgb_looks_up_palette(paint: Paint, save: Save) -> None:
    image = paint(2).quantize(16)
    out = to_rgb(reopen(save(image, "PNG")))
    table = np.array(image.getpalette()).reshape(-1, 3)
    assert np.array_equal(pixels(out), table[np.asarray(image)])


def test_to_rgb_shows_transparent_palette_entry_as_white(paint: Paint, save: Save) -> None:
    image = paint(2).quantize(16)
    out = pixels(to_rgb(reopen(save(image, "PNG", transparency=3))))
    indices = np.asarray(image)
    assert (out[indices == 3] == 255).all()
    table = np.array(image.getpalette()).reshape(-1, 3)
    assert np.array_equal(out[indices != 3], table[indices][indices != 3])


def test_to_rgb_blends_half_transparent_palette_entries_with_white(paint: Paint, save: Save) -> None:
    image = paint(2).quantize(4)
    alphas = np.array([0, 64, 128, 255])
    out = pixels(to_rgb(reopen(save(image, "PNG", transparency=bytes(alphas.tolist())))))
    table = np.array(image.getpalette()).reshape(-1, 3)
    indices = np.asarray(image)
    share = alphas[indices][..., None] / 255
    assert np.abs(out - (table[indices] * share + 255 * (1 - share))).max() <= 1


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_to_rgb_blends_alpha_with_white(file_format: str, paint: Paint, save: Save) -> None:
    image = paint(3).convert("RGBA")
    ramp = np.tile(np.linspace(0, 255, image.width).astype(np.uint8), (image.height, 1))
    image.putalpha(Image.fromarray(ramp))
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    out = pixels(to_rgb(reopen(save(image, file_format, **options))))
    share = ramp[..., None] / 255
    assert np.abs(out - (pixels(paint(3)) * share + 255 * (1 - share))).max() <= 1


def test_to_rgb_hides_colours_under_full_transparency(save: Save) -> None:
    image = Image.new("RGBA", (20, 10), (200, 0, 0, 0))
    image.putpixel((0, 0), (200, 0, 0, 255))
    out = pixels(to_rgb(reopen(save(image, "PNG"))))
    assert (out[0, 0] == (200, 0, 0)).all()
    assert (out[1:] == 255).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_to_rgb_ignores_alpha_that_hides_all(mode: str, paint: Paint, save: Save) -> None:
    image = paint(3).convert(mode)
    expected = pixels(image.convert(mode.removesuffix("A")).convert("RGB"))
    image.putalpha(0)
    assert np.array_equal(pixels(to_rgb(reopen(save(image, "PNG")))), expected)


def test_to_rgb_blends_grey_with_alpha_with_white(save: Save) -> None:
    image = Image.new("LA", (20, 10), (100, 128))
    out = pixels(to_rgb(reopen(save(image, "PNG"))))
    assert np.abs(out - (100 * 128 / 255 + 255 * 127 / 255)).max() <= 1


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_to_rgb_shows_transparent_colour_as_white(mode: str, save: Save) -> None:
    ink = 40 if mode == "L" else (40, 50, 60)
    image = Image.new(mode, (20, 10), 0)
    image.paste(ink, (0, 0, 10, 10))
    out = pixels(to_rgb(reopen(save(image, "PNG", transparency=ink))))
    assert (out[:, :10] == 255).all()
    assert (out[:, 10:] == 0).all()


def test_to_rgb_keeps_colours_of_cmyk_jpeg(save: Save) -> None:
    colours = [(255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 150, 100)]
    image = Image.new("RGB", (16 * len(colours), 16))
    for index, colour in enumerate(colours):
        image.paste(colour, (16 * index, 0, 16 * index + 16, 16))
    out = pixels(to_rgb(reopen(save(image.convert("CMYK"), quality=95))))
    for index, colour in enumerate(colours):
        assert np.abs(out[8, 16 * index + 8] - colour).max() <= 8


def test_to_rgb_converts_lab_tiff(paint: Paint, save: Save) -> None:
    image = muted(paint, 4)
    lab = ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    out = to_rgb(reopen(save(lab, "TIFF")))
    assert np.abs(pixels(out) - pixels(image)).mean() < 3


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_to_rgb_scales_16_bit_grey_to_8(file_format: str, save: Save) -> None:
    values = np.linspace(0, 65535, 64 * 32).astype(np.uint16).reshape(32, 64)
    out = to_rgb(reopen(save(Image.fromarray(values), file_format)))
    assert out.mode == "RGB"
    assert np.abs(pixels(out) - (values / 257)[..., None]).max() <= 1


def test_to_rgb_scales_integer_tiff_of_32_bits(save: Save) -> None:
    values = np.linspace(0, 65535, 64 * 32).astype(np.int32).reshape(32, 64)
    out = to_rgb(reopen(save(Image.fromarray(values), "TIFF")))
    assert np.abs(pixels(out) - (values / 257)[..., None]).max() <= 1


def test_to_rgb_keeps_dark_16_bit_grey_dark(save: Save) -> None:
    values = np.full((20, 20), 200, np.uint16)  # 200 of 65,535 is nearly black.
    assert pixels(to_rgb(reopen(save(Image.fromarray(values), "PNG")))).max() <= 1


def test_to_rgb_reads_big_endian_16_bit_tiff() -> None:
    values = np.linspace(0, 65535, 8 * 8).astype(">u2").reshape(8, 8)
    entries = [(256, 3, 8), (257, 3, 8), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 122), (277, 3, 1)]
    entries += [(278, 3, 8), (279, 4, 128)]
    directory = struct.pack(">H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack(">HHI", tag, kind, 1) + struct.pack(
            ">HH" if kind == 3 else ">I", *([value, 0][: 2 if kind == 3 else 1])
        )
    content = b"MM\0*" + struct.pack(">I", 8) + directory + bytes(4)
    content += values.tobytes()
    assert len(content) == 122 + 128
    out = pixels(to_rgb(reopen(content)))
    assert np.abs(out - (values.astype(float) / 257)[..., None]).max() <= 1


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_to_rgb_scales_float_tiff_from_0_to_1_or_to_255(scale: float, save: Save) -> None:
    values = np.linspace(0, 1, 64 * 32).astype(np.float32).reshape(32, 64)
    out = pixels(to_rgb(reopen(save(Image.fromarray(values * np.float32(scale)), "TIFF"))))
    assert np.abs(out - (values * 255)[..., None]).max() <= 1


def test_to_rgb_ignores_float_values_that_are_nan(save: Save) -> None:
    values = np.full((8, 8), 0.5, np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, 1.0, -3.0
    out = pixels(to_rgb(reopen(save(Image.fromarray(values), "TIFF"))))
    assert (out[1:] == 128).all()
    assert out[0, 2, 0] == 0


@pytest.mark.parametrize(
    ("file_format", "bound"), [("PNG", 0), ("BMP", 0), ("TIFF", 0), ("GIF", 30), ("JPEG", 4), ("WEBP", 8)]
)
def test_to_rgb_equal_for_every_format(file_format: str, bound: float, paint: Paint, save: Save) -> None:
    image = paint(5)
    options = {"quality": 95} if file_format in ("JPEG", "WEBP") else {}
    out = to_rgb(reopen(save(image, file_format, **options)))
    assert out.mode == "RGB"
    assert np.abs(pixels(out) - pixels(image)).mean() <= bound


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_to_rgb_uses_first_of_several_frames(file_format: str, save: Save) -> None:
    first, second = Image.new("RGB", (40, 30), (250, 10, 10)), Image.new("RGB", (40, 30), (10, 10, 250))
    content = save(first, file_format, save_all=True, append_images=[second])
    assert reopen(content).n_frames == 2
    assert np.abs(pixels(to_rgb(reopen(content))) - (250, 10, 10)).max() <= 8


# --- orientation -----------------------------------------------------------------------------------------------------

# The EXIF standard: which side of the upright picture the first stored row and the first stored column are.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def stored_for(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """How a camera stores an upright picture under an orientation, pixel by pixel."""
    height, width = upright.shape[:2]
    first_row, first_column = SIDES[orientation]
    rows, columns = (height, width) if first_row in ("top", "bottom") else (width, height)
    position = {"top": lambda i: i, "bottom": lambda i: height - 1 - i, "left": lambda i: i}
    position["right"] = lambda i: width - 1 - i
    stored = np.empty((rows, columns, 3), np.uint8)
    for row in range(rows):
        for column in range(columns):
            along, across = position[first_row](row), position[first_column](column)
            y, x = (along, across) if first_row in ("top", "bottom") else (across, along)
            stored[row, column] = upright[y, x]
    return stored


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_to_rgb_applies_every_exif_orientation(file_format: str, orientation: int, paint: Paint, save: Save) -> None:
    upright = np.asarray(paint(6, 40, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(file_format, {})
    content = save(Image.fromarray(stored_for(upright, orientation)), file_format, exif=exif, **options)
    out = to_rgb(reopen(content))
    assert out.size == (40, 24)
    assert np.abs(pixels(out) - upright.astype(np.int16)).mean() <= (2 if file_format == "JPEG" else 0)


def test_to_rgb_ignores_invalid_orientation(paint: Paint, save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    image = paint(6, 40, 24)
    assert np.array_equal(pixels(to_rgb(reopen(save(image, "PNG", exif=exif)))), pixels(image))


# --- colour profiles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_to_rgb_converts_wide_profile_to_srgb(file_format: str, paint: Paint, save: Save) -> None:
    image = muted(paint, 7)
    profile = rgb_profile(ADOBE_PRIMARIES, ADOBE_GAMMA, "Wide RGB (1998)")
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(file_format, {})
    content = save(image, file_format, icc_profile=profile, **options)
    stored = pixels(reopen(content).convert("RGB"))
    expected = to_srgb_by_hand(stored, ADOBE_PRIMARIES, ADOBE_GAMMA)
    assert np.abs(expected - stored).mean() > 2  # The conversion is not an idle one.
    assert np.abs(pixels(to_rgb(reopen(content))) - expected).max() <= 2


def jp2_box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def jp2_with(content: bytes, colour: bytes) -> bytes:
    """A JPEG 2000 file of Pillow's with other boxes than its own that says the colours."""
    start = content.index(b"jp2h") - 4
    end = start + struct.unpack_from(">I", content, start)[0]
    size_box, rest = content[start + 8 : start + 30], content[end:]
    return content[:start] + jp2_box(b"jp2h", size_box + colour) + rest


@pytest.mark.parametrize("method", [2, 3])
@pytest.mark.parametrize("as_path", [False, True])
def test_decode_painting_converts_profile_of_jpeg_2000(
    method: int, as_path: bool, paint: Paint, save: Save, tmp_path: Path
) -> None:
    image = muted(paint, 7)
    profile = rgb_profile(ADOBE_PRIMARIES, ADOBE_GAMMA, "Wide RGB (1998)")
    content = jp2_with(save(image, "JPEG2000"), jp2_box(b"colr", bytes([method, 0, 0]) + profile))
    file = tmp_path / "large.jp2"
    file.write_bytes(content)
    out = decode_painting(file if as_path else content, Need(20)).image
    assert np.abs(pixels(out) - to_srgb_by_hand(pixels(image), ADOBE_PRIMARIES, ADOBE_GAMMA)).max() <= 2


@pytest.mark.parametrize(
    "colour",
    [
        struct.pack(">I4sBBBI", 15, b"colr", 1, 0, 0, 16),  # sRGB by its number
        jp2_box(b"colr", b"\2\0\0rubbish"),
        struct.pack(">I4sBBB", 2**31, b"colr", 2, 0, 0) + bytes(40),
        struct.pack(">I4sQBBB", 1, b"colr", 2**63, 2, 0, 0) + bytes(40),
        struct.pack(">I4sBBB", 3, b"colr", 2, 0, 0),
        struct.pack(">I4sBBB", 0, b"colr", 2, 0, 0),
        jp2_box(b"none", b"") * 10_000,
        struct.pack(">I4s", 4, b"none"),
        b"colr",
        b"",
    ],
)
def test_jp2_profile_does_no_harm(colour: bytes, paint: Paint, save: Save) -> None:
    image = paint(7)
    content = jp2_with(save(image, "JPEG2000"), colour)
    profile = jp2_profile(content)
    assert profile is None or len(profile) <= len(colour)
    for end in range(content.index(b"jp2h"), content.index(b"jp2h") + 60):
        jp2_profile(content[:end])
    try:
        stored = reopen(content).convert("RGB")
    except (OSError, SyntaxError, struct.error):
        return  # damaged as Pillow sees it, too
    assert np.array_equal(pixels(decode_painting(content, Need(20)).image), pixels(stored))


def test_to_rgb_converts_profile_under_transparency(save: Save) -> None:
    image = Image.new("RGBA", (20, 10), (90, 160, 120, 255))
    image.paste((90, 160, 120, 0), (10, 0, 20, 10))
    profile = rgb_profile(ADOBE_PRIMARIES, ADOBE_GAMMA, "Wide RGB (1998)")
    out = pixels(to_rgb(reopen(save(image, "PNG", icc_profile=profile))))
    expected = to_srgb_by_hand(np.array([90, 160, 120], np.int16), ADOBE_PRIMARIES, ADOBE_GAMMA)
    assert np.abs(out[:, :10] - expected).max() <= 2
    assert (out[:, 10:] == 255).all()


def test_to_rgb_converts_profile_of_palette(paint: Paint, save: Save) -> None:
    image = muted(paint, 7).quantize(16)
    profile = rgb_profile(ADOBE_PRIMARIES, ADOBE_GAMMA, "Wide RGB (1998)")
    out = pixels(to_rgb(reopen(save(image, "PNG", icc_profile=profile))))
    expected = to_srgb_by_hand(pixels(image.convert("RGB")), ADOBE_PRIMARIES, ADOBE_GAMMA)
    assert np.abs(out - expected).max() <= 2


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_to_rgb_converts_grey_profile(mode: str, save: Save) -> None:
    image = Image.new(mode, (20, 10), 60 if mode == "L" else (60, 255))
    out = pixels(to_rgb(reopen(save(image, "PNG", icc_profile=grey_profile(1.0)))))
    expected = encode_srgb(np.array(60 / 255))
    assert np.abs(out - expected).max() <= 3


def test_to_rgb_leaves_srgb_profile_unchanged(paint: Paint, save: Save) -> None:
    image = paint(8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(pixels(to_rgb(reopen(save(image, "PNG", icc_profile=profile)))), pixels(image))


def test_to_rgb_converts_linear_profile_that_mentions_srgb(paint: Paint, save: Save) -> None:
    image = muted(paint, 8)
    profile = rgb_profile(SRGB_PRIMARIES, 1.0, "Linear sRGB")
    expected = to_srgb_by_hand(pixels(image), SRGB_PRIMARIES, 1.0)
    assert np.abs(pixels(to_rgb(reopen(save(image, "PNG", icc_profile=profile)))) - expected).max() <= 3


@pytest.mark.parametrize("damage", ["rubbish", "cut", "wrong space"])
def test_to_rgb_ignores_damaged_profile(damage: str, paint: Paint, save: Save) -> None:
    image = paint(8)
    profile = {
        "rubbish": b"this is no profile",
        "cut": rgb_profile(ADOBE_PRIMARIES, ADOBE_GAMMA, "Wide RGB")[:300],
        "wrong space": grey_profile(1.0),
    }[damage]
    assert np.array_equal(pixels(to_rgb(reopen(save(image, "PNG", icc_profile=profile)))), pixels(image))


def test_to_rgb_ignores_damaged_profile_of_cmyk_file(save: Save) -> None:
    image = Image.new("RGB", (32, 32), (200, 150, 100)).convert("CMYK")
    out = pixels(to_rgb(reopen(save(image, quality=95, icc_profile=b"rubbish"))))
    assert np.abs(out - (200, 150, 100)).max() <= 8
