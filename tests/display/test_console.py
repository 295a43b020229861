import json
from pathlib import Path

import pytest

from painter_search.collection.collection import Collection
from painter_search.display.console import show_collection, show_index, show_score
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.triplet_score import score_triplets


def test_json_is_json(small_index: PaintingIndex, small_collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collection = Collection.open(small_collection)
    score = score_triplets(small_index, small_collection / "test_triplets_with_labels.csv")
    for show in (
        lambda: show_collection(collection, True),
        lambda: show_index(small_index, True),
        lambda: show_score(score, score, as_json=True),
    ):
        show()
        assert json.loads(capsys.readouterr().out)


def test_the_tables_hold_the_figures(
    small_index: PaintingIndex, small_collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = score_triplets(small_index, small_collection / "test_triplets_with_labels.csv")
    show_score(score)
    text = capsys.readouterr().out
    assert f"{100 * score.accuracy.value:.1f} %" in text
    assert f"{100 * score.accuracy.low:.1f}" in text
    assert "recall@10" in text
    show_collection(Collection.open(small_collection))
    assert "48" in capsys.readouterr().out
