from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_world import paint

from painter_search.collection.framing import encode_jpeg
from painter_search.encoder.checkpoint import start_encoder
from painter_search.encoder.exported import ExportedEncoder, export_encoder, open_session
from painter_search.encoder.parts import (
    APART,
    describe_places,
    distinctness,
    enlarge,
    match_parts,
    resampling,
    smooth,
    strongest_pairs,
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> ExportedEncoder:
    """An untrained network, which sees texture well enough."""
    encoder = start_encoder("resnet18", "none", seed=1, views="parts", unit=True)
    return export_encoder(encoder, tmp_path_factory.mktemp("parts") / "encoder.onnx")


def scene(seed: int, place: tuple[int, int]) -> bytes:
    """A smooth ground of its own, 320 px wide, and on it the one checkered shield, 130 px wide, at a place."""
    colors = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    ground = Image.fromarray(colors).resize((320, 320), Image.Resampling.BICUBIC)
    shield = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8))
    ground.paste(shield.resize((130, 130), Image.Resampling.NEAREST), place)
    return encode_jpeg(ground)


def test_a_detail_is_found_where_it_lies_in_both(exported: ExportedEncoder) -> None:
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


def test_maps_have_the_pictures_sizes_and_run_from_0_to_1(exported: ExportedEncoder) -> None:
    one, other = encode_jpeg(paint(1, 0)), encode_jpeg(paint(2, 0).resize((200, 300)))
    parts = match_parts(exported, one, other)
    assert parts is not None
    assert parts.maps[0].shape == paint(1, 0).size[::-1]
    assert parts.maps[1].shape == (300, 200)
    for grid in parts.maps:
        assert grid.dtype == np.float32
        assert 0 <= grid.min() < 0.1
        assert 0.5 < grid.max() <= 1


def test_a_picture_matches_itself_place_by_place(exported: ExportedEncoder) -> None:
    picture = encode_jpeg(paint(3, 0))
    parts = match_parts(exported, picture, picture)
    assert parts is not None
    np.testing.assert_allclose(parts.maps[0], parts.maps[1], atol=1e-3)
    for pair in parts.pairs:
        assert pair.one == pair.other
        assert pair.similarity == pytest.approx(1, abs=1e-3)


def test_swapped_pictures_give_swapped_parts(exported: ExportedEncoder) -> None:
    one, other = encode_jpeg(paint(1, 0)), encode_jpeg(paint(1, 1))
    forth, back = match_parts(exported, one, other), match_parts(exported, other, one)
    assert forth is not None
    assert back is not None
    assert [(pair.one, pair.other) for pair in forth.pairs] == [(pair.other, pair.one) for pair in back.pairs]
    np.testing.assert_allclose(forth.maps[0], back.maps[1], atol=1e-3)


def test_plain_pictures_are_no_error(exported: ExportedEncoder) -> None:
    plain = encode_jpeg(Image.new("RGB", (120, 90), "grey"))
    parts = match_parts(exported, plain, encode_jpeg(paint(1, 0)))
    assert parts is not None
    assert all(np.isfinite(grid).all() for grid in parts.maps)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_encoder_without_planes_shows_no_parts(tmp_path: Path) -> None:
    import torch

    encoder = start_encoder("resnet18", "none", seed=1)
    pixels = torch.zeros(2, 3, 224, 224, dtype=torch.uint8)
    names = {"input_names": ["pixels"], "output_names": ["embeddings"]}
    torch.onnx.export(encoder, (pixels,), str(tmp_path / "old.onnx"), dynamo=False, **names)  # as it was once exported
    old = ExportedEncoder(open_session(tmp_path / "old.onnx"), encoder.config)
    assert old.embed(pixels.numpy()).shape == (2, 256)
    assert old.planes(pixels.numpy()) == []
    assert match_parts(old, encode_jpeg(paint(1, 0)), encode_jpeg(paint(2, 0))) is None


@pytest.mark.parametrize(("given", "wanted"), [(28, 14), (7, 14), (14, 14), (20, 14), (5, 3)])
def test_resampling_is_pillows(given: int, wanted: int) -> None:
    grid = np.random.default_rng(0).normal(size=(given, given)).astype(np.float32)
    expected = Image.fromarray(grid).resize((wanted, wanted), Image.Resampling.BILINEAR)
    matrix = resampling(given, wanted)
    np.testing.assert_allclose(matrix @ grid @ matrix.T, np.asarray(expected), atol=1e-5)


def test_places_have_length_1_and_know_neither_a_channels_level_nor_its_scale() -> None:
    rng = np.random.default_rng(0)
    planes = [rng.normal(size=(2, c, s, s)).astype(np.float32) for c, s in ((5, 12), (7, 6), (9, 3))]
    found = describe_places(planes)
    assert found.shape == (2, 4, 4, 21)
    np.testing.assert_allclose(np.linalg.norm(found, axis=3), 1, atol=1e-4)
    changed = [
        plane * rng.uniform(0.5, 3, (1, plane.shape[1], 1, 1)) + rng.normal(size=(1, plane.shape[1], 1, 1))
        for plane in planes
    ]
    np.testing.assert_allclose(describe_places(changed), found, atol=1e-4)


def test_distinctness_is_the_papers_formula() -> None:
    similarity = np.random.default_rng(0).uniform(-1, 1, (12, 15)).astype(np.float32)
    expected = np.empty_like(similarity)
    for a in range(12):
        for b in range(15):
            of_a = np.mean(sorted(similarity[a])[-10:])
            of_b = np.mean(sorted(similarity[:, b])[-10:])
            expected[a, b] = 2 * similarity[a, b] - of_a - of_b
    np.testing.assert_allclose(distinctness(similarity), expected, atol=1e-5)


def test_the_strongest_pairs_are_mutual_apart_and_in_order() -> None:
    count = 12
    similarity = np.random.default_rng(3).uniform(-0.2, 0.6, (count**2, count**2)).astype(np.float32)
    distinct = distinctness(similarity)
    pairs = strongest_pairs(similarity, distinct, count)
    assert len(pairs) == 5

    def place(center: tuple[float, float]) -> int:
        return round(center[1] * (count + 2) - 1.5) * count + round(center[0] * (count + 2) - 1.5)

    values = []
    for number, pair in enumerate(pairs):
        a, b = place(pair.one), place(pair.other)
        assert distinct[a].argmax() == b
        assert distinct[:, b].argmax() == a
        assert pair.similarity == pytest.approx(similarity[a, b])
        values.append(distinct[a, b])
        for known in pairs[:number]:
            assert np.hypot(*np.subtract(pair.one, known.one)) >= APART
            assert np.hypot(*np.subtract(pair.other, known.other)) >= APART
    assert values == sorted(values, reverse=True)


def test_smoothing_is_the_mean_of_the_places_around() -> None:
    grids = np.random.default_rng(0).normal(size=(2, 4, 5)).astype(np.float32)
    found = smooth(grids)
    assert found.shape == grids.shape
    assert found[1, 2, 2] == pytest.approx(grids[1, 1:4, 1:4].mean(), abs=1e-6)
    assert found[0, 0, 0] == pytest.approx(np.pad(grids[0], 1, mode="edge")[:3, :3].mean(), abs=1e-6)


def test_enlarging_keeps_things_where_they_are() -> None:
    grid = np.zeros((10, 10), np.float32)
    grid[2, 7] = 1
    large = enlarge(grid, (240, 120))
    assert large.shape == (120, 240)
    row, column = np.unravel_index(large.argmax(), large.shape)
    assert abs(row / 120 - 3.5 / 12) < 0.02
    assert abs(column / 240 - 8.5 / 12) < 0.02
