import json
from dataclasses import replace
from pathlib import Path

import pytest

from painter_search.analysis.evaluate import IndexEvaluation, score_triplets
from painter_search.analysis.reliability import measure_reliability
from painter_search.collection.collection import Collection
from painter_search.display.console.collection import show_collection
from painter_search.display.console.index import MAX_ROWS, show_index, show_listing, show_update
from painter_search.display.console.score import show_evaluation
from painter_search.display.console.tables import new_table, show
from painter_search.display.words.reliability_text import TOO_FEW
from painter_search.index.listing import list_works
from painter_search.index.painting_index import IndexUpdate, PaintingIndex


def test_show_functions_print_json(
    small_index: PaintingIndex, small_collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collection = Collection.open(small_collection)
    score = score_triplets(small_index, small_collection / "test_triplets_with_labels.csv")
    for show_json, key in (
        (lambda: show_collection(collection, as_json=True), "counts"),
        (lambda: show_index(small_index, as_json=True), "search"),
        (lambda: show_update(IndexUpdate(small_index), as_json=True), "added"),
        (lambda: show_listing(list_works(small_index), as_json=True), "artists"),
        (lambda: show_evaluation(IndexEvaluation(score, score, None), as_json=True), "trust"),
    ):
        show_json()
        assert key in json.loads(capsys.readouterr().out)


def test_show_evaluation_prints_the_figures_with_the_baselines(
    small_index: PaintingIndex, small_collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = score_triplets(small_index, small_collection / "test_triplets_with_labels.csv")
    show_evaluation(IndexEvaluation(score, None, None))
    alone = capsys.readouterr().out
    assert f"{100 * score.accuracy.value:.1f} %" in alone
    assert f"{100 * score.accuracy.low:.1f}" in alone
    assert "recall@10" in alone
    assert "baseline" not in alone
    show_evaluation(IndexEvaluation(score, score, None))
    compared = capsys.readouterr().out
    assert f"baseline {score.index}" in compared
    assert compared.count(f"{100 * score.accuracy.value:.1f} %") >= 2


def test_show_evaluation_says_where_too_few_works_were_queried(
    small_index: PaintingIndex, small_collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = score_triplets(small_index, small_collection / "test_triplets_with_labels.csv")
    few = measure_reliability(small_index, min_queries=2)
    assert few is not None
    for reliability, told in ((few, True), (replace(few, queries=40, queried_artists=8), False)):
        show_evaluation(IndexEvaluation(score, None, reliability))
        assert (TOO_FEW in " ".join(capsys.readouterr().out.split())) == told


def test_show_collection_prints_the_counts(small_collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_collection(Collection.open(small_collection))
    assert "48" in capsys.readouterr().out


def test_show_index_counts_the_reasons_for_which_files_were_left_out(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = PaintingIndex.load(home)
    (index.folder / "rejected.csv").write_text(
        'file,reason\n1.jpg,"a text file, not an image"\n2.jpg,by several: A and B\n"3\n.jpg",by several\n',
        encoding="utf-8",
    )
    show_index(index)
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Left out: by several (2); a text file, not an image (1). Each is listed in" in said


def test_show_update_lists_the_first_files_and_counts_the_others(
    small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    left_out = tuple((f"{number}.jpg", "not an image") for number in range(MAX_ROWS + 3))
    show_update(IndexUpdate(small_index, left_out=left_out))
    text = capsys.readouterr().out
    assert f"{MAX_ROWS - 1}.jpg" in text
    assert f"{MAX_ROWS}.jpg" not in text
    assert "… and 3 more; --json lists them all." in text
    assert "unchanged" in text


def test_new_table_escapes_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    table = new_table("a \x1b[31mtitle", "name")
    table.add_row("\x1b]0;owned\x07")
    show(table)
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "\\x1b]0;owned" in text
