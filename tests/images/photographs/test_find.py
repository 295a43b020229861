"""Paintings on walls are found; plain reproductions are left alone, whatever is painted on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from wall_photographs import overlap, photograph_on_wall

from painter_search.images.framing import frame_painting
from painter_search.images.photographs.crop import SURE
from painter_search.images.photographs.find import find_painting
from painter_search.images.photographs.rectify import aspect_ratio

Paint = Callable[..., Image.Image]

HANGINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "gradient": {"wall": "gradient"},
    "texture": {"wall": "texture"},
    "brick": {"wall": "brick"},
    "no frame": {"frame": 0, "roll": 3},
    "thin frame": {"frame": 5},
    "passe-partout": {"mat": 45},
    "turned": {"roll": -8},
    "from aside": {"yaw": 28},
    "from the other side": {"yaw": -28, "wall": "gradient", "roll": 0},
    "straight": {"roll": 0},
    "upright photograph": {"size": (720, 960)},
}


@pytest.mark.parametrize("name", HANGINGS)
def test_painting_on_a_wall_is_found_without_its_frame(name: str, paint: Paint) -> None:
    picture = paint(21, 400, 310)
    photograph = photograph_on_wall(picture, **HANGINGS[name])
    found = find_painting(np.asarray(photograph.image))
    assert found is not None
    assert found.sureness >= SURE
    assert overlap(found.corners, photograph.corners) > 0.93
    assert aspect_ratio(found.corners, *photograph.image.size) == pytest.approx(400 / 310, rel=0.05)


def painted_frame(picture: Image.Image) -> Image.Image:
    """A portrait in a painted oval and a painted frame, out to the border of the picture."""
    framed = ImageOps.expand(ImageOps.expand(picture, 14, (120, 90, 40)), 22, (60, 40, 20))
    ImageDraw.Draw(framed).ellipse((90, 60, framed.width - 90, framed.height - 60), outline=(30, 20, 10), width=6)
    return framed


def window(picture: Image.Image) -> Image.Image:
    """A room with a window."""
    room = picture.copy()
    draw = ImageDraw.Draw(room)
    draw.rectangle((250, 40, 350, 180), fill=(200, 220, 240), outline=(70, 50, 30), width=5)
    draw.line((300, 40, 300, 180), fill=(70, 50, 30), width=4)
    return room


def picture_in_picture(picture: Image.Image) -> Image.Image:
    """A room with a framed picture on its wall."""
    room = picture.copy()
    small = ImageOps.expand(picture.resize((110, 80)), 6, (90, 60, 20))
    room.paste(small, (30, 30))
    return room


def sheet(picture: Image.Image) -> Image.Image:
    """A print on white paper, scanned."""
    return ImageOps.expand(picture, (40, 40, 40, 70), (252, 251, 249))


PLAIN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda picture: picture,
    "small": lambda picture: picture.resize((224, 170)),
    "painted frame": painted_frame,
    "window": window,
    "picture in picture": picture_in_picture,
    "sheet": sheet,
    "monochrome": lambda picture: ImageOps.expand(Image.new("RGB", (398, 308), (200, 30, 30)), 1, (190, 30, 30)),
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("framing", ["whole", "center"])
def test_plain_reproduction_stays_as_it_is_to_the_byte(
    name: str, seed: int, framing: Any, paint: Paint, save: Callable[..., bytes]
) -> None:
    content = save(PLAIN[name](paint(seed, 400, 310)), "JPEG", quality=90)
    assert replace(frame_painting(content, framing, crop="auto"), possible=None) == frame_painting(content, framing)


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (170, 170), (500, 12)])
def test_any_size_and_nothing_at_all_are_looked_at(shape: tuple[int, int]) -> None:
    noise: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for pixels in (noise, np.zeros_like(noise)):
        found = find_painting(pixels)
        assert found is None or found.sureness < SURE


@pytest.mark.slow
def test_real_paintings_are_left_alone_and_found_on_walls(collections: Path) -> None:
    files = sorted((collections / "paintings" / "originals").iterdir())[5::60][:8]
    found = 0
    for number, path in enumerate(files):
        content = path.read_bytes()
        assert frame_painting(content, "whole", crop="auto").crop is None, path.name
        with Image.open(path) as image:
            picture = image.convert("RGB")
        picture.thumbnail((460, 460))
        photograph = photograph_on_wall(picture, yaw=(-20, 0, 20)[number % 3], wall=("plain", "texture")[number % 2])
        painting = find_painting(np.asarray(photograph.image))
        assert painting is not None
        found += painting.sureness >= SURE and overlap(painting.corners, photograph.corners) > 0.85
    assert found >= len(files) - 1
