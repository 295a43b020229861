"""The encoder that comes with the package: small, described, and used where there is no run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tiny_world import paint_tiny_artists

from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.encoder.encoder import load_encoder
from painter_search.encoder.files.encoder_folder import read_encoder_folder
from painter_search.encoder.files.names import CARD, PACKAGED
from painter_search.index.painting_index import PaintingIndex

MAX_BYTES = 12_000_000


def test_packaged_encoder_is_small_and_its_files_are_as_described() -> None:
    folder = read_encoder_folder(PACKAGED)
    assert sum(file.stat().st_size for file in PACKAGED.iterdir()) <= MAX_BYTES
    assert folder.has_onnx
    assert folder.confidence is not None
    assert folder.plda is not None
    assert (folder.framing, folder.config.backbone) == ("whole", "tf_efficientnet_lite0")


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
