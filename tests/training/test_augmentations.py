import pytest
import torch
from PIL import Image
from torchvision import transforms

from painter_search.errors import UserError
from painter_search.training.augmentations import build_augmentation
from painter_search.training.recipe import AUGMENTATIONS, TrainConfig


def test_the_reports_transforms_have_the_reports_strengths() -> None:
    steps = build_augmentation(AUGMENTATIONS).transforms
    kinds = [type(step).__name__ for step in steps]
    assert kinds == [
        "RandomVerticalFlip",
        "RandomHorizontalFlip",
        "RandomRotation",
        "ColorJitter",
        "RandomPerspective",
        "GaussianBlur",
        "RandomAffine",
    ]
    jitter, perspective, blur, affine = steps[3], steps[4], steps[5], steps[6]
    assert steps[2].degrees == [-15.0, 15.0]
    assert (jitter.brightness, jitter.hue) == ((0.5, 1.5), (-0.3, 0.3))
    assert jitter.contrast is None
    assert jitter.saturation is None
    assert (perspective.distortion_scale, perspective.p) == (0.6, 0.2)
    assert (tuple(blur.kernel_size), tuple(blur.sigma)) == ((5, 9), (0.1, 5.0))
    assert (affine.degrees, affine.translate, affine.scale, affine.shear) == (
        [-15.0, 15.0],
        (0, 0),
        (0.8, 1.2),
        [-10.0, 10.0],
    )


def test_the_defaults_are_the_reports_best_run() -> None:
    config = TrainConfig()
    assert config.augmentations == ("flips", "rotation", "jitter", "perspective")
    assert (config.epochs, config.batch, config.rate, config.margin) == (14, 64, 6e-6, 5.0)
    assert config.backbone == "resnet34"


def test_no_augmentation_leaves_the_image_as_it_is() -> None:
    image = Image.effect_noise((20, 20), 50).convert("RGB")
    assert build_augmentation(())(image).tobytes() == image.tobytes()


def test_flips_equal_torchvisions_own() -> None:
    image = Image.effect_noise((20, 30), 50).convert("RGB")
    chain = transforms.Compose([transforms.RandomVerticalFlip(0.5), transforms.RandomHorizontalFlip(0.5)])
    for seed in range(8):
        torch.manual_seed(seed)
        expected = chain(image)
        torch.manual_seed(seed)
        assert build_augmentation(("flips",))(image).tobytes() == expected.tobytes()


def test_an_unknown_transform_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="'sharpen'"):
        TrainConfig(augment="flips,sharpen")
