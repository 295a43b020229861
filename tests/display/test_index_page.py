import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from browser import open_in_browser, with_report

from painter_search.display.index_page import keep_index_page, write_index_page
from painter_search.display.trusted import NOTHING, PROVENANCE, trust_rows
from painter_search.retrieval import trust
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.trust import measure_trust
from painter_search.retrieval.upkeep import list_works


@pytest.fixture
def measured(calibrated_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of the small index, which is otherwise too small to be measured."""
    monkeypatch.setattr(trust, "LEAST_ASKED", 10)
    return write_index_page(calibrated_index).read_text(encoding="utf-8")


def test_the_page_lies_beside_the_index_and_says_what_it_holds(small_index: PaintingIndex) -> None:
    page = keep_index_page(small_index)
    assert page == small_index.folder.parent / "index.html"
    html = page.read_text(encoding="utf-8")
    for said in (small_index.digest, small_index.manifest["files"]["encoder.onnx"]["sha256"], "Painter 8 (4)"):
        assert said in html
    assert NOTHING in html
    assert "no calibration" in html
    assert str(page.parent) not in html
    assert keep_index_page(list_works(small_index)) is None


def test_the_figures_are_those_that_were_measured(measured: str, calibrated_index: PaintingIndex) -> None:
    found = measure_trust(calibrated_index)
    assert found is not None
    rows = trust_rows(found)
    assert len(rows) == 12
    for name, figure in rows:
        assert f'<th scope="row">{name}</th><td>{figure}</td>' in measured
    assert PROVENANCE["test"] in measured


def test_without_calibration_every_figure_has_a_name_of_its_own(measured: str, calibrated_index: PaintingIndex) -> None:
    found = measure_trust(calibrated_index)
    assert found is not None
    plain = replace(found, known=None, pairs=None, answers=None, true_named=None, false_named=None)
    names = [name for name, _ in trust_rows(plain)]
    assert len(names) == len(set(names)) == 4
    assert not any(name.startswith("…") for name in names)


def test_every_picture_has_an_alternative_text_and_headings_descend(measured: str) -> None:
    assert len(re.findall(r"<img ", measured)) == len(re.findall(r'<img [^>]*alt="[^"]+"', measured)) == 1
    levels = [int(level) for level in re.findall(r"<h(\d)", measured)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_a_browser_shows_the_diagrams_and_asks_nothing_of_the_network(measured: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(measured, encoding="utf-8")
    _, said = open_in_browser(tmp_path / "page.html", tmp_path)
    assert "CONSOLE" not in said
    (tmp_path / "told.html").write_text(with_report(measured), encoding="utf-8")
    dom, _ = open_in_browser(tmp_path / "told.html", tmp_path, width=500)
    assert "<title>1 1 true 0</title>" in dom
