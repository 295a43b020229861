import numpy as np
import pytest
from PIL import Image

from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.inference.embedding import embed_frames, embed_views
from painter_search.encoder.views import central_square, make_views, to_pixels, view_side

PARTS = EncoderConfig(views="parts", normalize=True)


def frame(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def test_make_views_center_is_the_central_square_alone() -> None:
    (view,) = make_views(frame(500, 448), EncoderConfig())
    assert (view == to_pixels(central_square(frame(500, 448), 224))).all()


def test_make_views_parts_are_the_whole_and_its_quarters() -> None:
    painting = frame(600, 448)
    whole, *quarters = make_views(painting, PARTS)
    assert len(quarters) == 4
    assert whole.shape == (3, 224, 224)
    for number, (left, top) in enumerate([(0, 0), (300, 0), (0, 224), (300, 224)]):
        cut = painting.crop((left, top, left + 300, top + 224)).resize((224, 224), Image.Resampling.BICUBIC)
        # Resizing a box also reads pixels beyond its edge, which a crop does not have.
        assert np.abs(quarters[number].astype(int) - to_pixels(cut)).mean() < 1


@pytest.mark.parametrize(
    ("short", "side", "views"), [(64, 96, 2), (10, 64, 2), (200, 224, 2), (299, 224, 5), (448, 224, 5)]
)
def test_make_views_of_small_frames_are_smaller_and_mirrored(short: int, side: int, views: int) -> None:
    cut = make_views(frame(short, short + 20), PARTS)
    assert len(cut) == views
    assert {view.shape for view in cut} == {(3, side, side)}
    if views == 2:
        assert (cut[1] == cut[0][:, :, ::-1]).all()


@pytest.mark.parametrize(
    ("short", "side", "part_side"),
    [(64, 96, None), (170, 224, None), (171, 224, 128), (224, 224, 160), (448, 224, 224)],
)
def test_make_views_sized_parts_have_a_side_of_their_own(short: int, side: int, part_side: int | None) -> None:
    whole, *parts = make_views(frame(short, short + 20), EncoderConfig(views="sized-parts"))
    assert whole.shape == (3, side, side)
    if part_side is None:
        assert (parts[0] == whole[:, :, ::-1]).all()
    else:
        assert [part.shape for part in parts] == [(3, part_side, part_side)] * 4


@pytest.mark.parametrize("short", [299, 448, 2000])
def test_make_views_sized_parts_of_large_frames_are_those_of_parts(short: int) -> None:
    cut, expected = (make_views(frame(short, short), EncoderConfig(views=views)) for views in ("sized-parts", "parts"))
    assert all((one == other).all() for one, other in zip(cut, expected, strict=True))


@pytest.mark.parametrize(("short", "views"), [(64, 2), (200, 2), (299, 5), (448, 5)])
def test_make_views_equal_parts_all_have_the_size_of_the_network(short: int, views: int) -> None:
    cut = make_views(frame(short, short + 20), EncoderConfig(views="equal-parts", img_size=224))
    assert len(cut) == views
    assert {view.shape for view in cut} == {(3, 224, 224)}


def test_view_side_is_at_most_the_one_asked_for() -> None:
    assert view_side((3000, 2000), 96) == 96


class Brightness:
    """An embedder simple enough to check by hand: one direction a view, by its brightest channel and its side."""

    config = PARTS
    batch_size = 3

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        embeddings = np.zeros((len(pixels), 256), np.float32)
        embeddings[np.arange(len(pixels)), pixels.mean(axis=(2, 3)).argmax(axis=1)] = 1
        embeddings[:, 3] = pixels.shape[-1] / 224
        return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def test_embed_views_averages_views_of_any_number_and_size_to_length_1() -> None:
    sizes = ((64, 70), (448, 500), (90, 64), (200, 230), (450, 448))
    paintings = [make_views(frame(*size), EncoderConfig(views="sized-parts")) for size in sizes]
    embeddings = embed_views(Brightness(), paintings)
    for views, embedding in zip(paintings, embeddings, strict=True):
        mean = np.mean([Brightness().embed(view[None])[0] for view in views], axis=0)
        np.testing.assert_allclose(embedding, mean / np.linalg.norm(mean), atol=1e-6)


def test_embed_frames_gives_the_same_alone_and_in_batches(tmp_path) -> None:
    paths = []
    for number, size in enumerate(((64, 70), (448, 500), (90, 64), (450, 448), (300, 300))):
        paths.append(tmp_path / f"{number}.jpg")
        frame(*size).save(paths[-1])
    together = np.concatenate(list(embed_frames(Brightness(), paths)))
    alone = np.concatenate([next(embed_frames(Brightness(), [path])) for path in paths])
    np.testing.assert_array_equal(together, alone)
