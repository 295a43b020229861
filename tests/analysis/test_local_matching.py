from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx_files import export_onnx
from PIL import Image
from small_world import paint
from tiny_world import BACKBONE, register_tiny_backbone

from painter_search.analysis.local_matching import (
    MIN_SEPARATION,
    csls_similarity,
    enlarge,
    local_features,
    match_parts,
    resizing_matrix,
    smooth,
    strongest_pairs,
)
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.inference.onnx_export import OnnxEncoder, open_encoder
from painter_search.encoder.network import untrained_network
from painter_search.images.framing import encode_jpeg


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    """An untrained network, which sees texture well enough."""
    encoder = untrained_network("resnet18", "none", seed=1, views="parts", normalize=True)
    return export_onnx(encoder, tmp_path_factory.mktemp("parts") / "encoder.onnx")


def scene(seed: int, position: tuple[int, int]) -> bytes:
    """A smooth ground of its own, 320 px wide, and on it the one checkered shield, 130 px wide, at a position."""
    colors = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    ground = Image.fromarray(colors).resize((320, 320), Image.Resampling.BICUBIC)
    shield = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8))
    ground.paste(shield.resize((130, 130), Image.Resampling.NEAREST), position)
    return encode_jpeg(ground)


def test_match_parts_finds_shared_detail_where_it_lies(exported: OnnxEncoder) -> None:
    parts = match_parts(exported, scene(1, (30, 40)), scene(2, (180, 170)))
    assert parts is not None
    within = [
        pair
        for pair in parts.pairs
        if 30 <= pair.one[0] * 320 <= 160
        and 40 <= pair.one[1] * 320 <= 170
        and np.abs(np.subtract(pair.other, pair.one) * 320 - [150, 130]).max() < 20  # a place of the grid is 16
    ]
    assert within
    first, second = parts.maps
    assert first[40:170, 30:160].mean() > 1.3 * first.mean()
    assert second[170:300, 180:310].mean() > 1.3 * second.mean()


def test_match_parts_maps_have_picture_sizes_and_run_from_0_to_1(exported: OnnxEncoder) -> None:
    one, other = encode_jpeg(paint(1, 0)), encode_jpeg(paint(2, 0).resize((200, 300)))
    parts = match_parts(exported, one, other)
    assert parts is not None
    assert parts.maps[0].shape == paint(1, 0).size[::-1]
    assert parts.maps[1].shape == (300, 200)
    for grid in parts.maps:
        assert grid.dtype == np.float32
        assert 0 <= grid.min() < 0.1
        assert 0.5 < grid.max() <= 1


def test_match_parts_matches_picture_with_itself(exported: OnnxEncoder) -> None:
    picture = encode_jpeg(paint(3, 0))
    parts = match_parts(exported, picture, picture)
    assert parts is not None
    np.testing.assert_allclose(parts.maps[0], parts.maps[1], atol=1e-3)
    for pair in parts.pairs:
        assert pair.one == pair.other
        assert pair.similarity == pytest.approx(1, abs=1e-3)


def test_match_parts_is_symmetric(exported: OnnxEncoder) -> None:
    one, other = encode_jpeg(paint(1, 0)), encode_jpeg(paint(1, 1))
    forth, back = match_parts(exported, one, other), match_parts(exported, other, one)
    assert forth is not None
    assert back is not None
    assert [(pair.one, pair.other) for pair in forth.pairs] == [(pair.other, pair.one) for pair in back.pairs]
    np.testing.assert_allclose(forth.maps[0], back.maps[1], atol=1e-3)


def test_match_parts_accepts_plain_picture(exported: OnnxEncoder) -> None:
    plain = encode_jpeg(Image.new("RGB", (120, 90), "grey"))
    parts = match_parts(exported, plain, encode_jpeg(paint(1, 0)))
    assert parts is not None
    assert all(np.isfinite(grid).all() for grid in parts.maps)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_match_parts_returns_none_without_feature_maps(tmp_path: Path) -> None:
    import torch

    register_tiny_backbone()
    encoder = untrained_network(BACKBONE, "none", seed=1, img_size=64)
    pixels = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    names = {"input_names": ["pixels"], "output_names": ["embeddings"]}
    torch.onnx.export(encoder, (pixels,), str(tmp_path / "old.onnx"), dynamo=False, **names)  # as it was once exported
    old = open_encoder(tmp_path / "old.onnx", encoder.config)
    assert old.embed(pixels.numpy()).shape == (2, 256)
    assert old.feature_maps(pixels.numpy()) == []
    assert match_parts(old, encode_jpeg(paint(1, 0)), encode_jpeg(paint(2, 0))) is None


def test_match_parts_returns_none_for_maps_that_are_all_edge() -> None:
    class Coarse:
        config = EncoderConfig("resnet18", img_size=64, views="center")

        def feature_maps(self, pixels: np.ndarray) -> list[np.ndarray]:
            return [np.ones((2, 8, 2, 2), np.float32)]

    assert match_parts(Coarse(), scene(1, (0, 0)), scene(2, (0, 0))) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "new_size"), [(28, 14), (7, 14), (14, 14), (20, 14), (5, 3)])
def test_resizing_matrix_equals_pillow_bilinear(size: int, new_size: int) -> None:
    grid = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    expected = Image.fromarray(grid).resize((new_size, new_size), Image.Resampling.BILINEAR)
    matrix = resizing_matrix(size, new_size)
    np.testing.assert_allclose(matrix @ grid @ matrix.T, np.asarray(expected), atol=1e-5)


def test_local_features_have_length_1_and_ignore_level_and_scale_of_channels() -> None:
    rng = np.random.default_rng(0)
    stages = [rng.normal(size=(2, c, s, s)).astype(np.float32) for c, s in ((5, 12), (7, 6), (9, 3))]
    found = local_features(stages)
    assert found.shape == (2, 4, 4, 21)
    np.testing.assert_allclose(np.linalg.norm(found, axis=3), 1, atol=1e-4)
    changed = [
        stage * rng.uniform(0.5, 3, (1, stage.shape[1], 1, 1)) + rng.normal(size=(1, stage.shape[1], 1, 1))
        for stage in stages
    ]
    np.testing.assert_allclose(local_features(changed), found, atol=1e-4)


def test_csls_similarity_equals_formula() -> None:
    similarity = np.random.default_rng(0).uniform(-1, 1, (12, 15)).astype(np.float32)
    expected = np.empty_like(similarity)
    for a in range(12):
        for b in range(15):
            of_a = np.mean(sorted(similarity[a])[-10:])
            of_b = np.mean(sorted(similarity[:, b])[-10:])
            expected[a, b] = 2 * similarity[a, b] - of_a - of_b
    np.testing.assert_allclose(csls_similarity(similarity), expected, atol=1e-5)


def test_strongest_pairs_are_mutual_apart_and_in_order() -> None:
    count = 12
    similarity = np.random.default_rng(3).uniform(-0.2, 0.6, (count**2, count**2)).astype(np.float32)
    scores = csls_similarity(similarity)
    pairs = strongest_pairs(similarity, scores, count)
    assert len(pairs) == 5

    def location(center: tuple[float, float]) -> int:
        return round(center[1] * (count + 2) - 1.5) * count + round(center[0] * (count + 2) - 1.5)

    values = []
    for number, pair in enumerate(pairs):
        a, b = location(pair.one), location(pair.other)
        assert scores[a].argmax() == b
        assert scores[:, b].argmax() == a
        assert pair.similarity == pytest.approx(similarity[a, b])
        values.append(scores[a, b])
        for better in pairs[:number]:
            assert np.hypot(*np.subtract(pair.one, better.one)) >= MIN_SEPARATION
            assert np.hypot(*np.subtract(pair.other, better.other)) >= MIN_SEPARATION
    assert values == sorted(values, reverse=True)


def test_smooth_equals_cv2_blur() -> None:
    grids = np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32)
    expected = [cv2.blur(grid, (3, 3), borderType=cv2.BORDER_REPLICATE) for grid in grids]
    np.testing.assert_allclose(smooth(grids), expected, atol=1e-6)


def test_enlarge_keeps_peak_where_it_is() -> None:
    grid = np.zeros((10, 10), np.float32)
    grid[2, 7] = 1
    large = enlarge(grid, (240, 120))
    assert large.shape == (120, 240)
    row, column = np.unravel_index(large.argmax(), large.shape)
    assert abs(row / 120 - 3.5 / 12) < 0.02
    assert abs(column / 240 - 8.5 / 12) < 0.02
