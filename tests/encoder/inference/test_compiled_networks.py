"""What OpenVINO compiled is read by the next process if it is what it should be, and compiled again otherwise."""

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
from staged_net import BACKBONE

from painter_search.common.files.atomic_io import digest_file
from painter_search.encoder.inference import compiled_networks
from painter_search.encoder.inference.inference_engine import EMBEDDINGS, InferenceEngine, OpenVino, open_engine
from painter_search.encoder.inference.onnx_export import export_encoder
from painter_search.encoder.network import untrained_network

pytest.importorskip("openvino")
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64), dtype=np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    encoder = untrained_network(BACKBONE, "none", seed=1, img_size=64, views="parts", normalize=True)
    path = tmp_path_factory.mktemp("network") / "encoder.onnx"
    path.write_bytes(export_encoder(encoder))
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of compiled networks."""
    monkeypatch.setenv("PAINTER_SEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "networks"


def embed(network: Path, digest: str) -> np.ndarray:
    engine = open_engine(network, 64, 2, digest=digest)
    assert engine.name.startswith("openvino")
    return engine.run([EMBEDDINGS], PIXELS)[0]


def test_the_next_process_reads_what_was_compiled(exported: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = digest_file(exported)
    compiled = embed(exported, digest)
    assert len(list(kept.iterdir())) == 1
    monkeypatch.setattr(OpenVino, "_compile", None)
    np.testing.assert_array_equal(embed(exported, digest), compiled)


def test_other_outputs_are_computed_when_the_file_is_gone(exported: Path, kept: Path, tmp_path: Path) -> None:
    """An index that is changed replaces its folder, while a server computes with the encoder in it."""
    embed(exported, digest_file(exported))
    network = Path(copyfile(exported, tmp_path / "encoder.onnx"))
    engine = open_engine(network, 64, 2, digest=digest_file(exported))
    network.unlink()
    assert engine.run(["plane 1"], PIXELS)[0].shape == (3, 12, 16, 16)


def test_without_a_digest_nothing_is_kept(exported: Path, kept: Path) -> None:
    embed(exported, "")
    assert not kept.exists()


def test_a_file_that_is_not_what_its_digest_says_is_not_kept(exported: Path, kept: Path) -> None:
    """Otherwise the right file, copied again, would be taken for the damaged one."""
    embed(exported, "0" * 64)
    assert not kept.exists()


@pytest.mark.parametrize("damage", [lambda content: content[:500], lambda content: bytes(len(content))])
def test_damaged_files_are_compiled_again(
    exported: Path, kept: Path, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = digest_file(exported)
    compiled = embed(exported, digest)
    (file,) = kept.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    np.testing.assert_array_equal(embed(exported, digest), compiled)
    monkeypatch.setattr(OpenVino, "_compile", None)
    np.testing.assert_array_equal(embed(exported, digest), compiled)


def test_a_folder_that_cannot_be_written_does_no_harm(exported: Path, kept: Path) -> None:
    kept.parent.write_text("a file")
    assert embed(exported, digest_file(exported)).shape == (3, 256)


def test_those_unused_for_longest_make_room(exported: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = InferenceEngine(lambda: OpenVino(exported, 64, 2, digest=digest_file(exported)), 2)
    (first,) = kept.iterdir()
    monkeypatch.setattr(compiled_networks, "MAX_KEPT", first.stat().st_size)
    engine.run(["plane 1"], PIXELS)
    (second,) = kept.iterdir()
    assert second != first
