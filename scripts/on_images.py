"""Feeding a trainer and preparing a collection, for `benchmark.py`: what is done to images on one core."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import reference
from trials import Row, World, alternate, one_thread, picture

from painter_search.collection.framing_pool import FramingJob, frame_all
from painter_search.collection.originals import list_originals
from painter_search.training.dataset import TripletDataset
from painter_search.training.sampler import Draw
from painter_search.training.squares import kept_squares


def feeding(world: World) -> Iterator[Row]:
    """Crops decoded and augmented on one core, with the report's best transforms."""
    count = 6 if world.quick else 60
    triplets = world.triplets(count)
    with kept_squares(list(dict.fromkeys(p for t in triplets for p in t)), 224) as squares, one_thread():
        dataset = TripletDataset(triplets, squares, ("flips", "rotation", "jitter", "perspective"))
        decoding = TripletDataset(triplets, type(squares)(224), ("flips", "rotation", "jitter", "perspective"))
        kept, fresh, theirs = alternate(
            world.repeats,
            lambda: [dataset[Draw(i, i)] for i in range(count)],
            lambda: [decoding[Draw(i, i)] for i in range(count)],
            lambda: [reference.AUGMENT(reference.load_image(path)) for triplet in triplets for path in triplet],
        )
    ours, once, other = 3 * count / kept, 3 * count / fresh, 3 * count / theirs
    yield Row(
        "feeding, images/s a core",
        f"{ours:.0f} (8 cores: {8 * ours:,.0f})",
        f"{other:.0f}",
        f"{ours / other:.1f} x",
        "5 x",
    )
    yield Row("… decoding each time", f"{once:.0f}", f"{other:.0f}", f"{once / other:.1f} x", "")


def preparing(world: World) -> Iterator[Row]:
    """2,000 px JPEG originals to `whole` frames on one core, from a folder and from a zip."""
    count = 2 if world.quick else 24
    originals = world.folder / "originals"
    originals.mkdir(exist_ok=True)
    rng = np.random.default_rng(2)
    for number in range(count):
        picture(rng, 2000, 1500).save(originals / f"{number}.jpg", quality=90)
    archive = world.folder / "originals.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in originals.iterdir():
            opened.write(path, path.name)
    out = world.folder / "frames"
    out.mkdir(exist_ok=True)

    def jobs(container: Path) -> list[FramingJob]:
        return [FramingJob(o.file, o, "whole", out / o.file, out / f"t-{o.file}") for o in list_originals([container])]

    def theirs() -> None:
        for path in sorted(originals.iterdir()):
            reference.prepare_whole(path, out / f"r-{path.name}")

    folder, zipped, plain = alternate(
        world.repeats,
        lambda: list(frame_all(jobs(originals), workers=1)),
        lambda: list(frame_all(jobs(archive), workers=1)),
        theirs,
    )
    yield Row(
        "prepare, originals/s a core, folder",
        f"{count / folder:.1f}",
        f"{count / plain:.1f}",
        f"{plain / folder:.1f} x",
        "1.8 x",
    )
    yield Row(
        "… zip against folder", f"{count / zipped:.1f}", f"{count / folder:.1f}", f"{folder / zipped:.2f} x", "1 x"
    )
