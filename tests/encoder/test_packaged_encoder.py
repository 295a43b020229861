"""The encoder that comes with the package: small, described, and used where there is no run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_world import BACKBONE, paint_tiny_artists, save_tiny_encoder

from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.common.errors import NotFoundError
from painter_search.display import hub_push
from painter_search.display.hub_push import push_encoder
from painter_search.encoder.files.encoder_folder import read_encoder_folder
from painter_search.encoder.files.names import BEST, CARD, PACKAGED, newest_run
from painter_search.encoder.hub.config import PushConfig
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.trained_artists import count_trained
from painter_search.index.painting_index import PaintingIndex

MAX_BYTES = 12_000_000


def test_packaged_encoder_is_small_and_its_files_are_as_described() -> None:
    folder = read_encoder_folder(PACKAGED)
    assert sum(file.stat().st_size for file in PACKAGED.iterdir()) <= MAX_BYTES
    assert folder.has_onnx
    assert folder.confidence is not None
    assert folder.plda is not None
    assert (folder.framing, folder.config.backbone) == ("whole", "tf_efficientnet_lite0")
    assert count_trained(folder.trained_artists or (), ["Claude Monet", "Pablo Picasso"]) == (1, 2)


def test_card_says_what_the_packaged_encoder_was_trained_on_and_its_limits() -> None:
    card = (PACKAGED / CARD).read_text(encoding="utf-8")
    for part in ("## Trained on", "## Measured", "## Limits", "## Licence", "1928", "Apache License"):
        assert part in card
    assert re.search(r"\| `wikiart` \| \d+ \| [\d,]+ \|", card)


@pytest.mark.slow
def test_weights_of_the_packaged_encoder_give_what_its_onnx_file_gives() -> None:
    pytest.importorskip("timm")
    encoder = load_encoder(PACKAGED)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 96, 96), dtype=np.uint8)
    images = [np.ascontiguousarray(one.transpose(1, 2, 0)) for one in pixels]
    from_onnx = encoder.embed(images)
    from_weights = load_encoder(PACKAGED).to("cpu").embed(images)
    np.testing.assert_allclose(np.linalg.norm(from_onnx, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(from_onnx - from_weights, axis=1).max() < 0.05


@pytest.mark.slow
def test_build_index_without_a_run_answers_with_probabilities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paint_tiny_artists(tmp_path / "artists", 4, 3)
    index = PaintingIndex.build(folder=tmp_path / "artists", index=tmp_path / "index", device="cpu")
    (answer,) = attribute(index, tmp_path / "artists" / "Artist 01" / "100.jpg")
    assert isinstance(answer, Attribution)
    assert answer.artists[0].probability is not None
    assert index.encoder_config.backbone == "tf_efficientnet_lite0"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two finished runs, `a` newer than `b`, and `c`, which is not finished and newer than both."""
    for seed, name in enumerate("abc"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        save_tiny_encoder(tmp_path / "runs" / name / BEST, seed=seed)
    for name, time in (("a", 2_000_000_000), ("b", 1_000_000_000)):
        (tmp_path / "runs" / name / "score.json").write_text("{}")
        os.utime(tmp_path / "runs" / name / "score.json", (time, time))
    return tmp_path / "runs"


def test_newest_run_is_the_one_that_finished_last(runs: Path) -> None:
    assert newest_run(runs) == runs / "a"
    (runs / "a" / "score.json").unlink()
    assert newest_run(runs) == runs / "b"
    assert newest_run(runs / "none") is None


@pytest.mark.parametrize(("encoder", "backbone"), [(None, BACKBONE), ("painter", "tf_efficientnet_lite0")])
def test_build_index_takes_the_newest_run_unless_told_otherwise(
    encoder: str | None, backbone: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint_tiny_artists(tmp_path / "artists", 2, 1)
    index = PaintingIndex.build(
        folder=tmp_path / "artists", index=tmp_path / "index", runs=runs, encoder=encoder, device="cpu"
    )
    assert index.encoder_config.backbone == backbone
    newest = f"Encoder: {runs / 'a' / BEST}\n"
    assert (newest in capsys.readouterr().err) == (encoder is None)


def test_push_encoder_takes_the_newest_run(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_push, "_run_of", lambda _: None)  # these runs have no report for the card
    push_encoder(PushConfig("ann/hands", runs=runs, folder=tmp_path / "pushed"))
    pushed, newest = (load_encoder(path).network.state_dict() for path in (tmp_path / "pushed", runs / "a" / BEST))
    assert all(torch.equal(pushed[name], newest[name]) for name in newest)
    with pytest.raises(NotFoundError, match="holds no finished run"):
        push_encoder(PushConfig("ann/hands", runs=tmp_path, folder=tmp_path / "none"))
