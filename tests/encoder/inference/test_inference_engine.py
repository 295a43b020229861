"""Both libraries give the same, on any number of cores; ONNX Runtime computes where OpenVINO cannot."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from staged_net import BACKBONE

from painter_search.common.errors import DamagedFileError, NotFoundError
from painter_search.encoder.inference import inference_engine
from painter_search.encoder.inference.inference_engine import InferenceEngine, OpenVino, open_engine, open_onnxruntime
from painter_search.encoder.inference.onnx_export import export_encoder
from painter_search.encoder.network import EncoderNetwork, untrained_network

EMBEDDINGS = ("embeddings",)


@pytest.fixture(scope="module")
def encoder() -> EncoderNetwork:
    return untrained_network(BACKBONE, "none", seed=1, img_size=64, views="parts", normalize=True)


@pytest.fixture(scope="module")
def exported(encoder: EncoderNetwork) -> bytes:
    return export_encoder(encoder)


@pytest.fixture(scope="module", params=["openvino", "onnxruntime"])
def engine(request: pytest.FixtureRequest, exported: bytes) -> InferenceEngine:
    """The network in one of the libraries, on two cores."""
    if request.param == "onnxruntime":
        return open_onnxruntime(exported, cores=2)
    pytest.importorskip("openvino")
    return InferenceEngine(lambda: OpenVino(exported, 64, 2), 2)


def views(count: int, side: int = 64) -> np.ndarray:
    """Views of broad patches, all of other colours."""
    patches = torch.rand((count, 3, 3, 3), generator=torch.Generator().manual_seed(side)) * 256
    return torch.nn.functional.interpolate(patches, size=(side, side), mode="bilinear").to(torch.uint8).numpy()


@pytest.mark.parametrize("side", [64, 96])
def test_run_gives_what_pytorch_gives(engine: InferenceEngine, encoder: EncoderNetwork, side: int) -> None:
    pixels = views(12, side)
    with torch.inference_mode():
        expected = encoder(torch.from_numpy(pixels)).numpy()
    (found,) = engine.run(EMBEDDINGS, pixels)
    assert found.dtype == np.float32
    tolerance = 0.01 if "bfloat16" in engine.name else 1e-3
    assert np.linalg.norm(found - expected, axis=1).max() < tolerance
    assert np.linalg.norm(expected - np.roll(expected, 1, axis=0), axis=1).mean() > 0.02  # views differ by more


def test_run_computes_the_outputs_that_are_asked_for(engine: InferenceEngine) -> None:
    assert engine.outputs == ("embeddings", "plane 1", "plane 2", "plane 3")
    third, first = engine.run(("plane 3", "plane 1"), views(2))
    assert (third.shape, first.shape) == ((2, 24, 4, 4), (2, 12, 16, 16))


@pytest.mark.parametrize("opened", [open_onnxruntime, lambda network: open_engine(network, 64)])
def test_a_network_that_is_gone_is_not_called_damaged(opened: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"encoder\.onnx is not there any more"):
        opened(tmp_path / "encoder.onnx")


def test_a_view_has_the_same_embedding_in_any_company(engine: InferenceEngine) -> None:
    pixels = views(23)
    (together,) = engine.run(EMBEDDINGS, pixels)
    alone = np.concatenate([engine.run(EMBEDDINGS, view[None])[0] for view in pixels])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_threads_that_ask_at_once_get_their_own_embeddings(engine: InferenceEngine) -> None:
    pixels = views(60)
    (expected,) = engine.run(EMBEDDINGS, pixels)
    with ThreadPoolExecutor(6) as threads:
        found = threads.map(lambda start: engine.run(EMBEDDINGS, pixels[start : start + 3])[0], range(0, 60, 3))
        np.testing.assert_allclose(np.concatenate(list(found)), expected, atol=1e-6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_computes_the_same(engine: InferenceEngine) -> None:
    pixels = views(12)
    (expected,) = engine.run(EMBEDDINGS, pixels)
    received, sent = multiprocessing.Pipe()
    forked = multiprocessing.get_context("fork").Process(target=lambda: sent.send(engine.run(EMBEDDINGS, pixels)[0]))
    forked.start()
    try:
        assert received.poll(30)
        np.testing.assert_allclose(received.recv(), expected, atol=1e-6)
        forked.join(30)
        assert forked.exitcode == 0
    finally:
        forked.kill()


def test_open_engine_prefers_openvino(exported: bytes) -> None:
    pytest.importorskip("openvino")
    assert open_engine(exported, 64, cores=1).name.startswith("openvino 20")


def test_open_engine_takes_onnxruntime_where_openvino_is_absent(
    exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    engine = open_engine(exported, 64)
    assert engine.name.startswith("onnxruntime")
    assert engine.run(EMBEDDINGS, views(1))[0].shape == (1, 256)


def test_open_engine_takes_onnxruntime_where_openvino_fails(exported: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> OpenVino:
        raise RuntimeError("no such processor")

    monkeypatch.setattr(inference_engine, "OpenVino", fail)
    assert open_engine(exported, 64).name.startswith("onnxruntime")


def test_open_engine_refuses_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").write_bytes(b"no network")
    with pytest.raises(DamagedFileError, match="not an encoder that can be read"):
        open_engine(tmp_path / "encoder.onnx", 64)
