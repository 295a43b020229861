"""Encoders pushed to and fetched from a stand-in of the Hugging Face hub, and the cards that they are pushed with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import pytest
from model_hub import ModelHub, serve_model_hub
from onnx.external_data_helper import uses_external_data
from tiny_world import paint_tiny, save_tiny_encoder

from painter_search.common.errors import (
    DamagedFileError,
    InvalidValueError,
    MissingPackageError,
    NotFoundError,
    UnreachableError,
)
from painter_search.display.hub_push import _run_of, push_encoder
from painter_search.display.model_card import model_card
from painter_search.encoder.checkpoint import add_to_checkpoint
from painter_search.encoder.files.encoder_folder import write_description
from painter_search.encoder.hub.config import PushConfig
from painter_search.encoder.load_encoder import load_encoder
from painter_search.metrics.bootstrap import Estimate
from painter_search.metrics.confidence import Confidence
from painter_search.training.config import TrainConfig
from painter_search.training.final_scores import BeforeAfter, TestScore
from painter_search.training.run import Run

NAME = "ann/hands"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    with serve_model_hub(monkeypatch, tmp_path) as served:
        yield served


@pytest.fixture
def pushed(hub: ModelHub, tmp_path: Path) -> ModelHub:
    """The hub with a tiny encoder on it."""
    push_encoder(PushConfig(NAME, encoder=str(save_tiny_encoder(tmp_path / "encoder.safetensors"))))
    return hub


def test_pushed_encoder_is_fetched_once_and_embeds_alike(pushed: ModelHub, tmp_path: Path) -> None:
    assert set(pushed.repositories[NAME]) == {"README.md", "config.json", "encoder.onnx", "model.safetensors"}
    assert pushed.private[NAME]
    paint_tiny(tmp_path / "painting.jpg", 1)
    fetched = load_encoder(f"hf-hub:{NAME}")
    expected = load_encoder(tmp_path / "encoder.safetensors").embed(tmp_path / "painting.jpg")
    np.testing.assert_allclose(fetched.embed(tmp_path / "painting.jpg"), expected, rtol=1e-3, atol=1e-4)
    pushed.downloads.clear()
    load_encoder(f"hf-hub:{NAME}")
    assert pushed.downloads == []


def test_encoder_pushed_again_is_fetched_again(pushed: ModelHub, tmp_path: Path) -> None:
    before = load_encoder(f"hf-hub:{NAME}").network.state_dict()["network.fc.weight"]
    other = save_tiny_encoder(tmp_path / "other.safetensors", seed=2)
    push_encoder(PushConfig(NAME, encoder=str(other), public=True))
    after = load_encoder(f"hf-hub:{NAME}").network.state_dict()["network.fc.weight"]
    assert not (before == after).all()


def test_fetched_encoder_opens_without_network_and_another_says_so(
    pushed: ModelHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_encoder(f"hf-hub:{NAME}")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert load_encoder(f"hf-hub:{NAME}").embed([]).shape == (0, 256)
    with pytest.raises(UnreachableError, match=r"huggingface.co cannot be reached for ann/other \(.+\); run the same"):
        load_encoder("hf-hub:ann/other")
    with pytest.raises(UnreachableError, match=r"cannot be reached for ann/hands \(.+\); nothing was pushed"):
        push_encoder(PushConfig(NAME, encoder=f"hf-hub:{NAME}"))


def test_fetch_refuses_what_is_no_encoder(pushed: ModelHub) -> None:
    with pytest.raises(NotFoundError, match=r"huggingface\.co has no encoder ann/other; a private one needs HF_TOKEN"):
        load_encoder("hf-hub:ann/other")
    pushed.repositories["ann/llama"] = {"README.md": b"", "config.json": b"{}", "model.safetensors": b""}
    with pytest.raises(NotFoundError, match=r"ann/llama on huggingface\.co is not an encoder"):
        load_encoder("hf-hub:ann/llama")
    pushed.repositories[NAME]["model.safetensors"] += b"0"
    with pytest.raises(DamagedFileError, match="has been altered"):
        load_encoder(f"hf-hub:{NAME}")
    for name in ("hands", "../../etc/passwd", "a/b/c"):
        with pytest.raises(InvalidValueError, match="write OWNER/NAME"):
            load_encoder(f"hf-hub:{name}")


def test_fetch_refuses_an_onnx_file_that_reads_other_files(pushed: ModelHub, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    folder.mkdir()
    for name, content in pushed.repositories[NAME].items():
        (folder / name).write_bytes(content)
    encoder = load_encoder(folder)
    model = onnx.load_model(str(folder / "encoder.onnx"), load_external_data=False)
    shared = next(tensor for tensor in model.graph.initializer if uses_external_data(tensor))
    shared.external_data[0].value = "../secret"
    (folder / "encoder.onnx").write_bytes(model.SerializeToString())
    write_description(folder, encoder.config, encoder.framing, None)
    pushed.repositories[NAME] = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(DamagedFileError, match="refers to files that no encoder has"):
        load_encoder(f"hf-hub:{NAME}")


def test_hub_without_its_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    monkeypatch.setenv("PAINTER_SEARCH_CACHE", str(tmp_path))
    with pytest.raises(MissingPackageError, match=r"painter-search\[hub\]"):
        load_encoder(f"hf-hub:{NAME}")


def test_push_to_hub_writes_the_folder_alone_where_that_is_asked(
    hub: ModelHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = save_tiny_encoder(tmp_path / "encoder.safetensors")
    words = [NAME, "--encoder", str(encoder), "--folder", str(tmp_path / "out"), "--precision", "float16", "--json"]
    assert import_module("painter_search.push-to-hub").main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["url"], printed["files"].keys()) == (None, {path.name for path in (tmp_path / "out").iterdir()})
    assert load_encoder(tmp_path / "out").embed([]).shape == (0, 256)
    assert hub.repositories == {}
    assert "pushed without its run" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_run_is_told_of_for_its_best_epoch_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, TrainConfig(), [], best_epoch=2, test=None)
    monkeypatch.setattr(Run, "load", lambda folder: run)
    for name, epoch in (("best", 2), ("epoch_02", 2), ("last", 3), ("epoch_00", 0)):
        add_to_checkpoint(save_tiny_encoder(tmp_path / f"{name}.safetensors"), epoch=epoch)
    assert _run_of(tmp_path / "best.safetensors") is None  # of an unfinished run
    (tmp_path / "score.json").touch()
    for name in ("", "best.safetensors", "best.pt", "epoch_02.safetensors"):
        assert _run_of(tmp_path / name) is run, name
    for name in ("last.safetensors", "epoch_00.safetensors", "painter"):
        assert _run_of(tmp_path / name) is None, name


def test_model_card_says_what_was_trained_on_measured_and_limited(tmp_path: Path) -> None:
    encoder = load_encoder(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    encoder.confidence = Confidence((12.0, -13.0), (-4.64, -11.29, -11.92, -1.49), 20.0, 0.5, artists=6, works=35)
    low, high = Estimate(0.5, 0.4, 0.6), Estimate(0.75, 0.7, 0.8)
    scores = BeforeAfter(low, high, Estimate(0.25, 0.2, 0.3))
    test = TestScore(1234, 98, scores, scores, scores, [], [])
    run = Run(tmp_path, TrainConfig(), [], best_epoch=7, test=test, collections=("old-masters",))
    card = model_card(encoder, run, NAME, license="mit")
    for said in (
        "license: mit", "# hands", "`old-masters`", "recipe `strong`", "98 test artists", "1,234 triplets",
        "| triplet accuracy | 50.0 % [40.0, 60.0] | 75.0 % [70.0, 80.0] |",
        "35 works by 6 artists, each embedded by an encoder that was not trained on them.",
        "not a proof of authorship", f"--encoder hf-hub:{NAME}",
    ):  # fmt: skip
        assert said in card, said
    assert "nobody of whom was trained on" in card
    from_file = replace(run, config=TrainConfig(recipe="report", train_triplets=Path("t.csv")))
    assert "On 98 test artists, with 1,234 triplets" in model_card(encoder, from_file, NAME)


def test_push_config_refuses_folder_at_a_url() -> None:
    with pytest.raises(InvalidValueError, match="folder is a URL"):
        PushConfig(NAME, folder="s3://bucket/encoder")  # type: ignore[arg-type]
