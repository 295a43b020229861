"""What images cost on one core: feeding a trainer, and preparing a collection."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark import report_baseline
from benchmark.measuring import Row, Setup, one_torch_thread, paint
from painter_search.images.decode_pool import FramingJob, frame_all
from painter_search.images.sources import list_originals
from painter_search.training.data.epoch_sampler import Draw
from painter_search.training.data.image_cache import cached_images
from painter_search.training.data.triplet_dataset import TripletDataset

AUGMENTATIONS = ("flips", "rotation", "jitter", "perspective")
"""The report's best."""


def measure_feeding(setup: Setup) -> Iterator[Row]:
    """Frames decoded and augmented on one core."""
    count = 4 if setup.quick else 60
    triplets = setup.triplets(count)
    paths = list(dict.fromkeys(path for triplet in triplets for path in triplet))
    with cached_images(paths, setup.side) as cache, one_torch_thread():
        cached = TripletDataset(triplets, cache, AUGMENTATIONS)
        decoding = TripletDataset(triplets, type(cache)(setup.side), AUGMENTATIONS)
        seconds, uncached_seconds, report_seconds = setup.time(
            lambda: [cached[Draw(i, i)] for i in range(count)],
            lambda: [decoding[Draw(i, i)] for i in range(count)],
            lambda: [
                report_baseline.AUGMENT(report_baseline.load_image(path)) for triplet in triplets for path in triplet
            ],
        )
    ours, uncached, report = 3 * count / seconds, 3 * count / uncached_seconds, 3 * count / report_seconds
    yield Row(
        "feeding, images/s a core",
        f"{ours:.0f} (8 cores: {8 * ours:,.0f})",
        f"{report:.0f}",
        f"{ours / report:.1f} x",
        "5 x",
    )
    yield Row("… decoding each time", f"{uncached:.0f}", f"{report:.0f}", f"{uncached / report:.1f} x")


def measure_preparing(setup: Setup) -> Iterator[Row]:
    """2,000 px JPEG originals to `whole` frames on one core, from a folder and from a zip."""
    count, width = (1, 400) if setup.quick else (24, 2000)
    originals = setup.folder / "originals"
    originals.mkdir()
    rng = np.random.default_rng(2)
    for number in range(count):
        paint(rng, width, width * 3 // 4).save(originals / f"{number}.jpg", quality=90)
    archive = setup.folder / "originals.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in originals.iterdir():
            opened.write(path, path.name)
    out = setup.folder / "frames"
    out.mkdir()

    def jobs(container: Path) -> list[FramingJob]:
        return [FramingJob(o.file, o, "whole", out / o.file, out / f"t-{o.file}") for o in list_originals([container])]

    def prepare_as_the_report() -> None:
        for path in sorted(originals.iterdir()):
            report_baseline.prepare_whole(path, out / f"r-{path.name}")

    folder, zipped, report = setup.time(
        lambda: list(frame_all(jobs(originals), workers=1)),
        lambda: list(frame_all(jobs(archive), workers=1)),
        prepare_as_the_report,
    )
    yield Row(
        "prepare, originals/s a core, folder",
        f"{count / folder:.1f}",
        f"{count / report:.1f}",
        f"{report / folder:.1f} x",
        "1.8 x",
    )
    yield Row(
        "… zip against folder", f"{count / zipped:.1f}", f"{count / folder:.1f}", f"{folder / zipped:.2f} x", "1 x"
    )
