import numpy as np
import pytest
from PIL import Image

from painter_search.encoder.embedding import embed_frames, embed_views
from painter_search.encoder.settings import EncoderConfig
from painter_search.encoder.views import central_square, side_of_views, to_pixels, views_of

PARTS = EncoderConfig(views="parts", unit=True)


def frame(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def test_center_is_the_central_square_alone() -> None:
    (view,) = views_of(frame(500, 448), EncoderConfig())
    assert (view == to_pixels(central_square(frame(500, 448), 224))).all()


def test_parts_are_the_whole_and_its_quarters() -> None:
    painting = frame(600, 448)
    whole, *quarters = views_of(painting, PARTS)
    assert len(quarters) == 4
    assert whole.shape == (3, 224, 224)
    for place, (left, top) in enumerate([(0, 0), (300, 0), (0, 224), (300, 224)]):
        cut = painting.crop((left, top, left + 300, top + 224)).resize((224, 224), Image.Resampling.BICUBIC)
        # Pillow looks beyond a box's edge where a crop cannot.
        assert np.abs(quarters[place].astype(int) - to_pixels(cut)).mean() < 1


@pytest.mark.parametrize(
    ("short", "side", "views"), [(64, 96, 2), (10, 64, 2), (200, 224, 2), (299, 224, 5), (448, 224, 5)]
)
def test_small_frames_are_seen_smaller_and_mirrored(short: int, side: int, views: int) -> None:
    found = views_of(frame(short, short + 20), PARTS)
    assert len(found) == views
    assert {view.shape for view in found} == {(3, side, side)}
    if views == 2:
        assert (found[1] == found[0][:, :, ::-1]).all()


def test_no_view_is_larger_than_asked_for() -> None:
    assert side_of_views((3000, 2000), 96) == 96


class Brightness:
    """An embedder that anybody can reckon with: one direction a view, by its brightest channel and its side."""

    config = PARTS
    at_once = 3

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        embeddings = np.zeros((len(pixels), 256), np.float32)
        embeddings[np.arange(len(pixels)), pixels.mean(axis=(2, 3)).argmax(axis=1)] = 1
        embeddings[:, 3] = pixels.shape[-1] / 224
        return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def test_an_embedding_is_the_mean_over_the_views_brought_to_length_1_whatever_their_number_and_size() -> None:
    paintings = [views_of(frame(*size), PARTS) for size in ((64, 70), (448, 500), (90, 64), (450, 448))]
    found = embed_views(Brightness(), paintings)
    for views, embedding in zip(paintings, found, strict=True):
        mean = np.mean([Brightness().embed(view[None])[0] for view in views], axis=0)
        np.testing.assert_allclose(embedding, mean / np.linalg.norm(mean), atol=1e-6)


def test_paintings_are_embedded_alike_alone_and_together(tmp_path) -> None:
    paths = []
    for number, size in enumerate(((64, 70), (448, 500), (90, 64), (450, 448), (300, 300))):
        paths.append(tmp_path / f"{number}.jpg")
        frame(*size).save(paths[-1])
    together = np.concatenate(list(embed_frames(Brightness(), paths, batch=2)))
    alone = np.concatenate([next(embed_frames(Brightness(), [path])) for path in paths])
    np.testing.assert_array_equal(together, alone)
