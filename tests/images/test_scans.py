"""Museum scans: larger than memory, they become frames as smaller copies of them do; bombs of their size do no harm."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hostile_images import png
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from tiff_files import CMYK, EXTRA_SAMPLES, ICC_LAB, PLANAR, RGB, SUBFILE, Page, tiff

from painter_search.common.errors import UnreadableImageError
from painter_search.images.framing import frame_center, frame_painting, frame_whole, open_frame
from painter_search.images.types import Framing

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
MB = 1_000_000
WIDTH, HEIGHT = 1900, 1800
BOUND = 18 * MB
"""Bytes that decoding may hold in these tests: images of 2.2 megapixels."""


@cache
def picture() -> Image.Image:
    rng = np.random.default_rng(1)
    patches = Image.fromarray(rng.integers(0, 256, (45, 48, 3), dtype=np.uint8))
    return patches.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def scan() -> Image.Image:
    """A picture that is beyond the bound."""
    return picture()


def pixels(jpeg: bytes | None) -> NDArray[np.int16]:
    assert jpeg is not None
    return np.asarray(open_frame(jpeg)).astype(np.int16)


@cache
def saved(kind: str) -> bytes:
    """The scan in a file of a kind."""
    image = picture()
    if kind == "TIFF of 16 bits":
        return tiff(Page(np.asarray(image).astype(np.uint16) * 257))
    if kind == "BigTIFF":
        return tiff(Page(np.asarray(image)), big=True)
    if kind == "TIFF in CMYK":
        return tiff(Page(np.asarray(image.convert("CMYK")), CMYK))
    if kind == "TIFF with infrared":
        infrared = np.dstack([np.asarray(image), np.zeros((image.height, image.width), np.uint8)])
        return tiff(Page(infrared, RGB, {EXTRA_SAMPLES: 0}))
    if kind == "TIFF in one strip, LZW":
        return _save(image, "TIFF", compression="tiff_lzw", strip_size=1 << 30)
    if kind == "JPEG at quality 98":
        return _save(image, "JPEG", quality=98, subsampling=0)
    return _save(image, kind)


def _save(image: Image.Image, file_format: str, **options: object) -> bytes:
    if file_format == "PNG":
        options["compress_level"] = 1
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def test_scans_are_beyond_the_bound(scan: Image.Image) -> None:
    with pytest.raises(UnreadableImageError, match="too large to decode safely"):
        frame_painting(_save(scan, "BMP"), "whole", BOUND)


KINDS = ["PNG", "TIFF", "BigTIFF", "TIFF of 16 bits", "TIFF in CMYK", "TIFF with infrared", "TIFF in one strip, LZW",
         "JPEG", "JPEG at quality 98", "JPEG2000"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_frame_painting_frames_scan_as_image_in_memory(kind: str, scan: Image.Image) -> None:
    content = saved(kind)
    reduced = frame_painting(content, "whole", BOUND + len(content))
    assert (reduced.width, reduced.height, reduced.thumbnail, reduced.enlarged) == (WIDTH, HEIGHT, None, False)
    whole = np.asarray(frame_whole(scan)).astype(np.int16)
    assert pixels(reduced.jpeg).shape == whole.shape
    assert np.abs(pixels(reduced.jpeg) - whole).mean() < 2.5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "JPEG2000"])
def test_frame_painting_keeps_center_of_scan_at_its_resolution(kind: str, scan: Image.Image) -> None:
    content = saved(kind)
    frame = frame_painting(content, "center", BOUND + len(content))
    assert (frame.width, frame.height, frame.enlarged) == (WIDTH, HEIGHT, False)
    center = np.asarray(frame_center(scan)).astype(np.int16)
    assert np.abs(pixels(frame.jpeg) - center).mean() < (6 if kind.startswith("JPEG") else 3)
    thumbnail = np.asarray(scan.resize((512, 485), Image.Resampling.LANCZOS)).astype(np.int16)
    assert np.abs(pixels(frame.thumbnail) - thumbnail).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "TIFF of 16 bits"])
def test_frame_painting_decodes_large_file_where_it_lies(kind: str, scan: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a [page=2] scan \xe9.tif")  # a name that is no UTF-8
    path.write_bytes(saved(kind))
    for bound in (BOUND, 900 * MB):
        frame = frame_painting(path, "whole", bound)
        assert np.abs(pixels(frame.jpeg) - np.asarray(frame_whole(scan)).astype(np.int16)).mean() < 2.5
    small = tmp_path / "small.tif"
    small.write_bytes(_save(scan.resize((300, 200)), "PNG"))
    assert frame_painting(small, "whole") == frame_painting(small.read_bytes(), "whole")


def test_frame_painting_refuses_large_file_that_is_no_scan(tmp_path: Path, scan: Image.Image, save: Save) -> None:
    for content, reason in [
        (bytes(MB), "zero bytes only"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0" + bytes(MB), "a video"),
        (save(scan.resize((64, 64)), "WEBP"), "too large a file to read safely"),
        (saved("JPEG")[:20_000], "truncated"),
    ]:
        (tmp_path / "large").write_bytes(content)
        with pytest.raises(UnreadableImageError, match=reason):
            frame_painting(tmp_path / "large", "whole")
    with pytest.raises(UnreadableImageError, match="cannot be read"):
        frame_painting(tmp_path / "gone", "whole")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("framing", ["whole", "center"])
def test_frame_painting_refuses_truncated_scan(kind: str, framing: Framing, scan: Image.Image) -> None:
    content = saved(kind)
    for share in (0.3, 0.9):
        cut = content[: int(share * len(content))]
        with pytest.raises(UnreadableImageError, match=r"^(truncated|unreadable)"):
            frame_painting(cut, framing, BOUND + len(cut))


def test_frame_painting_reads_scan_without_end_marker(scan: Image.Image) -> None:
    content = saved("JPEG")
    bound = BOUND + len(content)
    assert frame_painting(content[:-2], "whole", bound) == frame_painting(content, "whole", bound)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_frame_painting_turns_scan_upright(kind: str, scan: Image.Image) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    content = _save(scan.transpose(Image.Transpose.ROTATE_90), kind, exif=exif)
    for framing in ("whole", "center"):
        frame = frame_painting(content, framing, BOUND + len(content))
        assert (frame.width, frame.height) == (WIDTH, HEIGHT)
        expected = frame_whole(scan) if framing == "whole" else frame_center(scan)
        assert np.abs(pixels(frame.jpeg) - np.asarray(expected).astype(np.int16)).mean() < 6


def test_frame_painting_lays_transparent_scan_over_white(scan: Image.Image) -> None:
    image = scan.copy()
    alpha = Image.new("L", scan.size, 0)
    alpha.paste(255, (0, 0, scan.width // 2, scan.height))
    image.putalpha(alpha)
    for kind in ("PNG", "TIFF"):
        content = _save(image, kind)
        out = pixels(frame_painting(content, "whole", BOUND + len(content)).jpeg)
        assert (out[:, out.shape[1] // 2 + 16 :] == 255).all()
        assert (out[:, : out.shape[1] // 2] < 255).any()


def test_frame_painting_converts_lab_scan(scan: Image.Image) -> None:
    grey = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    grey[...] = 128, 128, 128
    grey[: HEIGHT // 2] = 100, 128, 128
    out = pixels(frame_painting(tiff(Page(grey, ICC_LAB)), "whole", BOUND + grey.nbytes).jpeg)
    assert np.abs(out[out.shape[0] // 2 + 16 :] - 119).max() <= 3


# --- pyramids --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sub_pages", [False, True])
def test_frame_painting_takes_level_of_pyramid(sub_pages: bool, scan: Image.Image) -> None:
    full = np.asarray(scan)
    half, quarter = (np.ascontiguousarray(full[::step, ::step]) for step in (2, 4))
    # The levels are of other colours, so that it shows which one was taken.
    levels = [Page(255 - half, tags={SUBFILE: 1}), Page(quarter // 2, tags={SUBFILE: 1})]
    content = tiff(Page(full, sub_pages=levels)) if sub_pages else tiff(Page(full), *levels)
    bound = BOUND + len(content)
    frame = frame_painting(content, "whole", bound)
    assert (frame.width, frame.height) == (WIDTH, HEIGHT)
    expected = np.asarray(frame_whole(Image.fromarray(quarter // 2))).astype(np.int16)  # 450 px: just above 448
    assert np.abs(pixels(frame.jpeg) - expected).mean() < 3
    center = pixels(frame_painting(content, "center", bound).jpeg)
    assert np.abs(center - np.asarray(frame_center(scan)).astype(np.int16)).mean() < 3
    in_memory = pixels(frame_painting(content, "whole").jpeg)
    assert np.abs(in_memory - np.asarray(frame_whole(scan)).astype(np.int16)).mean() < 3


# --- bombs -----------------------------------------------------------------------------------------------------------


def test_frame_painting_refuses_scan_that_must_be_decoded_whole(scan: Image.Image) -> None:
    content = _save(scan, "JPEG", progressive=True)
    with pytest.raises(UnreadableImageError, match="interlaced or progressive"):
        frame_painting(content, "whole", BOUND + len(content))


def test_frame_painting_refuses_tile_as_large_as_the_scan() -> None:
    tags = {256: 16_000, 257: 16_000, 322: 16_000, 323: 16_000}
    with pytest.raises(UnreadableImageError, match="tile size out of range"):
        frame_painting(tiff(Page(np.zeros((8, 8, 3), np.uint8), tags=tags)), "whole")


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({256: 40_000, 257: 30_000, 278: 30_000, PLANAR: 2}, "in separate planes"),
        ({256: 65_000, 257: 60_000, 277: 60_000}, "60,000 channels"),
    ],
)
def test_frame_painting_refuses_parts_of_any_size(tags: dict[int, int | tuple[int, ...]], reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason):
        frame_painting(tiff(Page(np.zeros((8, 8, 3), np.uint8), tags=tags)), "whole")


MEASURE = """
import resource, sys, time
from pathlib import Path
import pyvips
from painter_search.common.errors import UnreadableImageError
from painter_search.images.framing import frame_painting
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    frame = frame_painting(Path(sys.argv[1]), "whole")
    said = f"{frame.width} x {frame.height}"
except UnreadableImageError as error:
    said = str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((peak - before) // 1024, round(time.process_time() - started), said, sep=";")
"""


def measure(path: Path) -> tuple[int, int, str]:
    """Megabytes and processor seconds that framing a file takes, and the size or the reason."""
    # Through a shell: a forked process starts with the peak of its parent.
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -c "$CODE" "{path}"'],
        env={**os.environ, "CODE": MEASURE}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    megabytes, seconds, said = done.stdout.strip().split(";", 2)
    return int(megabytes), int(seconds), said


@pytest.mark.slow
def test_frame_painting_frames_scan_of_600_megapixels_in_little_memory(tmp_path: Path) -> None:
    pyvips = pytest.importorskip("pyvips")
    small = pyvips.Image.new_from_array(np.random.default_rng(0).integers(0, 256, (100, 150, 3), dtype=np.uint8))
    scan = small.zoom(200, 200).copy(interpretation="srgb")
    scan.jpegsave(str(tmp_path / "scan.jpg"), Q=80)
    assert measure(tmp_path / "scan.jpg") == (pytest.approx(100, abs=150), pytest.approx(3, abs=20), "30000 x 20000")


@pytest.mark.slow
def test_frame_painting_survives_bomb_of_a_gigapixel(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png(36_000, 30_000, 1, 0))
    megabytes, seconds, said = measure(tmp_path / "bomb.png")
    assert megabytes < 500
    assert seconds < 60
    assert said.startswith(("blank", "too large"))
