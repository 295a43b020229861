"""Of several pages in a TIFF file, the painting is the largest; deep, negative and odd pages show as in a viewer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tiff_files import (
    BLACK_IS_ZERO,
    CMYK,
    EXTRA_SAMPLES,
    ICC_LAB,
    PLANAR,
    RGB,
    SENSOR,
    SUBFILE,
    WHITE_IS_ZERO,
    Page,
    planes,
    tiff,
)

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.tiff_pages import largest_page, list_pages, smallest_copy
from painter_search.images.formats.vips_reader import VipsReader
from painter_search.images.framing import encode_jpeg, frame_painting, open_frame
from painter_search.images.types import ImageFile

Paint = Callable[..., Image.Image]

WIDTH, HEIGHT = 120, 90
LAYOUTS = [{"order": "<"}, {"order": ">"}, {"order": "<", "big": True}, {"order": ">", "big": True}]


def shown(content: ImageFile) -> NDArray[np.int16]:
    """The frame's pixels, from the JPEG file that it is."""
    return np.asarray(open_frame(frame_painting(content, "whole").jpeg)).astype(np.int16)


def expected(rgb: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The pixels of the frame that these RGB pixels give."""
    return np.asarray(open_frame(encode_jpeg(Image.fromarray(rgb)))).astype(np.int16)


def grey_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.fixture
def rgb(paint: Paint) -> NDArray[np.uint8]:
    return np.asarray(paint(1, WIDTH, HEIGHT))


@pytest.fixture
def grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(rgb).convert("L"))


# --- several pages ---------------------------------------------------------------------------------------------------


def thumbnail(rgb: NDArray[np.uint8], **tags: int) -> Page:
    return Page(np.ascontiguousarray(rgb[::4, ::4]), tags={SUBFILE: tags.get("subfile", 0)})


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", ["first", "first, not flagged", "last", "holds the painting"])
def test_frame_painting_takes_largest_page_not_thumbnail(
    place: str, layout: dict[str, object], rgb: NDArray[np.uint8]
) -> None:
    painting = Page(rgb)
    pages = {
        "first": [thumbnail(rgb, subfile=1), thumbnail(rgb, subfile=1), painting],
        "first, not flagged": [thumbnail(rgb), painting],
        "last": [painting, thumbnail(rgb, subfile=1)],
        "holds the painting": [Page(rgb[::4, ::4].copy(), tags={SUBFILE: 1}, sub_pages=[thumbnail(rgb), painting])],
    }[place]
    assert np.array_equal(shown(tiff(*pages, **layout)), expected(rgb))


def test_frame_painting_takes_first_of_equal_pages(rgb: NDArray[np.uint8]) -> None:
    assert np.array_equal(shown(tiff(Page(rgb), Page(255 - rgb))), expected(rgb))


def test_frame_painting_passes_over_transparency_mask(rgb: NDArray[np.uint8]) -> None:
    mask = Page(np.zeros((2 * HEIGHT, 2 * WIDTH), np.uint8), 4, {SUBFILE: 4})
    assert np.array_equal(shown(tiff(mask, Page(rgb))), expected(rgb))


def test_frame_painting_names_raw_file_of_a_camera(rgb: NDArray[np.uint8], grey: NDArray[np.uint8]) -> None:
    sensor = Page(np.tile(grey, (2, 2)).astype(np.uint16), SENSOR)
    content = tiff(Page(rgb, tags={SUBFILE: 1}, sub_pages=[sensor, Page(rgb)]))
    with pytest.raises(UnreadableImageError, match=r"^a camera's raw file; develop it to TIFF or JPEG$"):
        frame_painting(content, "whole")


@pytest.mark.parametrize("damage", ["loop", "cut", "beyond"])
def test_list_pages_stops_at_damaged_directory(damage: str, rgb: NDArray[np.uint8]) -> None:
    content = bytearray(tiff(Page(rgb), Page(rgb[::2, ::2].copy())))
    first = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[first : first + 2], "little")
    link = first + 2 + 12 * count
    if damage == "cut":
        content = content[: int.from_bytes(content[link : link + 4], "little") + 20]
    else:
        content[link : link + 4] = (first if damage == "loop" else 2**31).to_bytes(4, "little")
    assert [(page.width, page.height) for page in list_pages(bytes(content))] == [(WIDTH, HEIGHT)]
    assert np.array_equal(shown(bytes(content)), expected(rgb))


def test_smallest_copy_takes_level_of_pyramid_above_the_need(rgb: NDArray[np.uint8]) -> None:
    large = np.tile(rgb, (8, 8, 1))
    levels = [Page(np.ascontiguousarray(large[::step, ::step]), tags={SUBFILE: int(step > 1)}) for step in (1, 2, 4, 8)]
    label = Page(np.zeros((400, 500, 3), np.uint8), tags={SUBFILE: 1})  # not of the painting's shape
    for content in (tiff(*levels, label), tiff(Page(large, sub_pages=[*levels[1:], label]))):
        pages = list_pages(content)
        painting = largest_page(pages)
        assert (painting.width, painting.height) == (8 * WIDTH, 8 * HEIGHT)
        found = [smallest_copy(pages, painting, side).height for side in (90, 91, 180, 200, 400, 720)]
        assert found == [90, 180, 180, 360, 720, 720]


# --- depth and colour ------------------------------------------------------------------------------------------------

GREYS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.generic]]] = {
    "16 bits": lambda grey: grey.astype(np.uint16) * 257,
    "32 bits": lambda grey: grey.astype(np.uint32) * 16_843_009,
    "16 bits in 32": lambda grey: grey.astype(np.uint32) * 257,
    "float to 1": lambda grey: (grey / 255).astype(np.float32),
    "float to 255": lambda grey: grey.astype(np.float32),
    "float to 65,535": lambda grey: grey.astype(np.float32) * 257,
    "half float": lambda grey: (grey / 255).astype(np.float16),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("depth", GREYS)
def test_frame_painting_shows_grey_of_every_depth(depth: str, order: str, grey: NDArray[np.uint8]) -> None:
    grey = np.clip(grey, 0, 254)
    grey[0, 0] = 255  # so that the range is used
    content = tiff(Page(GREYS[depth](grey), BLACK_IS_ZERO), order=order)
    assert np.abs(shown(content) - expected(grey_rgb(grey))).max() <= 2


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.float32])
def test_frame_painting_shows_white_is_zero_as_positive(kind: type, order: str, grey: NDArray[np.uint8]) -> None:
    grey = grey.copy()
    grey[0, :2] = 0, 255
    factor = {np.uint8: 1, np.uint16: 257, np.uint32: 16_843_009, np.float32: 1 / 255}[kind]
    stored = ((255 - grey).astype(np.float64) * factor).astype(kind)
    assert np.abs(shown(tiff(Page(stored, WHITE_IS_ZERO), order=order)) - expected(grey_rgb(grey))).max() <= 2


@pytest.mark.parametrize("kind", [np.uint16, np.uint32, np.float32])
def test_frame_painting_shows_colour_of_every_depth(kind: type, rgb: NDArray[np.uint8]) -> None:
    rgb = rgb.copy()
    rgb[0, 0] = 255
    factor = {np.uint16: 257, np.uint32: 16_843_009, np.float32: 1 / 255}[kind]
    assert np.abs(shown(tiff(Page((rgb.astype(np.float64) * factor).astype(kind)))) - expected(rgb)).max() <= 2


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_frame_painting_takes_alpha_for_alpha_only_where_it_is_one(
    kind: type, rgb: NDArray[np.uint8], tmp_path: Path
) -> None:
    tags: dict[int, int | tuple[int, ...]]
    top = np.iinfo(kind).max
    stored = np.dstack([rgb.astype(np.float64) * (top / 255), np.zeros(rgb.shape[:2])]).astype(kind)
    stored[0, 0, 3] = top
    for tags in ({EXTRA_SAMPLES: 0}, {}):  # as film scanners write it
        infrared = tiff(Page(stored, tags=tags))
        (tmp_path / "infrared.tif").write_bytes(infrared)
        for file in (infrared, tmp_path / "infrared.tif"):
            assert np.abs(shown(file) - expected(rgb)).max() <= 2
    assert (shown(tiff(Page(stored, tags={EXTRA_SAMPLES: 2})))[16:] == 255).all()


@pytest.fixture
def colours(rgb: NDArray[np.uint8], grey: NDArray[np.uint8]) -> dict[int, NDArray[np.uint8]]:
    """The channels `[height, width, channels]` of one picture in grey or colour, by the tag that says what they are."""
    cmyk = np.asarray(Image.fromarray(rgb).convert("CMYK"))
    return {WHITE_IS_ZERO: 255 - grey[..., None], BLACK_IS_ZERO: grey[..., None], RGB: rgb, CMYK: cmyk}


@pytest.mark.parametrize("extra", range(4))
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK])
def test_frame_painting_passes_over_saved_selections(
    photometric: int,
    extra: int,
    colours: dict[int, NDArray[np.uint8]],
    grey: NDArray[np.uint8],
    rgb: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    selection = np.zeros(grey.shape, np.uint8)
    selection[20:60, 20:60] = 255
    picture = expected(rgb if photometric in (RGB, CMYK) else grey_rgb(grey))
    stored = np.dstack([colours[photometric], *[selection] * extra])
    for pixels in (stored, stored.astype(np.uint16) * 257):
        tags: dict[int, int | tuple[int, ...]] = {EXTRA_SAMPLES: (0,) * extra} if extra else {}
        contents = [tiff(Page(pixels, photometric, tags))]
        if photometric in (RGB, CMYK) or not extra:
            contents += [planes(pixels, photometric, (0,) * extra, deflate) for deflate in (False, True)]
        for content in contents:
            (tmp_path / "large.tif").write_bytes(content)
            assert np.abs(shown(content) - picture).max() <= 2
            assert np.abs(shown(tmp_path / "large.tif") - picture).max() <= 2


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("extra", [(), (2,), (0, 0)])
@pytest.mark.parametrize("undeclared", [0, 1, 4])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
def test_frame_painting_shows_colours_that_are_called_grey(
    photometric: int, undeclared: int, extra: tuple[int, ...], kind: type, rgb: NDArray[np.uint8], tmp_path: Path
) -> None:
    colours = 255 - rgb if photometric == WHITE_IS_ZERO else rgb
    further = [np.zeros(rgb.shape[:2], np.uint8)] * undeclared + [np.full(rgb.shape[:2], 255, np.uint8)] * len(extra)
    stored = np.dstack([colours, *further]).astype(kind) * (257 if kind is np.uint16 else 1)
    content = tiff(Page(stored, photometric, {EXTRA_SAMPLES: extra} if extra else {}))
    (tmp_path / "large.tif").write_bytes(content)
    for file in (content, tmp_path / "large.tif"):
        assert np.abs(shown(file) - expected(rgb)).max() <= 2


@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
def test_vips_reader_reduces_colours_that_are_called_grey(photometric: int) -> None:
    red = np.full((64, 64, 3), (200, 20, 20), np.uint8)
    content = tiff(Page(255 - red if photometric == WHITE_IS_ZERO else red, photometric))
    reduced = VipsReader(content, "TIFF", largest_page(list_pages(content)), 1_000).read(16)
    assert reduced.size == (16, 16)
    assert reduced.getpixel((8, 8)) == (200, 20, 20)


def test_frame_painting_keeps_alpha_before_saved_selection(rgb: NDArray[np.uint8]) -> None:
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    alpha[:, 60:] = 0
    stored = np.dstack([rgb, alpha, np.zeros_like(alpha)]).astype(np.uint16) * 257
    out = shown(tiff(Page(stored, tags={EXTRA_SAMPLES: (2, 0)})))
    assert (out[:, 76:] == 255).all()
    assert np.abs(out[:, :44] - expected(rgb)[:, :44]).max() <= 2


def test_frame_painting_reads_grey_planes_or_refuses_them(grey: NDArray[np.uint8], tmp_path: Path) -> None:
    stored = np.dstack([grey, np.full_like(grey, 7)])
    assert np.abs(shown(planes(stored, BLACK_IS_ZERO, (0,), deflate=True)) - expected(grey_rgb(grey))).max() <= 2
    (tmp_path / "large.tif").write_bytes(planes(stored, BLACK_IS_ZERO, (2,)))
    for file in (
        tmp_path / "large.tif",
        planes(stored, BLACK_IS_ZERO, (0,)),
        planes(255 - stored, WHITE_IS_ZERO, (0,)),
    ):
        with pytest.raises(UnreadableImageError, match=r"^grey or CIELAB channels in separate planes are not"):
            frame_painting(file, "whole")


@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
def test_frame_painting_shows_black_and_white_in_one_plane(
    photometric: int, grey: NDArray[np.uint8], tmp_path: Path
) -> None:
    white = grey > np.median(grey)
    tags: dict[int, int | tuple[int, ...]] = {256: WIDTH, 258: 1, PLANAR: 2}
    stored = np.packbits(white == (photometric == BLACK_IS_ZERO), axis=1)
    content = tiff(Page(stored, photometric, tags))
    (tmp_path / "large.tif").write_bytes(content)
    for file in (content, tmp_path / "large.tif"):
        assert np.abs(shown(file) - expected(grey_rgb(white.astype(np.uint8) * 255))).max() <= 2


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_frame_painting_shows_cmyk_with_and_without_spot_colour(kind: type, rgb: NDArray[np.uint8]) -> None:
    cmyk = np.asarray(Image.fromarray(rgb).convert("CMYK"))
    stored = cmyk.astype(kind) * (257 if kind is np.uint16 else 1)
    spot = np.dstack([stored, np.zeros_like(stored[..., :1])])
    assert np.abs(shown(tiff(Page(stored, CMYK))) - expected(rgb)).max() <= 2
    assert np.abs(shown(tiff(Page(spot, CMYK, {EXTRA_SAMPLES: 0}))) - expected(rgb)).max() <= 2


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_frame_painting_shows_lab_of_icc(kind: type) -> None:
    # Lightness 50 % and no colour is a middle grey; lightness 50 % with a = +60 is a red.
    lab = np.empty((20, 40, 3))
    lab[:, :20], lab[:, 20:] = (127.5, 128, 128), (127.5, 188, 128)
    out = shown(tiff(Page((lab * (256 if kind is np.uint16 else 1)).astype(kind), ICC_LAB)))
    assert np.abs(out[10, 5] - 119).max() <= 3
    red, green, _ = out[10, 35]
    assert red > 180
    assert green < 90
