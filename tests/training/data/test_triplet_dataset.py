import pickle
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader

from painter_search.common.machine.worker_processes import WorkerContext
from painter_search.encoder.views import central_square, to_pixels
from painter_search.training.data.epoch_sampler import Draw, EpochSampler
from painter_search.training.data.image_cache import ImageCache, cached_images
from painter_search.training.data.triplet_dataset import TripletDataset


def write_frames(folder: Path, count: int) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        Image.fromarray(rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)).save(path)
        paths.append(path)
    return paths


def test_triplet_dataset_reads_images_only_when_indexed(tmp_path: Path) -> None:
    missing = (tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.jpg")
    dataset = TripletDataset([missing], ImageCache(224), ())
    assert len(dataset) == 1


def test_triplet_dataset_returns_center_frames_pixel_by_pixel(tmp_path: Path) -> None:
    paths = write_frames(tmp_path, 3)
    images = TripletDataset([tuple(paths)], ImageCache(224), ())[Draw(0, 7)]
    for tensor, path in zip(images, paths, strict=True):
        assert tensor.dtype == torch.uint8
        assert np.array_equal(tensor.numpy().transpose(1, 2, 0), np.asarray(Image.open(path)))


def test_central_square_of_a_whole_frame_is_reduced() -> None:
    frame = Image.new("RGB", (900, 448), "red")
    frame.paste(Image.new("RGB", (448, 448), "blue"), (226, 0))
    pixels = to_pixels(central_square(frame, 224))
    assert pixels.shape == (3, 224, 224)
    assert (pixels[2] == 255).all()
    assert (pixels[0] == 0).all()


def test_triplet_dataset_draws_the_same_images_with_any_number_of_workers(tmp_path: Path) -> None:
    paths = write_frames(tmp_path, 6)
    triplets = [(paths[i], paths[(i + 1) % 6], paths[(i + 2) % 6]) for i in range(6)]
    batches = []
    for workers in (0, 2):
        sampler = EpochSampler(6, seed=3)
        sampler.epoch = 2
        dataset = TripletDataset(
            triplets, ImageCache(64), ("flips", "rotation", "jitter", "perspective", "blur", "affine")
        )
        context = WorkerContext() if workers else None
        loader = DataLoader(
            dataset, batch_size=4, sampler=sampler, num_workers=workers, multiprocessing_context=context
        )
        batches.append([torch.stack(batch) for batch in loader])
    assert all(torch.equal(a, b) for a, b in zip(*batches, strict=True))


def test_cached_images_equal_decoded_ones_and_are_removed_afterwards(tmp_path: Path) -> None:
    paths = write_frames(tmp_path, 4)
    with cached_images(paths[:3], 64) as images:
        for path in paths:  # the last one is not cached, but decoded
            assert np.array_equal(images[path], ImageCache(64)[path])
        again = pickle.loads(pickle.dumps(images))
        assert np.array_equal(again[paths[1]], images[paths[1]])
        file = images._file
        assert file is not None
        del images, again
    assert not file.parent.exists()


def test_epoch_sampler_draws_every_triplet_once_and_epochs_differ() -> None:
    sampler = EpochSampler(50, seed=1)
    first = list(sampler)
    again = list(sampler)
    sampler.epoch = 1
    second = list(sampler)
    assert sorted(draw.item for draw in first) == list(range(50))
    assert first == again
    assert [draw.item for draw in first] != [draw.item for draw in second]
    assert {draw.seed for draw in first}.isdisjoint(draw.seed for draw in second)
