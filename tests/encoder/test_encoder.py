"""The public `Encoder` and `load_encoder`."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path, PurePath

import numpy as np
import pytest
import torch
from PIL import Image
from small_world import paint
from tiny_world import BACKBONE, save_tiny_encoder

from painter_search.common.errors import DamagedFileError, NotFoundError, UnreadableImageError
from painter_search.encoder.checkpoint import add_to_checkpoint, read_checkpoint
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.safetensors_file import to_safetensors
from painter_search.encoder.load_encoder import load_encoder
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.confidence import Confidence

CONFIDENCE = Confidence((12.0, -13.0), (-4.64, -11.29, -11.92, -1.49), 20.0, 0.5, artists=6, works=35)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("encoder") / "best.safetensors")


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> Encoder:
    return load_encoder(checkpoint)


@pytest.fixture(scope="module")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lossless, so that every form has the same pixels."""
    path = tmp_path_factory.mktemp("painting") / "painting.png"
    paint(0, 0).save(path)
    return path


def test_embed_of_originals_equals_the_index_built_from_them(
    small_index_config: BuildIndexConfig, small_index: PaintingIndex, painted_originals: Path
) -> None:
    encoder = load_encoder(str(small_index_config.encoder))
    ids = small_index.artists.ids
    originals = [painted_originals / work.file for work in small_index.works.get(ids.tolist())]
    np.testing.assert_allclose(encoder.embed(originals), small_index.embeddings(ids), rtol=1e-4, atol=1e-5)


def test_embed_takes_paths_bytes_pil_images_and_arrays(encoder: Encoder, painting: Path) -> None:
    image = Image.open(painting)
    forms = [painting, str(painting), painting.read_bytes(), image, np.asarray(image)]
    expected = encoder.embed(painting)
    assert expected.shape == (1, 256)
    assert expected.dtype == np.float32
    for form in forms:
        np.testing.assert_allclose(encoder.embed(form), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(encoder.embed(forms), np.repeat(expected, 5, axis=0), rtol=1e-5, atol=1e-6)
    stack = np.stack([np.asarray(image)] * 2)
    np.testing.assert_allclose(encoder.embed(stack), np.repeat(expected, 2, axis=0), rtol=1e-5, atol=1e-6)


def test_embed_without_images_returns_no_rows(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, 256)


def test_embed_names_the_image_that_cannot_be_read(encoder: Encoder, painting: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"missing\.jpg: cannot be read"):
        encoder.embed([painting, tmp_path / "missing.jpg"])
    with pytest.raises(UnreadableImageError, match=r"missing\.jpg: cannot be read"):
        encoder.embed([painting, PurePath(tmp_path, "missing.jpg")])
    with pytest.raises(UnreadableImageError, match="image 2 of 2: a text file, not an image"):
        encoder.embed([painting.read_bytes(), b"no image"])
    with pytest.raises(ValueError, match="is not an image"):
        encoder.embed(np.zeros((4, 4), np.float32))


def test_embed_uses_the_network_itself_away_from_the_cpu(encoder: Encoder) -> None:
    elsewhere = Encoder(encoder.network, encoder.framing)
    assert elsewhere.to("meta") is elsewhere
    assert elsewhere.device == torch.device("meta")
    assert elsewhere._embedder() is elsewhere.network


def test_encoder_repr_names_its_settings(checkpoint: Path) -> None:
    encoder = load_encoder(checkpoint)
    assert repr(encoder).startswith(f"Encoder(backbone='{BACKBONE}', head='linear', framing='whole', views='center'")
    assert "calibrated=False, device='cpu'" in repr(encoder)
    encoder.network.config = replace(encoder.config, backbone="<script>")
    assert "&lt;script&gt;" in encoder._repr_html_()
    assert encoder.to_frame().loc[0, "framing"] == encoder.framing


def test_load_encoder_takes_a_file_or_a_runs_folder(checkpoint: Path) -> None:
    for path in (checkpoint, str(checkpoint), checkpoint.parent, str(checkpoint.parent)):
        encoder = load_encoder(path)
        assert (encoder.framing, encoder.config.backbone, encoder.confidence) == ("whole", BACKBONE, None)
        assert not encoder.network.training


def test_load_encoder_returns_the_calibration(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copyfile(checkpoint, tmp_path / "best.safetensors")
    add_to_checkpoint(tmp_path / "best.safetensors", confidence=asdict(CONFIDENCE))
    assert load_encoder(tmp_path).confidence == CONFIDENCE


@pytest.mark.parametrize(
    "damage",
    [
        5, [], {}, {"pair": (1.0,)}, {"pair": "ab"}, {"known": None}, {"sharpness": float("nan")},
        {"threshold": "high"}, {"artists": None}, {"unknown": 1}, {"share_weights": (1.0,)}, {"known_weights": "abc"},
        {"strangers": (0.5,), "right": (0.5,)},
    ],
    ids=str,
)  # fmt: skip
def test_load_encoder_refuses_a_damaged_calibration(checkpoint: Path, tmp_path: Path, damage: object) -> None:
    confidence = {**asdict(CONFIDENCE), **damage} if isinstance(damage, dict) and damage else damage
    content = read_checkpoint(checkpoint)
    (tmp_path / "best.safetensors").write_bytes(to_safetensors({**content, "confidence": confidence}))
    with pytest.raises(DamagedFileError, match=r"best\.safetensors has a damaged calibration"):
        load_encoder(tmp_path)


@pytest.mark.parametrize("damage", [5, {}, {"mean": torch.zeros(3)}, {"between": torch.full((2,), -1.0)}], ids=str)
def test_load_encoder_refuses_a_damaged_plda(checkpoint: Path, tmp_path: Path, damage: object) -> None:
    whole = {"mean": torch.zeros(2), "transform": torch.eye(2), "between": torch.ones(2)}
    content = read_checkpoint(checkpoint)
    torch.save({**content, "plda": whole}, tmp_path / "best.pt")
    assert load_encoder(tmp_path).plda is not None
    damaged = {**whole, **damage} if damage and isinstance(damage, dict) else damage
    torch.save({**content, "plda": damaged}, tmp_path / "best.pt")
    with pytest.raises(DamagedFileError, match=r"best\.pt has a damaged calibration"):
        load_encoder(tmp_path)


def test_load_encoder_takes_a_path_in_the_home_folder(user_home: Path) -> None:
    with pytest.raises(NotFoundError) as refused:
        load_encoder("~/missing")
    assert str(user_home / "missing") in str(refused.value)


def test_load_encoder_refuses_what_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"best\.safetensors does not exist"):
        load_encoder(tmp_path)
    (tmp_path / "best.safetensors").write_bytes(b"no checkpoint")
    with pytest.raises(DamagedFileError, match="cannot be read safely"):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("framing", "views", "normalize"), [("whole", "sized-parts", True), ("center", "center", False)]
)
def test_encoder_untrained_sees_whole_frames_in_parts(
    monkeypatch: pytest.MonkeyPatch, framing: str, views: str, normalize: bool
) -> None:
    monkeypatch.setattr("painter_search.encoder.backbone._load_imagenet", lambda *_: None)
    encoder = Encoder.untrained(BACKBONE, framing)
    assert (encoder.framing, encoder.config.views, encoder.config.normalize) == (framing, views, normalize)
    assert encoder.confidence is None
