"""The puzzles of GCompris's activity "paintings": some twenty public-domain paintings, each cut into pieces."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from puzzles.qt_resources import ResourceFile

BOARD = (702, 515)
"""Pixels of the board, of whose width and height the places of pieces are fractions."""
CAPTION = re.compile(r'qsTr\("([^"]*)"\)')
PIECE = re.compile(r'"pixmapfile" : "image/([^"]+\.webp)",\s*"x" : "([\d.]+)",\s*"y" : "([\d.]+)"')
CORRECTIONS = {
    "Bazille": "Frédéric Bazille",
    "Hokusa": "Hokusai",
    "Pieter Brugel": "Pieter Bruegel the Elder",
    "Van Gogh": "van Gogh",
    "Kazusa sea Route": "The Kazusa Sea Route",
    "Ommaya": "Onmaya",
    "Woman holding a fan": "Woman Holding a Fan",
    "Girls At The Piano": "Girls at the Piano",
    " - 1760-70": "",  # before Hiroshige was born
}
"""What the captions write, and what is meant."""
SCULPTURES = ("Pieta",)
JPEG_QUALITY = 92
SOURCE = """\
{count} paintings and prints by {artists} artists, who died in 1944 or before: the works are in the public domain.

The pictures come from Debian's package gcompris-qt-data (paintings.rcc), where each is cut into the pieces of a puzzle;
`scripts/build_sample.py --paintings` of painter_search put them together again. GCompris has them from Nicolas Pioch's
WebMuseum (https://www.ibiblio.org/wm/), and its file of copyrights says of them:

    Copyright 1994-2006 Nicolas Pioch, 2008 Bruno Coudoin
    Licence: GPL, version 3 or later
    https://www.ibiblio.org/wm/about/license.html
"""


@dataclass(frozen=True)
class Painting:
    """A painting put together again."""

    artist: str
    title: str
    year: str
    picture: Image.Image

    @property
    def file_name(self) -> str:
        """`Katsushika Hokusai - Poppies.jpg`."""
        return f"{self.artist} - {self.title}.jpg"


def read_paintings(path: Path) -> Iterator[Painting]:
    """The paintings of a `paintings.rcc`, in order of artist and title."""
    files = {name.rpartition("paintings/resource/")[2]: content for name, content in ResourceFile.open(path).files()}
    boards = [content.decode() for name, content in files.items() if name.startswith("board/")]
    if not boards:
        raise ValueError(f"{path} holds no boards of the activity paintings")
    found = []
    for board in boards:
        artist, title, year = _caption(CAPTION.findall(board)[0])
        if title not in SCULPTURES:
            pieces = [(files[f"image/{name}"], float(x), float(y)) for name, x, y in PIECE.findall(board)]
            found.append(Painting(artist, title, year, put_together(pieces)))
    yield from sorted(found, key=lambda painting: painting.file_name)


def _caption(caption: str) -> tuple[str, str, str]:
    """Artist, title and first year of `Katsushika Hokusai, Poppies - 1833-1834`."""
    for wrong, right in CORRECTIONS.items():
        caption = re.sub(rf"{wrong}\b", right, caption)
    artist, _, rest = caption.rstrip(".").partition(", ")
    title, _, years = rest.partition(" - ")
    return artist, title, years[:4]


def put_together(pieces: list[tuple[bytes, float, float]]) -> Image.Image:
    """A picture from its pieces: their files, and where their centres lie on the board."""
    whole = Image.new("RGBA", BOARD)
    for content, x, y in pieces:
        piece = Image.open(io.BytesIO(content)).convert("RGBA")
        place = (round(x * BOARD[0] - piece.width / 2), round(y * BOARD[1] - piece.height / 2))
        whole.alpha_composite(piece, (max(0, place[0]), max(0, place[1])))
    pixels = np.asarray(whole)
    opaque = pixels[..., 3] >= 128
    rows, columns = (np.flatnonzero(opaque.mean(axis=axis) > 0.5 * opaque.mean(axis=axis).max()) for axis in (1, 0))
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    gaps = (pixels[..., 3] < 255)[inside].astype(np.uint8)  # where pieces meet
    colours = np.ascontiguousarray(pixels[..., :3][inside])
    return Image.fromarray(cv2.inpaint(colours, gaps, 2, cv2.INPAINT_TELEA))


def write_paintings(path: Path, out: Path) -> None:
    """Write the pictures of a `paintings.rcc` as JPEG files, a catalogue of them, and where they come from."""
    out.mkdir(parents=True, exist_ok=True)
    paintings = list(read_paintings(path))
    for painting in paintings:
        painting.picture.save(out / painting.file_name, quality=JPEG_QUALITY)
    with (out / "all_data_info.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["artist", "title", "date", "source", "new_filename"])
        table.writerows([p.artist, p.title, p.year, "WebMuseum, by GCompris", p.file_name] for p in paintings)
    artists = {painting.artist for painting in paintings}
    (out / "SOURCE.txt").write_text(SOURCE.format(count=len(paintings), artists=len(artists)), encoding="utf-8")
    print(f"{len(paintings)} paintings by {len(artists)} artists, in {out}")
