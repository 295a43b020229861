import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from browser import assert_accessible_markup, open_in_browser, with_loading_report

from painter_search.analysis.reliability import measure_reliability
from painter_search.display.pages import index_page
from painter_search.display.pages.index_page import write_index_page, write_missing_index_page
from painter_search.display.pages.page import open_template
from painter_search.display.words.reliability_text import NOT_MEASURED, PROVENANCE, reliability_rows
from painter_search.index.painting_index import PaintingIndex


@pytest.fixture
def measured(calibrated_index: PaintingIndex, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of the small index, which is otherwise too small to be measured."""
    monkeypatch.setattr(index_page, "measure_reliability", partial(measure_reliability, min_queries=10))
    copy = PaintingIndex(home / calibrated_index.digest, calibrated_index.manifest)
    return write_index_page(copy).read_text(encoding="utf-8")


def test_write_index_page_says_what_the_index_holds(home: Path) -> None:
    index = PaintingIndex.load(home)
    page = write_index_page(index)
    assert page == home / "index.html"
    html = page.read_text(encoding="utf-8")
    for text in (index.digest, index.manifest.files["encoder.onnx"].sha256, "Painter 8 (4)"):
        assert text in html
    assert NOT_MEASURED in html
    assert "no calibration" in html
    assert str(page.parent) not in html
    before = page.stat().st_mtime_ns
    write_missing_index_page(index)
    assert page.stat().st_mtime_ns == before
    page.unlink()
    write_missing_index_page(index)
    assert page.is_file()


def test_index_page_has_the_measured_figures(measured: str, calibrated_index: PaintingIndex) -> None:
    found = measure_reliability(calibrated_index, min_queries=10)
    assert found is not None
    rows = reliability_rows(found)
    assert len(rows) == 12
    for name, figure in rows:
        assert f'<th scope="row">{name}</th><td>{figure}</td>' in measured
    assert PROVENANCE["test"] in measured


def test_reliability_rows_without_calibration_have_names_of_their_own(
    measured: str, calibrated_index: PaintingIndex
) -> None:
    found = measure_reliability(calibrated_index, min_queries=10)
    assert found is not None
    plain = replace(found, artist_known=None, pairs=None, answers=None, true_named=None, false_named=None)
    names = [name for name, _ in reliability_rows(plain)]
    assert len(names) == len(set(names)) == 4
    assert not any(name.startswith("…") for name in names)


def test_index_page_markup_is_accessible(measured: str) -> None:
    assert measured.count("<svg ") == len(re.findall(r'<svg [^>]*role="img" aria-label="[^"]+"', measured)) == 2
    assert_accessible_markup(measured)


def test_index_page_says_whether_its_calibration_was_moved_to_its_works(
    calibrated_index: PaintingIndex,
) -> None:
    of_encoder = calibrated_index.manifest.confidence
    assert of_encoder is not None
    moved = replace(of_encoder, measured_works=55)
    said = []
    for manifest in (
        calibrated_index.manifest,
        replace(calibrated_index.manifest, confidence=moved, encoder_confidence=of_encoder),
    ):
        index = PaintingIndex(calibrated_index.folder, manifest)
        page = open_template("index.html").render(index=index, manifest=manifest, artists_with_several=0)
        foot = open_template("_foot.html").render(index=index, citation="")
        fitted = "fitted on 35 works by 6 artists, each embedded by an encoder that was not trained on them([^<.]*)"
        said.append([re.findall(fitted, html) for html in (page, foot)])
    assert said == [[[""], [""]], [[", then adjusted to 55 works of this index"]] * 2]


@pytest.mark.slow
def test_index_page_loads_in_a_browser_without_the_network(measured: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(measured, encoding="utf-8")
    _, messages = open_in_browser(tmp_path / "page.html", tmp_path)
    assert "CONSOLE" not in messages
    (tmp_path / "report.html").write_text(with_loading_report(measured), encoding="utf-8")
    dom, _ = open_in_browser(tmp_path / "report.html", tmp_path, width=500)
    assert "<title>0 0 true 0</title>" in dom
