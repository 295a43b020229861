"""Random crops lie within their image, and are the same for the same seed."""

import numpy as np
import torch
from PIL import Image

from painter_search.training.data.random_crops import MAX_ASPECT, MIN_AREA, cut_crops, draw_crops


def test_the_whole_image_is_cut_as_it_is() -> None:
    identity = np.tile(np.eye(2, 3, dtype=np.float32), (2, 1, 1))
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(cut_crops(images, identity, 32), images.float(), atol=1e-3, rtol=0)


def test_a_quarter_is_what_pillow_cuts() -> None:
    rng = np.random.default_rng(1)
    smooth = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((64, 64), Image.Resampling.BICUBIC)
    quarter = np.array([[[0.5, 0, 0.5], [0, 0.5, -0.5]]], np.float32)  # the right, upper one
    images = torch.from_numpy(np.asarray(smooth).copy()).permute(2, 0, 1)[None]
    cut = cut_crops(images, quarter, 64)[0].permute(1, 2, 0).numpy()
    expected = np.asarray(smooth.resize((64, 64), Image.Resampling.BILINEAR, (32, 0, 64, 32)), np.float32)
    assert np.abs(cut - expected)[2:-2, 2:-2].max() < 2


def test_draws_have_the_shares_and_sides_that_are_promised() -> None:
    matrices = draw_crops(range(2000)).astype(np.float64)
    width, height = np.linalg.norm(matrices[:, :, 0], axis=1), np.linalg.norm(matrices[:, :, 1], axis=1)
    assert (width * height).min() >= MIN_AREA * 0.85  # a side that would be longer than the image is cut
    assert max(width.max(), height.max()) <= 1 + 1e-6
    assert np.abs(np.log(width / height)).max() <= np.log(MAX_ASPECT) + 1e-6
    assert (np.abs(matrices[:, 0, 2]) <= 1 - width + 1e-6).all()
    assert (np.abs(matrices[:, 1, 2]) <= 1 - height + 1e-6).all()
    mirrored = np.linalg.det(matrices[:, :, :2]) < 0
    assert 0.4 < mirrored.mean() < 0.6


def test_a_crop_depends_on_its_own_seed_alone() -> None:
    together = draw_crops([5, 6, 7])
    assert np.array_equal(together[[2, 0]], draw_crops([7, 5]))
    assert len(np.unique(together, axis=0)) == 3
