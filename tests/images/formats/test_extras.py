"""HEIC and JPEG XL are read with the packages of their extras, and name the extra without them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.jxl_size import jxl_size
from painter_search.images.framing import frame_painting, open_frame

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
HEIC_HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
JXL_HEAD = b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100)


def pixels(content: bytes) -> NDArray[np.int16]:
    return np.asarray(open_frame(frame_painting(content, "whole").jpeg)).astype(np.int16)


@pytest.mark.parametrize(
    ("head", "package", "reason"),
    [
        (HEIC_HEAD, "pillow_heif", 'an HEIC photograph; to read it, `pip install "painter-search[heic]"`'),
        (JXL_HEAD, "pillow_jxl", 'a JPEG XL image; to read it, `pip install "painter-search[jxl]"`'),
        (b"\xff\x0a" + bytes(100), "pillow_jxl", 'a JPEG XL image; to read it, `pip install "painter-search[jxl]"`'),
    ],
)
def test_frame_painting_names_extra_that_is_missing(
    head: bytes, package: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UnreadableImageError) as raised:
        frame_painting(head, "whole")
    assert str(raised.value).startswith(reason)


@pytest.mark.parametrize(("head", "package"), [(HEIC_HEAD, "pillow_heif"), (JXL_HEAD, "pillow_jxl")])
def test_frame_painting_says_that_file_is_damaged(head: bytes, package: str) -> None:
    pytest.importorskip(package)
    with pytest.raises(UnreadableImageError, match=r"^unreadable \(a damaged (HEIC|JPEG XL) file\)$"):
        frame_painting(head, "whole")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize(("file_format", "package"), [("HEIF", "pillow_heif"), ("JXL", "pillow_jxl")])
def test_frame_painting_reads_format_of_extra(
    file_format: str, package: str, mode: str, paint: Paint, save: Save
) -> None:
    module = pytest.importorskip(package)
    if file_format == "HEIF":
        module.register_heif_opener()
    image = paint(1, 160, 90)
    out = pixels(save(image.convert(mode), file_format, quality=95))
    assert np.abs(out - np.asarray(image.convert(mode).convert("RGB")).astype(np.int16)).mean() < 5


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_frame_painting_turns_heic_upright(orientation: int, paint: Paint, save: Save) -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    upright = paint(2, 160, 90)
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    frame = frame_painting(save(upright.transpose(turn), "HEIF", quality=95, exif=exif.tobytes()), "whole")
    assert (frame.width, frame.height) == (160, 90)
    assert np.abs(np.asarray(open_frame(frame.jpeg)).astype(np.int16) - np.asarray(upright)).mean() < 5


@pytest.mark.parametrize(
    ("size", "container"), [((160, 90), True), ((64, 64), False), ((300, 999), True), ((17, 16), False)]
)
def test_jxl_size_is_what_the_decoder_finds(size: tuple[int, int], container: bool, paint: Paint, save: Save) -> None:
    pytest.importorskip("pillow_jxl")
    content = save(paint(3, *size), "JXL", use_container=container)
    assert jxl_size(content) == size
    assert (frame_painting(content, "whole").width, frame_painting(content, "whole").height) == size
    for cut in range(0, 40):
        jxl_size(content[:cut])  # no error
    with pytest.raises(UnreadableImageError):
        frame_painting(content[: len(content) // 2], "whole")


@pytest.mark.parametrize(("file_format", "package"), [("HEIF", "pillow_heif"), ("JXL", "pillow_jxl"), ("AVIF", "PIL")])
def test_frame_painting_refuses_image_of_extra_that_is_too_large(
    file_format: str, package: str, paint: Paint, save: Save
) -> None:
    module = pytest.importorskip(package)
    if file_format == "HEIF":
        module.register_heif_opener()
    content = save(paint(4, 400, 300), file_format)
    with pytest.raises(UnreadableImageError, match=r"too large to decode safely \(400 x 300 px as "):
        frame_painting(content, "whole", 1_000_000)
