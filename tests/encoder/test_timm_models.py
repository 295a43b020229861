"""timm's names and where their weights come from, without a network."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from painter_search.common.errors import DamagedFileError, InvalidValueError, UnreachableError
from painter_search.encoder.backbones import timm_models
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.network import untrained_network

timm = pytest.importorskip("timm")

VIT = "test_vit"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host has an address."""

    def unknown(*_: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder as a repository of the Hugging Face hub is, with a small transformer."""
    from timm.models import save_for_hf

    torch.manual_seed(3)
    save_for_hf(timm.create_model(VIT), tmp_path / "repository", safe_serialization=True)
    settings = json.loads((tmp_path / "repository" / "config.json").read_text())
    settings["pretrained_cfg"]["mean"] = [0.1, 0.2, 0.3]
    (tmp_path / "repository" / "config.json").write_text(json.dumps(settings))
    return tmp_path / "repository"


def test_a_repositorys_folder_gives_settings_and_weights(repository: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    encoder = untrained_network(f"local-dir:{repository}", "imagenet", 0, img_size=64)
    assert (encoder.config.backbone, encoder.config.mean) == (VIT, (0.1, 0.2, 0.3))
    weights = load_file(repository / "model.safetensors")
    torch.testing.assert_close(encoder.network.body.cls_token, weights["cls_token"])
    save_checkpoint(tmp_path / "encoder.safetensors", encoder, "whole")
    shutil.rmtree(repository)  # the encoder no longer needs it
    again = load_encoder(tmp_path / "encoder.safetensors").network
    torch.testing.assert_close(again.network.body.pos_embed, encoder.network.body.pos_embed)


def test_a_file_of_safetensors_is_read_as_any_file_of_weights(repository: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    encoder = untrained_network(VIT, str(repository / "model.safetensors"), 0, img_size=64)
    token = load_file(repository / "model.safetensors")["cls_token"]
    torch.testing.assert_close(encoder.network.body.cls_token, token)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no tensors")
    with pytest.raises(DamagedFileError, match="not a file of weights that can be read safely"):
        untrained_network(VIT, str(damaged), 0)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("backbone", "repository"),
    [
        ("hf-hub:somebody/a-painter-of-theirs", "somebody/a-painter-of-theirs"),
        ("test_vit", "timm/test_vit.r160_in1k"),
        ("test_convnext", "timm/test_convnext.r160_in1k"),
    ],
)
def test_without_a_network_a_sentence_says_what_to_fetch(
    backbone: str, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreachableError) as raised:
        untrained_network(backbone, "imagenet", 0)
    sentence = raised.value.command_line
    assert f"config.json and model.safetensors of https://huggingface.co/{repository} " in sentence
    assert "--backbone local-dir:FOLDER" in sentence
    assert "\n" not in sentence
    assert capsys.readouterr().err == ""


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match=r"needs the config\.json and model\.safetensors"):
        untrained_network(f"local-dir:{tmp_path}", "imagenet", 0)
    (tmp_path / "config.json").write_text('{"architectures": ["ViTModel"]}')
    with pytest.raises(InvalidValueError, match="is not a timm model"):
        untrained_network(f"local-dir:{tmp_path}", "imagenet", 0)


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("vit_bse_patch16_224", "vit_base_patch16_224"),
        ("resnet5O", "resnet50"),
        ("dinov2_vits14", "vit_small_patch14_dinov2"),
        ("vgg17", "vgg16"),
        ("???", "none, see timm.list_models()"),
        ("timm/resnet50.a1_in1k", "hf-hub:timm/resnet50.a1_in1k"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(asked: str, nearest: str) -> None:
    with pytest.raises(InvalidValueError) as raised:
        untrained_network(asked, "none", 0)
    assert nearest in raised.value.command_line


def test_an_unknown_tag_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidValueError, match=r"vit_base_patch16_clip_224\.openai"):
        untrained_network("vit_base_patch16_clip_224.opnai", "none", 0)


def test_a_model_without_weights_is_said_to_have_none() -> None:
    with pytest.raises(InvalidValueError, match="no pre-trained weights"):
        timm_models.pretrained_timm("vit_small_patch16_18x2_224")
