"""What a frozen backbone gives for works: computed once, continued after an interruption, embedded as frames are."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_world import paint
from staged_net import BACKBONE

from painter_search.common.errors import InvalidValueError
from painter_search.encoder.backbone_features import FeatureReader
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.inference.onnx_export import fastest_embedder
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.encoder.views import make_views
from painter_search.images.framing import read_frame
from painter_search.training.data import stage_cache
from painter_search.training.data.feature_cache import FeatureCacheSubset, cached_features
from painter_search.training.recipes.strong import with_readout


@pytest.fixture(scope="module")
def encoder() -> EncoderNetwork:
    return with_readout(untrained_network(BACKBONE, "none", seed=1, img_size=64, views="parts", normalize=True))


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Some large enough to be cut into five views, and some of two views, of several sides."""
    folder = tmp_path_factory.mktemp("frames")
    paths = [folder / f"{number}.jpg" for number in range(20)]
    for number, path in enumerate(paths):
        image = paint(number, 0)
        image.resize((image.width // (1 + number % 5), image.height // (1 + number % 5))).save(path)
    return paths


def test_embed_gives_the_embeddings_of_frames(encoder: EncoderNetwork, frames: list[Path], tmp_path: Path) -> None:
    expected = embed_all(fastest_embedder(encoder), frames)
    assert np.linalg.norm(expected[0] - expected[1]) > 0.05
    with cached_features(encoder, frames, tmp_path) as features:
        found = features.embed(encoder, frames[3:] + frames[:3])
        subset = FeatureCacheSubset(features, np.arange(20)[::-1])
        np.testing.assert_array_equal(subset.embed_rows(encoder, [16, 19]), found[[0, 17]])
    np.testing.assert_allclose(found, np.roll(expected, -3, axis=0), atol=0.01)  # kept in float16


def test_embed_serves_the_untrained_network_of_the_same_backbone(frames: list[Path], tmp_path: Path) -> None:
    untrained = untrained_network(BACKBONE, "none", seed=1, img_size=64, views="parts", normalize=True)
    with cached_features(with_readout(untrained), frames, tmp_path) as features:
        found = features.embed(untrained, frames)
    np.testing.assert_allclose(found, embed_all(fastest_embedder(untrained), frames), atol=0.01)


def test_an_interrupted_cache_continues_to_the_same_bits(
    encoder: EncoderNetwork, frames: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, passed = FeatureReader.read, []

    def interrupt_once(reader: FeatureReader, pixels: np.ndarray) -> np.ndarray:
        passed.append(len(pixels))
        if len(passed) == 6:
            raise KeyboardInterrupt
        return read(reader, pixels)

    with cached_features(encoder, frames, tmp_path) as features:
        unbroken = features.every_view(range(20)).numpy()
    engine = "painter_search.encoder.inference.inference_engine"
    monkeypatch.setattr(f"{engine}.MIN_BATCH", 10)  # works a group, and views a pass
    monkeypatch.setattr(f"{engine}.GROUP", 1)
    monkeypatch.setattr(f"{engine}.available_physical_cores", lambda: 2)
    monkeypatch.setattr(FeatureReader, "read", interrupt_once)
    with pytest.raises(KeyboardInterrupt), cached_features(encoder, frames, tmp_path):
        pass
    before = len(passed)
    (file,) = tmp_path.glob("*.partial*")
    done = file.stat().st_size
    with cached_features(encoder, frames, tmp_path) as features:
        np.testing.assert_array_equal(features.every_view(range(20)), unbroken)
        assert 0 < done < file.stat().st_size
    assert sum(passed[before:]) < sum(len(make_views(read_frame(path), encoder.config)) for path in frames)
    assert not list(tmp_path.iterdir())


def test_a_cache_of_other_frames_begins_anew(encoder: EncoderNetwork, frames: list[Path], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), cached_features(encoder, frames[:5], tmp_path):
        raise KeyboardInterrupt
    assert len(list(tmp_path.iterdir())) == 1
    with cached_features(encoder, frames[5:], tmp_path) as features:
        found = features.embed(encoder, frames[5:])
    np.testing.assert_allclose(found, embed_all(fastest_embedder(encoder), frames[5:]), atol=0.01)
    assert not list(tmp_path.iterdir())


def test_space_that_an_interrupted_training_took_counts_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=1_000_000)
    monkeypatch.setattr(stage_cache.shutil, "disk_usage", lambda folder: usage)
    works = 900_000 // stage_cache.stage_record(100).itemsize
    stage_cache.check_space(tmp_path, works, 100, [tmp_path / "stage"])
    (tmp_path / "stage").write_bytes(bytes(900_000))
    usage.free = 100_000
    stage_cache.check_space(tmp_path, works, 100, [tmp_path / "stage"])
    with pytest.raises(InvalidValueError, match="make room and run the command again"):
        stage_cache.check_space(tmp_path, works, 100, [tmp_path / "gone"])


def test_features_and_what_the_stage_gives_are_of_the_same_view(
    encoder: EncoderNetwork, frames: list[Path], tmp_path: Path
) -> None:
    with cached_features(encoder, frames, tmp_path, with_stage=frames) as features:
        counts = features.view_counts(range(len(frames)))
        row = torch.tensor([int(np.flatnonzero(counts == 2)[0])])

        def looked_up(view: int) -> tuple[torch.Tensor, torch.Tensor]:
            ((_, output),) = features.stage_outputs(row, torch.tensor([view]))
            return features.rows(row, torch.tensor([view])), output

        kept = [looked_up(view) for view in (0, 1)]
        assert not torch.equal(kept[0][1], kept[1][1])
        for view in range(20):
            found, output = looked_up(view)
            (same,) = [one for one in kept if torch.equal(one[1], output)]
            assert torch.equal(found, same[0]), view
