import pickle
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader

from painter_search.encoder.views import central_square, to_pixels
from painter_search.training.dataset import TripletDataset
from painter_search.training.sampler import Draw, EpochSampler
from painter_search.training.squares import Squares, kept_squares


def write_frames(folder: Path, count: int) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        Image.fromarray(rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)).save(path)
        paths.append(path)
    return paths


def test_images_are_loaded_only_when_indexed(tmp_path: Path) -> None:
    missing = (tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.jpg")
    dataset = TripletDataset([missing], Squares(224), ())
    assert len(dataset) == 1


def test_without_augmentation_a_center_frame_is_seen_pixel_by_pixel(tmp_path: Path) -> None:
    paths = write_frames(tmp_path, 3)
    seen = TripletDataset([tuple(paths)], Squares(224), ())[Draw(0, 7)]
    for tensor, path in zip(seen, paths, strict=True):
        assert tensor.dtype == torch.uint8
        assert np.array_equal(tensor.numpy().transpose(1, 2, 0), np.asarray(Image.open(path)))


def test_of_a_whole_frame_the_central_square_is_seen_reduced() -> None:
    frame = Image.new("RGB", (900, 448), "red")
    frame.paste(Image.new("RGB", (448, 448), "blue"), (226, 0))
    pixels = to_pixels(central_square(frame, 224))
    assert pixels.shape == (3, 224, 224)
    assert (pixels[2] == 255).all()
    assert (pixels[0] == 0).all()


def test_the_same_draw_gives_the_same_images_on_any_number_of_workers(tmp_path: Path) -> None:
    paths = write_frames(tmp_path, 6)
    triplets = [(paths[i], paths[(i + 1) % 6], paths[(i + 2) % 6]) for i in range(6)]
    batches = []
    for workers in (0, 2):
        sampler = EpochSampler(6, seed=3)
        sampler.epoch = 2
        dataset = TripletDataset(
            triplets, Squares(64), ("flips", "rotation", "jitter", "perspective", "blur", "affine")
        )
        loader = DataLoader(dataset, batch_size=4, sampler=sampler, num_workers=workers)
        batches.append([torch.stack(batch) for batch in loader])
    assert all(torch.equal(a, b) for a, b in zip(*batches, strict=True))


def test_kept_squares_are_the_decoded_ones_and_are_removed_afterwards(tmp_path: Path) -> None:
    paths = write_frames(tmp_path, 4)
    with kept_squares(paths[:3], 64) as squares:
        for path in paths:  # the last one was not kept, and is decoded
            assert np.array_equal(squares[path], Squares(64)[path])
        again = pickle.loads(pickle.dumps(squares))
        assert np.array_equal(again[paths[1]], squares[paths[1]])
        file = squares._file
        assert file is not None
        del squares, again
    assert not file.parent.exists()


def test_an_epoch_visits_every_triplet_once_and_epochs_differ() -> None:
    sampler = EpochSampler(50, seed=1)
    first = list(sampler)
    again = list(sampler)
    sampler.epoch = 1
    second = list(sampler)
    assert sorted(draw.item for draw in first) == list(range(50))
    assert first == again
    assert [draw.item for draw in first] != [draw.item for draw in second]
    assert {draw.seed for draw in first}.isdisjoint(draw.seed for draw in second)
