"""Photographs of paintings, composed from real ones: is the painting found in them, and its artist, by `--crop auto`?

    python scripts/wall_compositions.py draw --collections data-paintings data-wikiart --out compositions
    python scripts/wall_compositions.py measure --collections data-paintings data-wikiart --index index
    python scripts/wall_compositions.py fit --collections data-paintings data-wikiart

`measure` takes works of the collections' test part, which `index` holds: photographs of `--works` of them, and
`--plain` of them as they are, none of which should be cropped. `fit` takes works of the training part and prints the
constants of `painter_search/images/photographs/sureness.py`. `draw` writes a few photographs to look at. Collections
are prepared ones; everything follows from `--seed`.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from photographs.compositions import Composition, compose
from photographs.fit_sureness import as_constants, fit_sureness
from PIL import Image

from painter_search import Collection, PaintingIndex, Work, attribute
from painter_search.attribution.answers import Attribution
from painter_search.images.framing import frame_painting, read_frame
from painter_search.images.photographs.find import find_outlines, find_painting

FOUND = 0.85
"""Intersection over union with the painting from which on a crop counts as right."""


@dataclass(frozen=True)
class Painting:
    """A work of a prepared collection."""

    collection: str
    file: str
    artist: str
    frame: Path

    def pixels(self) -> NDArray[np.uint8]:
        """Its frame, RGB `[height, width, 3]`."""
        return np.asarray(read_frame(self.frame))


def draw_works(folders: Sequence[Path], part: str, count: int, seed: int) -> list[Painting]:
    """Random works of a part of each collection, as many of each."""
    rng = np.random.default_rng(seed)
    drawn = []
    for folder in folders:
        collection = Collection.open(folder)
        works = sorted(collection.works(part), key=lambda work: work.file)
        for number in rng.permutation(len(works))[: -(-count // len(folders))]:
            work = works[number]
            drawn.append(Painting(work.collection, work.file, work.artist, collection.frame_path(work.file)))
    return drawn


def photographs(paintings: Sequence[Painting], seed: int) -> Iterator[Composition]:
    """A photograph of each painting, others beside some."""
    for number, painting in enumerate(paintings):
        rng = np.random.default_rng([seed, number])
        beside = [paintings[int(other)].pixels() for other in rng.integers(len(paintings), size=2)]
        yield compose(painting.pixels(), beside, rng)


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Intersection over union of two quadrilaterals `[4, 2]`."""
    common = cv2.intersectConvexConvex(np.float32(one), np.float32(other))[0]
    return float(common / (cv2.contourArea(np.float32(one)) + cv2.contourArea(np.float32(other)) - common))


def as_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """A photograph as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def draw(options: argparse.Namespace) -> None:
    """Write photographs with their paintings outlined."""
    options.out.mkdir(parents=True, exist_ok=True)
    paintings = draw_works(options.collections, "test", options.works, options.seed)
    for painting, photograph in zip(paintings, photographs(paintings, options.seed), strict=True):
        shown = cv2.polylines(photograph.pixels.copy(), [np.int32(photograph.corners)], True, (0, 255, 0), 3)
        name = f"{painting.collection}-{Path(painting.file).stem}-{photograph.kind.replace(' ', '-')}.jpg"
        Image.fromarray(shown).save(options.out / name)


def measure(options: argparse.Namespace) -> None:
    """Print how often photographs are cropped rightly and answered as the originals are."""
    index = PaintingIndex.load(options.index)
    paintings = draw_works(options.collections, "test", options.works, options.seed)
    counts: dict[str, int] = dict.fromkeys(
        ("cropped", "cropped rightly", "cropped wrongly", "recognised", "another recognised",
         "nearest, original", "nearest, cropped", "nearest, whole", "recognised or nearest",
         "artist first, original", "artist first, cropped", "artist first, whole"), 0
    )  # fmt: skip
    seconds: list[float] = []
    for painting, photograph in zip(paintings, photographs(paintings, options.seed), strict=True):
        start = time.process_time()
        find_painting(photograph.pixels)
        seconds.append(time.process_time() - start)
        content, original = as_jpeg(photograph.pixels), painting.frame.read_bytes()
        (answer,) = attribute(index, content)
        assert isinstance(answer, Attribution)
        if answer.crop is not None:
            corners = np.float32(answer.crop.corners) * np.float32(photograph.pixels.shape[1::-1])
            right = overlap(corners, photograph.corners) > FOUND
            counts["cropped"] += 1
            counts["cropped rightly" if right else "cropped wrongly"] += 1
            if not right:
                print(f"  {painting.file}: {photograph.kind}, cropped elsewhere")
        else:
            print(f"  {painting.file}: {photograph.kind}, not cropped")
        recognised = [(same.work.collection, same.work.file) for same in answer.same_works]
        itself = (painting.collection, painting.file)
        counts["recognised"] += itself in recognised
        counts["another recognised"] += any(work != itself for work in recognised)
        for how, file, crop in (
            ("cropped", content, "auto"), ("whole", content, "none"), ("original", original, "none")
        ):  # fmt: skip
            works = _nearest_works(index, file, crop)
            is_same = [(work.collection, work.file) == itself for work in works]
            counts[f"nearest, {how}"] += is_same[0]
            counts[f"artist first, {how}"] += works[is_same.index(False)].artist == painting.artist
            if how == "cropped":
                counts["recognised or nearest"] += is_same[0] or itself in recognised
    print(f"{len(paintings)} photographs, {1000 * float(np.median(seconds)):.0f} ms of a core each:")
    for name, count in counts.items():
        print(f"  {name}: {count} ({100 * count / len(paintings):.1f} %)")
    plain = draw_works(options.collections, "test", options.plain, options.seed + 1)
    cropped = [painting for painting in plain if _is_cropped(painting)]
    print(f"{len(plain)} plain reproductions, of which cropped: {len(cropped)}")
    for painting in cropped:
        print(f"  {painting.frame}")


def _nearest_works(index: PaintingIndex, content: bytes, crop: str) -> list[Work]:
    """The two works nearest to a photograph."""
    _, ids = index.search(index.embed_images(content, crop=crop), 2)
    return index.works.get(ids[0].tolist())


def _is_cropped(painting: Painting) -> bool:
    return frame_painting(painting.frame.read_bytes(), "whole", crop="auto").crop is not None


def fit(options: argparse.Namespace) -> None:
    """Print the constants of `sureness.py`."""
    paintings = draw_works(options.collections, "train", options.works, options.seed)
    evidence, overlaps = [], []
    for photograph in photographs(paintings, options.seed):
        outlines = find_outlines(photograph.pixels)
        corners = outlines.candidates.corners / outlines.scale
        evidence.append(outlines.evidence)
        overlaps.append(
            np.array([max(overlap(c, photograph.corners), overlap(c, photograph.outline)) for c in corners], np.float32)
        )
    for painting in draw_works(options.collections, "train", options.plain, options.seed + 1):
        outlines = find_outlines(painting.pixels())
        evidence.append(outlines.evidence)
        overlaps.append(np.zeros(len(outlines.evidence), np.float32))
    print(as_constants(*fit_sureness(evidence, overlaps)))


def main() -> None:
    """Read the flags."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("draw", "measure", "fit"))
    parser.add_argument("--collections", type=Path, nargs="+", required=True)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--out", type=Path, default=Path("compositions"))
    parser.add_argument("--works", type=int, default=200)
    parser.add_argument("--plain", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    {"draw": draw, "measure": measure, "fit": fit}[options.task](options)


if __name__ == "__main__":
    main()
