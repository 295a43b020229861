"""Pillow and libvips on the same originals, one core each, taking turns: how long a frame takes, and how good it is.

    python scripts/benchmark_readers.py --originals originals
    python scripts/benchmark_readers.py --originals paintings.zip --count 50 --rounds 1 --json readers.json

A frame is what `prepare --framing whole` writes: the painting with its short side reduced to 448 px, as a JPEG file.
`ours` decodes with Pillow, reduced where the file allows that. `libvips` does everything in its pipeline of
`thumbnail`; `libvips, then Pillow` decodes reduced by a power of two, with twice the pixels that are needed, and leaves
the rest to Pillow, as ours does. The error of a frame is its root mean square difference from the file decoded whole
and reduced with a Lanczos filter in float32, in grey levels of 255, before it is compressed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"  # before libvips is loaded

import numpy as np
import PIL
import pyvips
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich.console import Console
from rich.table import Table

from painter_search.common.errors import PainterSearchError
from painter_search.common.files.atomic_io import write_json
from painter_search.images.decode import decode_painting
from painter_search.images.formats.decoded import MAX_HELD_BYTES, Need
from painter_search.images.framing import WHOLE_SIDE, encode_jpeg, frame_whole
from painter_search.images.sources import Original, list_originals, read_original

CATALOGUE = 103_250
"""Originals of *Painter by Numbers*."""
Frame = Image.Image
MakeFrame = Callable[[bytes], Frame]


def ours(content: bytes) -> Frame:
    """Decoded and framed as `prepare` does."""
    decoded = decode_painting(content, Need(WHOLE_SIDE, None, MAX_HELD_BYTES))
    return frame_whole(decoded.image, (decoded.width, decoded.height))


def libvips(content: bytes) -> Frame:
    """All in libvips's own pipeline, colours included."""
    header = Image.open(BytesIO(content))
    width, height = header.size
    factor = min(1.0, WHOLE_SIDE / min(width, height))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    profile = {"export_profile": "srgb"} if "icc_profile" in header.info else {}  # without one there is nothing to do
    reduced = pyvips.Image.thumbnail_buffer(content, size[0], height=size[1], size="down", **profile)
    return _to_pillow(reduced)


def libvips_then_pillow(content: bytes) -> Frame:
    """Decoded by libvips, reduced further by Pillow."""
    size = Image.open(BytesIO(content)).size
    enough = min(size) // (2 * WHOLE_SIDE)
    shrink = max(power for power in (1, 2, 4, 8) if power <= max(1, enough))
    options = {"shrink": shrink} if content.startswith(b"\xff\xd8") else {}
    loaded = pyvips.Image.new_from_buffer(content, "", access="sequential", **options)
    return frame_whole(_to_pillow(loaded.autorot()), size)


WAYS: dict[str, MakeFrame] = {"ours": ours, "libvips": libvips, "libvips, then Pillow": libvips_then_pillow}


def main() -> None:
    """Measure all ways and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--originals", type=Path, nargs="+", required=True, help="folders or archives")
    parser.add_argument("--count", type=int, default=300, help="originals of each, spread over all")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each takes")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    flags = parser.parse_args()
    contents = []
    for container in flags.originals:
        originals = list(list_originals([container]))
        contents += [_read(original) for original in originals[:: max(1, len(originals) // flags.count)][: flags.count]]
    kept = [content for content in contents if content is not None]
    rows = measure(kept, flags.rounds)
    megapixels = float(np.mean([np.prod(Image.open(BytesIO(content)).size) for content in kept])) / 1e6
    table = Table(title=f"{len(kept)} originals of {megapixels:.1f} megapixels on average, one core")
    for column in ("", "ms an original", "… without its JPEG file", f"{CATALOGUE:,} on two cores", "error"):
        table.add_column(column, justify="right" if column else "left")
    for name, row in rows.items():
        hours = CATALOGUE * row["ms"] / 2 / 3_600_000
        table.add_row(
            name, f"{row['ms']:.1f}", f"{row['ms_without_jpeg']:.1f}", f"{60 * hours:.0f} min", f"{row['error']:.2f}"
        )
    console = Console(width=120)
    console.print(table)
    console.print(f"Pillow {PIL.__version__}, libvips {'.'.join(str(pyvips.version(part)) for part in range(3))}")
    if flags.json:
        write_json(flags.json, {"originals": len(kept), "megapixels": megapixels, **rows})


def measure(contents: list[bytes], rounds: int) -> dict[str, dict[str, float]]:
    """The median over rounds of the mean time an original, and the mean error."""
    decoding: dict[str, list[float]] = {name: [] for name in WAYS}
    whole: dict[str, list[float]] = {name: [] for name in WAYS}
    errors: dict[str, list[float]] = {name: [] for name in WAYS}
    for turn in range(rounds):
        spent, framed = dict.fromkeys(WAYS, 0.0), dict.fromkeys(WAYS, 0.0)
        for content in contents:
            best = _best(content) if turn == 0 else None
            for name, make in WAYS.items():
                start = time.process_time()
                frame = make(content)
                framed[name] += time.process_time() - start
                encode_jpeg(frame)
                spent[name] += time.process_time() - start
                if best is not None and frame.size == best.shape[1::-1]:
                    errors[name].append(float(np.sqrt(np.mean((np.asarray(frame, np.float32) - best) ** 2))))
        for name in WAYS:
            decoding[name].append(1000 * framed[name] / len(contents))
            whole[name].append(1000 * spent[name] / len(contents))
    return {
        name: {
            "ms": statistics.median(whole[name]),
            "ms_without_jpeg": statistics.median(decoding[name]),
            "error": float(np.mean(errors[name])),
        }
        for name in WAYS
    }


def _read(original: Original) -> bytes | None:
    """The bytes of an original that can be framed; None for one that cannot, or is a path since it is so large."""
    try:
        content = read_original(original)
        if isinstance(content, bytes):
            ours(content)
            return content
    except PainterSearchError:
        pass
    return None


def _best(content: bytes) -> NDArray[np.float32]:
    """The file decoded whole, turned upright and reduced in float32: `[height, width, 3]`."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(content))).convert("RGB")
    size = frame_whole(image).size
    planes = [plane.convert("F").resize(size, Image.Resampling.LANCZOS) for plane in image.split()]
    return np.clip(np.dstack([np.asarray(plane) for plane in planes]), 0, 255)


def _to_pillow(image: pyvips.Image) -> Image.Image:
    image = image.flatten() if image.hasalpha() else image
    return Image.fromarray(image.numpy()).convert("RGB")


if __name__ == "__main__":
    main()
