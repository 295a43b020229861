"""Encoders saved as folders: opened without PyTorch, weights stored once, damage refused, nothing else replaced."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.external_data_helper import uses_external_data
from safetensors.torch import load_file
from small_world import paint
from staged_net import BACKBONE, register_staged_backbone

from painter_search.common.errors import DamagedFileError, InvalidValueError, PainterSearchError
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.external_weights import check_references
from painter_search.encoder.inference.inference_engine import open_engine, open_onnxruntime
from painter_search.encoder.inference.onnx_export import OnnxEncoder, open_encoder
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.network import untrained_network
from painter_search.encoder.saved_encoder import SavedEncoder
from painter_search.encoder.trained_artists import digest_artists
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.confidence import Confidence
from painter_search.training.recipes.strong import with_readout

CONFIDENCE = Confidence((12.0, -13.0), (-4.64, -11.29, -11.92, -1.49), 20.0, 0.5, artists=6, works=35)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """An encoder with a readout, batch normalisation that does something, and a calibration."""
    register_staged_backbone()
    network = with_readout(untrained_network(BACKBONE, "none", seed=1, views="parts", normalize=True))
    for name, value in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            value += 0.3
    return Encoder(network, "whole", CONFIDENCE)


@pytest.fixture(scope="module")
def saved(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder.save(tmp_path_factory.mktemp("saved") / "half", precision="float16")


@pytest.fixture(scope="module")
def paintings() -> list[np.ndarray]:
    return [np.asarray(paint(painter, 0)) for painter in range(3)]


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("float16", 2e-2)])
def test_saved_encoder_embeds_alike_with_and_without_pytorch(
    encoder: Encoder, paintings: list, tmp_path: Path, precision: str, tolerance: float
) -> None:
    folder = encoder.save(tmp_path / "encoder", precision=precision)  # type: ignore[arg-type]
    expected = encoder.embed(paintings)
    lazy, whole = load_encoder(folder), load_encoder(folder)
    np.testing.assert_allclose(lazy.embed(paintings), expected, atol=tolerance)
    assert "network" not in vars(lazy)
    assert whole.network.state_dict().keys() == encoder.network.state_dict().keys()
    np.testing.assert_allclose(whole.embed(paintings), lazy.embed(paintings), atol=1e-4)
    assert (lazy.config, lazy.framing, lazy.confidence) == (encoder.config, "whole", CONFIDENCE)


def test_calibration_is_stored_under_its_names_on_disk_and_read_under_those_of_earlier_versions(
    saved: Path, tmp_path: Path
) -> None:
    description = json.loads((saved / "config.json").read_text())
    assert {"pair", "known"} <= description["confidence"].keys()
    earlier = shutil.copytree(saved, tmp_path / "earlier")
    description["confidence"] = asdict(CONFIDENCE)
    (earlier / "config.json").write_text(json.dumps(description))
    assert load_encoder(earlier).confidence == load_encoder(saved).confidence == CONFIDENCE


def test_weights_are_stored_once_and_both_engines_find_them(saved: Path, encoder: Encoder) -> None:
    weights = {name: value for name, value in load_file(saved / "model.safetensors").items() if value.dim() > 1}
    large = {name for name, value in weights.items() if value.numel() * value.element_size() > 1024}
    assert all(weights[name].dtype == torch.float16 for name in large)
    model = onnx.load_model(str(saved / "encoder.onnx"), load_external_data=False)
    assert len([tensor for tensor in model.graph.initializer if uses_external_data(tensor)]) >= len(large) > 0
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 224, 224), dtype=np.uint8)
    opened = open_engine(saved / "encoder.onnx", 224), open_onnxruntime(saved / "encoder.onnx")
    if sys.platform == "linux":
        assert opened[0].name.startswith("openvino")
    one, other = (OnnxEncoder(engine, encoder.config).embed(pixels) for engine in opened)
    np.testing.assert_allclose(one, other, atol=1e-4 if "float32" in opened[0].name else 2e-2)


def test_onnx_of_a_saved_encoder_needs_no_other_file(saved: Path, paintings: list, tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").write_bytes(load_encoder(saved).to_onnx())
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 224, 224), dtype=np.uint8)
    config = load_encoder(saved).config
    alone, beside = open_encoder(tmp_path / "encoder.onnx", config), open_encoder(saved / "encoder.onnx", config)
    np.testing.assert_allclose(alone.embed(pixels), beside.embed(pixels), atol=1e-5)


def test_onnx_of_a_saved_encoder_is_read_through_hard_links(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "linked"
    copy.mkdir()
    for file in saved.iterdir():
        os.link(file, copy / file.name)
    assert load_encoder(copy).to_onnx() == load_encoder(saved).to_onnx()


def test_index_built_with_a_saved_encoder_has_its_calibration(
    encoder: Encoder, small_index_config: BuildIndexConfig, saved: Path, tmp_path: Path
) -> None:
    index = PaintingIndex.build(replace(small_index_config, encoder=str(saved), index=tmp_path / "index"))
    assert index.confidence == CONFIDENCE
    frame = np.asarray(paint(1, 1))
    np.testing.assert_allclose(index.embed_images([frame]), load_encoder(saved).embed([frame]), atol=1e-4)


@pytest.mark.slow
def test_saved_encoder_embeds_without_importing_pytorch(saved: Path, tmp_path: Path) -> None:
    paint(0, 0).save(tmp_path / "painting.jpg")
    code = (
        "import sys; from painter_search import load_encoder; "
        "assert load_encoder(sys.argv[1]).embed(sys.argv[2]).shape == (1, 256); "
        "assert not {'torch', 'onnx', 'pandas', 'safetensors'} & set(sys.modules)"
    )
    words = [sys.executable, "-c", code, str(saved), str(tmp_path / "painting.jpg")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_save_replaces_an_encoder_and_nothing_else(encoder: Encoder, saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "encoder")
    encoder.save(tmp_path / "encoder", onnx=False)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["config.json", "encoder", "model.safetensors"]
    assert load_encoder(tmp_path / "encoder").embed([]).shape == (0, 256)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").touch()
    with pytest.raises(InvalidValueError, match="holds something else than an encoder"):
        encoder.save(tmp_path / "work")


def test_save_that_fails_leaves_the_encoder_before(
    encoder: Encoder, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(saved, tmp_path / "encoder")
    before = (tmp_path / "encoder" / "config.json").read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("painter_search.encoder.files.folder_writer.share_weights", interrupt)
    with pytest.raises(KeyboardInterrupt):
        encoder.save(tmp_path / "encoder")
    assert (tmp_path / "encoder" / "config.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]


def test_saved_encoder_knows_the_artists_that_it_was_trained_on(encoder: Encoder, saved: Path, tmp_path: Path) -> None:
    assert load_encoder(saved).trained_artists is None
    artists = digest_artists(["Claude Monet", "Berthe Morisot"])
    trained = Encoder(encoder.network, encoder.framing, trained_artists=artists)
    again = load_encoder(trained.save(tmp_path / "first", onnx=False))
    assert load_encoder(again.save(tmp_path / "second", onnx=False)).trained_artists == artists


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "encoder.onnx", "single.safetensors", "clip.onnx"]
)
def test_load_encoder_knows_a_pointer_of_git_lfs(name: str, saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "encoder"))
    is_of_folder = (folder / name).exists()
    file = (folder if is_of_folder else tmp_path) / name
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 41370\n")
    with pytest.raises(DamagedFileError, match=f"{name} is a pointer of Git LFS, not the file"):
        load_encoder(folder if is_of_folder else file)


@pytest.mark.parametrize("name", ["model.safetensors", "encoder.onnx"])
def test_load_encoder_refuses_an_altered_or_missing_file(name: str, saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "encoder"))
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(DamagedFileError, match=f"{name} has been altered"):
        load_encoder(folder)
    (folder / name).unlink()
    with pytest.raises(DamagedFileError, match=f"{name} is missing"):
        load_encoder(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 9}, {"encoder": {"backbone": 5}}, {"encoder": None}, {"framing": "huge"}, {"files": {}},
        {"files": {"model.safetensors": {}, "../evil": {}}}, {"confidence": 5}, {"files": None},
        {"trained_artists": 5}, {"trained_artists": "abc"},
    ],
    ids=str,
)  # fmt: skip
def test_load_encoder_refuses_a_damaged_description(changes: dict, saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "encoder"))
    stored = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**stored, **changes}))
    with pytest.raises(PainterSearchError, match=r"config\.json"):
        load_encoder(folder)


def test_encoder_is_used_from_another_working_directory(
    saved: Path, tmp_path: Path, paintings: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    loaded = load_encoder(saved.name)
    monkeypatch.chdir(tmp_path)
    assert loaded.embed(paintings[:1]).shape[0] == 1


@pytest.mark.parametrize("description", [None, "[]", '{"model_type": "resnet"}'])
def test_load_encoder_refuses_weights_without_their_description(
    description: str | None, saved: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(saved, tmp_path / "copy"))
    (copy / "config.json").unlink()
    if description is not None:
        (copy / "config.json").write_text(description)
    with pytest.raises(DamagedFileError, match=r"copy has model\.safetensors, but no config\.json"):
        load_encoder(copy)


def test_weights_of_another_network_are_refused_when_they_are_read(saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "encoder"))
    stored = json.loads((folder / "config.json").read_text())
    stored["encoder"]["head"] = "linear"
    (folder / "config.json").write_text(json.dumps(stored))
    other = load_encoder(folder)
    assert isinstance(other, SavedEncoder)
    with pytest.raises(DamagedFileError, match=r"does not fit the config\.json"):
        _ = other.network


def test_check_references_refuses_other_files_of_the_machine(saved: Path, tmp_path: Path) -> None:
    check_references(saved / "encoder.onnx", "model.safetensors")
    model = onnx.load_model(str(saved / "encoder.onnx"), load_external_data=False)
    shared = next(tensor for tensor in model.graph.initializer if uses_external_data(tensor))
    shared.external_data[0].value = "../../etc/passwd"
    (tmp_path / "evil.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "none.onnx").write_bytes(b"no model \xff")
    with pytest.raises(DamagedFileError, match="refers to files that no encoder has"):
        check_references(tmp_path / "evil.onnx", "model.safetensors")
    with pytest.raises(DamagedFileError, match="no ONNX file"):
        check_references(tmp_path / "none.onnx", "model.safetensors")
