"""Paintings put together again from the pieces of a puzzle in a file of Qt resources."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from running_scripts import Run

from painter_search.images.framing import frame_painting

BOARD = """QtObject {{
   property string instruction: qsTr("{caption}")
   property var levels : [ {{ "pixmapfile" : "image/bg.svg", "width": 702, "height": 515 }},
      {pieces} ] }}"""


def as_resources(files: dict[str, bytes], compressed: bool) -> bytes:
    """A file of Qt resources of version 3 with all files in one folder; their names may hold slashes."""
    names, data, tree = bytearray(), bytearray(), bytearray()
    tree += struct.pack(">IHIIQ", 0, 2, len(files), 1, 0)
    names += struct.pack(">HI", 0, 0)
    for name, content in files.items():
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if compressed else content
        tree += struct.pack(">IHHHIQ", len(names), int(compressed), 0, 0, len(data), 0)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
        data += struct.pack(">I", len(stored)) + stored
    head = struct.pack(">4sIIIII", b"qres", 3, 24, 24 + len(tree), 24 + len(tree) + len(data), 0)
    return head + bytes(tree + data + names)


def as_puzzle(picture: np.ndarray, caption: str, name: str) -> dict[str, bytes]:
    """A board, and four pieces that overlap, as the activity has them."""
    height, width = picture.shape[:2]
    left, top = (702 - width) // 2, (515 - height) // 2
    files, pieces = {}, []
    for number, (y, x) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        rows = slice(0, height // 2 + 6) if y == 0 else slice(height // 2 - 6, height)
        columns = slice(0, width // 2 + 6) if x == 0 else slice(width // 2 - 6, width)
        file = io.BytesIO()
        Image.fromarray(picture[rows, columns]).save(file, "WEBP", lossless=True)
        files[f"gcompris/paintings/resource/image/{name}_{number}.webp"] = file.getvalue()
        across, down = (left + (columns.start + columns.stop) / 2) / 702, (top + (rows.start + rows.stop) / 2) / 515
        place = f'"x" : "{across:.3f}",\n "y" : "{down:.3f}"'
        pieces.append(f'{{ "pixmapfile" : "image/{name}_{number}.webp",\n {place} }}')
    board = BOARD.format(caption=caption, pieces=", ".join(pieces))
    return {**files, f"gcompris/paintings/resource/board/board_{name}.qml": board.encode()}


@pytest.mark.parametrize("compressed", [False, True])
def test_paintings_are_put_together_from_their_pieces(tmp_path: Path, run_here: Run, compressed: bool) -> None:
    across, down = np.meshgrid(np.arange(300), np.arange(200))
    picture = np.stack([across * 0.8, down, 255 - across * 0.8], axis=-1).astype(np.uint8)
    files = {
        **as_puzzle(picture, "Pieter Brugel, The Harvesters - 1565-1566", "harvesters"),
        **as_puzzle(picture, "Michelangelo, Pieta - 1499", "pieta"),
    }
    (tmp_path / "paintings.rcc").write_bytes(as_resources(files, compressed))
    out = tmp_path / "paintings"
    said = run_here("build_sample.py", "--paintings", out, "--rcc", tmp_path / "paintings.rcc")
    assert "1 paintings by 1 artists" in said
    table = pd.read_csv(out / "all_data_info.csv")
    assert table[["artist", "title", "date"]].values.tolist() == [["Pieter Bruegel the Elder", "The Harvesters", 1565]]
    assert "gcompris-qt-data" in (out / "SOURCE.txt").read_text(encoding="utf-8")
    found = np.asarray(Image.open(out / table.new_filename[0])).astype(int)
    assert found.shape == picture.shape
    assert np.abs(found - picture).mean() < 3


def test_print_is_left_out_and_photographed_on_a_wall(puzzles: Path, tmp_path: Path, run_here: Run) -> None:
    paintings, photograph = tmp_path / "paintings", tmp_path / "print on a wall.jpg"
    run_here("build_sample.py", "--rcc", puzzles, "--paintings", paintings, "--photograph", photograph)
    files = {path.name for path in paintings.glob("*.jpg")}
    assert set(pd.read_csv(paintings / "all_data_info.csv").new_filename) == files
    assert len(files) == 20
    assert frame_painting(photograph.read_bytes(), "whole", crop="auto").crop is not None


def test_file_that_is_no_resource_file_is_refused(
    tmp_path: Path, run_here: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "paintings.rcc").write_bytes(b"PK\x03\x04")
    with pytest.raises(SystemExit):
        run_here("build_sample.py", "--paintings", tmp_path / "out", "--rcc", tmp_path / "paintings.rcc")
    assert "paintings.rcc is not a file of Qt resources" in capsys.readouterr().err
