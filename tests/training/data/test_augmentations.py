"""Our transforms, which resample once, compared with torchvision's own chain of them."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms
from training_runs import one_thread

from painter_search.training.config import AUGMENTATIONS
from painter_search.training.data.augmentations import Augmentation, shift_hue

# By default torchvision rotates by the nearest pixel; ours interpolates, once for all transforms.
BILINEAR = transforms.InterpolationMode.BILINEAR
TORCHVISION = {
    "flips": transforms.Compose([transforms.RandomVerticalFlip(0.5), transforms.RandomHorizontalFlip(0.5)]),
    "rotation": transforms.RandomRotation(15, interpolation=BILINEAR),
    "jitter": transforms.ColorJitter(brightness=0.5, hue=0.3),
    "perspective": transforms.RandomPerspective(0.6, p=0.2),
    "blur": transforms.GaussianBlur((5, 9), (0.1, 5.0)),
    "affine": transforms.RandomAffine((-15, 15), translate=(0, 0), scale=(0.8, 1.2), shear=10, interpolation=BILINEAR),
}
DRAWS = 600


def landscape(side: int = 96) -> Image.Image:
    """Colours that show where a pixel came from, and a few sharp edges for blur to soften."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1)
    pixels = np.stack([40 + 190 * x, 40 + 190 * y, 200 - 120 * x], axis=-1).astype(np.uint8)
    pixels[::8] //= 2
    return Image.fromarray(pixels)


def statistics(images: list[np.ndarray]) -> np.ndarray:
    """What a transform changes, image by image: darkness, colour, the share that is black, sharpness, corners."""
    rows = []
    for image in images:
        pixels = image.astype(np.float64)
        rows.append(
            [
                *pixels.mean(axis=(0, 1)),
                (image.max(axis=-1) == 0).mean(),
                np.abs(np.diff(pixels, axis=0)).mean(),
                pixels[:24, :24].mean(),
                pixels[-24:, -24:, 0].mean() - pixels[-24:, :24, 0].mean(),
            ]
        )
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentation_is_distributed_as_torchvisions(name: str) -> None:
    image = landscape()
    ours, theirs = [], []
    augment = Augmentation((name,))
    torch.manual_seed(0)
    with one_thread():
        for seed in range(DRAWS):
            ours.append(augment(np.asarray(image), np.random.default_rng(seed)))
            theirs.append(np.asarray(TORCHVISION[name](image)))
    a, b = statistics(ours), statistics(theirs)
    spread = np.maximum(b.std(axis=0), 1e-9)
    # Means within 5 standard errors (and a grey level, for rounding), spreads within a fifth.
    tolerance = 5 * spread * np.sqrt(2 / DRAWS) + np.array([1, 1, 1, 0.01, 0.6, 1, 1])
    assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) < tolerance).all()
    noticeable = spread > np.array([1, 1, 1, 0.01, 0.5, 1, 1])
    assert (np.abs(a.std(axis=0) / spread - 1)[noticeable] < 0.2).all()


def test_augmentation_flips_are_torchvisions_to_the_pixel() -> None:
    pixels = np.asarray(landscape(31))
    seen = {Augmentation(("flips",))(pixels, np.random.default_rng(seed)).tobytes() for seed in range(40)}
    assert seen == {flipped.tobytes() for flipped in (pixels, pixels[::-1], pixels[:, ::-1], pixels[::-1, ::-1])}


@pytest.mark.parametrize("shift", [-0.3, -0.1, 0.05, 0.3])
def test_shift_hue_equals_torchvisions_adjust_hue(shift: float) -> None:
    image = landscape()
    expected = np.asarray(transforms.functional.adjust_hue(image, shift)).astype(int)
    assert np.abs(shift_hue(np.asarray(image), shift).astype(int) - expected).mean() < 3


def test_augmentation_rotation_and_affine_keep_the_centre() -> None:
    pixels = np.zeros((65, 65, 3), np.uint8)
    pixels[30:35, 30:35] = 255
    for seed in range(20):
        turned = Augmentation(("rotation", "affine"))(pixels, np.random.default_rng(seed))
        assert turned[32, 32].min() > 200


def test_augmentation_resamples_once_for_all_geometric_transforms(monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    calls = []
    real = cv2.warpPerspective
    monkeypatch.setattr(cv2, "warpPerspective", lambda *a, **k: calls.append(1) or real(*a, **k))
    Augmentation(AUGMENTATIONS)(np.asarray(landscape()), np.random.default_rng(0))
    assert len(calls) == 1


def test_augmentation_without_transforms_returns_the_image() -> None:
    pixels = np.asarray(landscape())
    assert np.array_equal(Augmentation(())(pixels, np.random.default_rng(0)), pixels)
