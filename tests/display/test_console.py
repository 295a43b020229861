import json
from pathlib import Path

import pytest

from painter_search.collection.collection import Collection
from painter_search.display.console import show_answers, show_collection, show_index, show_score
from painter_search.retrieval.attribution import Unanswered, attribute
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.triplet_score import score_triplets


def test_json_is_json(
    small_index: PaintingIndex, small_collection: Path, painted_originals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collection = Collection.open(small_collection)
    score = score_triplets(small_index, small_collection / "test_triplets_with_labels.csv")
    answers = attribute(small_index, [sorted(painted_originals.iterdir())[0]])
    for show in (
        lambda: show_collection(collection, True),
        lambda: show_index(small_index, True),
        lambda: show_score(score, score, True),
        lambda: show_answers([*answers, Unanswered("x.jpg", "not an image")], small_index, True),
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


def test_answers_with_square_brackets_are_printed_as_they_are(
    small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([Unanswered("[bold]x[/bold].jpg", "not an image")], small_index)
    assert "[bold]x[/bold].jpg: not an image" in capsys.readouterr().out
