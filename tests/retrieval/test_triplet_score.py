from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from painter_search.collection.collection import Collection
from painter_search.errors import UserError
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.triplet_score import score_triplets


@pytest.fixture
def triplets(small_collection: Path) -> Path:
    return small_collection / "test_triplets_with_labels.csv"


def naive(index: PaintingIndex, table: pd.DataFrame) -> tuple[float, float, float]:
    """Triplet accuracy, mean loss and accuracy against every negative, one triplet at a time."""
    files = sorted(set(table.to_numpy().ravel()))
    ids = index.works.ids_of(files)
    artists = dict(zip(files, [work.artist for work in index.works.get([ids[f] for f in files])], strict=True))
    vector = {file: index.vectors([ids[file]])[0].astype(np.float64) for file in files}
    hits, losses, shares = [], [], []
    for a, p, n in table.itertuples(index=False):
        near, far = np.linalg.norm(vector[a] - vector[p]), np.linalg.norm(vector[a] - vector[n])
        hits.append(near < far)
        losses.append(max(0, near - far + 5))
        others = [np.linalg.norm(vector[a] - vector[o]) for o in files if artists[o] != artists[a]]
        shares.append(np.mean([near < other for other in others]))
    return float(np.mean(hits)), float(np.mean(losses)), float(np.mean(shares))


def test_scores_equal_a_naive_loop_over_the_triplets(small_index: PaintingIndex, triplets: Path) -> None:
    score = score_triplets(small_index, triplets)
    accuracy, loss, every = naive(small_index, pd.read_csv(triplets, dtype=str))
    assert score.accuracy.value == pytest.approx(accuracy)
    assert score.mean_loss == pytest.approx(loss, abs=1e-5)
    assert score.all_negatives.value == pytest.approx(every, abs=2e-3)
    assert score.accuracy.low <= score.accuracy.value <= score.accuracy.high


def test_no_image_is_opened(small_index: PaintingIndex, triplets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", refuse)
    score_triplets(small_index, triplets)


def test_triplets_of_unknown_paintings_are_counted_and_named(
    small_index: PaintingIndex, triplets: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(triplets, dtype=str)
    table.loc[0, "negative"] = "lost.jpg"
    table.loc[1, "anchor"] = "gone.jpg"
    table.to_csv(tmp_path / "triplets.csv", index=False)
    with pytest.raises(UserError, match=rf"2 of the {len(table)} triplets .*gone\.jpg, lost\.jpg"):
        score_triplets(small_index, tmp_path / "triplets.csv")
    score = score_triplets(small_index, tmp_path / "triplets.csv", skip_missing=True)
    assert (score.triplets, score.missing) == (len(table) - 2, 2)


def test_works_may_be_named_with_their_collection(
    small_index: PaintingIndex, small_collection: Path, triplets: Path
) -> None:
    name = Collection.open(small_collection).name
    table = pd.read_csv(triplets, dtype=str).map(lambda file: f"{name}/{file}")
    assert score_triplets(small_index, table).accuracy == score_triplets(small_index, triplets).accuracy


def test_a_file_without_triplets_of_this_index_is_refused(small_index: PaintingIndex, tmp_path: Path) -> None:
    path = tmp_path / "triplets.csv"
    path.write_text("anchor,positive,negative\na,b,c\n")
    with pytest.raises(UserError, match="no triplet"):
        score_triplets(small_index, path, skip_missing=True)
