import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from browser import Tags, assert_accessible_markup, take_screenshot
from PIL import Image
from small_world import paint

from painter_search.analysis.comparisons.comparison import Comparison, compare_paintings
from painter_search.analysis.comparisons.group_comparison import GroupComparison
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.analysis.local_matching import MatchingParts, PartPair
from painter_search.common.files.atomic_io import digest_file
from painter_search.display.console.comparison import show_comparison
from painter_search.display.matching_parts import DISC_COLOR, draw_parts, make_icon, parts_figures, veil
from painter_search.display.pages.comparison_page import MAX_CELLS, heat_table, write_comparison_page
from painter_search.display.words.comparison_text import comparison_bibtex, comparison_citation
from painter_search.images.framing import encode_jpeg, open_frame
from painter_search.index.painting_index import PaintingIndex


@pytest.fixture(scope="module")
def pair(small_index: PaintingIndex, painted_originals: Path) -> PairComparison:
    comparison = compare_paintings(small_index, painted_originals / "1-0.jpg", painted_originals / "2-0.jpg")
    assert isinstance(comparison, PairComparison)
    return comparison


@pytest.fixture(scope="module")
def groups(small_index: PaintingIndex, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("groups")
    for painter, name in ((40, "<b>early"), (41, "[red]late")):
        (folder / name).mkdir()
        for work in range(3):
            paint(painter, work).save(folder / name / f"{work}.jpg")
    (folder / "<b>early" / "notes.txt").write_text("no painting")
    return compare_paintings(small_index, folder / "<b>early", folder / "[red]late")


def test_veil_keeps_clear_parts_and_greys_the_rest() -> None:
    picture = paint(1, 0)
    clear = np.zeros(picture.size[::-1], np.float32)
    clear[:, :100] = 1
    pixels, before = np.asarray(veil(picture, clear)).astype(int), np.asarray(picture).astype(int)
    assert (pixels[:, :100] == before[:, :100]).all()
    colorfulness = np.ptp(pixels[:, 100:], axis=2)
    assert colorfulness.max() < 20
    # Dark stays darker than light.
    assert np.corrcoef(pixels[:, 100:].mean(axis=2).ravel(), before[:, 100:].mean(axis=2).ravel())[0, 1] > 0.8


def test_veil_of_a_larger_copy_of_the_picture_lies_in_the_same_place() -> None:
    picture = paint(1, 0).resize((200, 100))
    clear = np.zeros((100, 200), np.float32)
    clear[:, :100] = 1
    larger = picture.resize((600, 300))
    pixels, before = np.asarray(veil(larger, clear)).astype(int), np.asarray(larger).astype(int)
    assert (pixels[:, :295] == before[:, :295]).all()
    assert np.ptp(pixels[:, 305:], axis=2).max() < 20


def test_draw_parts_numbers_the_centres_within_the_picture() -> None:
    pictures = [encode_jpeg(Image.new("RGB", size, "black")) for size in ((300, 200), (100, 260))]
    maps = (np.ones((200, 300), np.float32), np.ones((260, 100), np.float32))
    pairs = (PartPair((0.25, 0.5), (0.5, 0.1), 0.9), PartPair((1.0, 1.0), (0.0, 1.0), 0.5))
    drawn = draw_parts(MatchingParts(maps, pairs), *pictures)
    for content, places in zip(drawn, zip(*((p.one, p.other) for p in pairs), strict=True), strict=True):
        image = np.asarray(open_frame(content)).astype(int)
        yellow = np.abs(image - DISC_COLOR).max(axis=2) < 40
        height, width = yellow.shape
        rows, columns = np.nonzero(yellow)
        for x, y in places:
            near = np.hypot(columns - np.clip(x * width, 8, width - 8), rows - np.clip(y * height, 8, height - 8)) < 12
            assert near.sum() > 60


def test_parts_figures_are_thumbnails_of_both_paintings(small_index: PaintingIndex) -> None:
    figures = parts_figures(small_index, encode_jpeg(paint(1, 0).resize((900, 600))), encode_jpeg(paint(2, 0)))
    assert figures is not None
    assert [open_frame(figure).size for figure in figures] == [(512, 341), paint(2, 0).size]
    assert max(open_frame(make_icon(figures[0])).size) == 112


def test_show_comparison_prints_the_figures_of_its_json(
    small_index: PaintingIndex, pair: PairComparison, groups: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    for comparison, figures in ((pair, ("distance",)), (groups, ())):
        show_comparison(comparison, small_index, as_json=True)
        said = json.loads(capsys.readouterr().out)
        assert said["index"] == small_index.digest
        show_comparison(comparison, small_index)
        text = capsys.readouterr().out
        for name in figures:
            assert f"{said['comparison'][name]:.3f}" in text
        for placing in said["comparison"].get("works_of_one", []):
            assert f"{placing['own']:.3f}" in text
            assert f"{placing['other']:.3f}" in text
    assert "[red]late" in text
    assert "<b>early/notes.txt: a text file, not an image" in text
    assert f"p = {said['comparison']['test']['p']:.4f}" in text


@pytest.mark.parametrize("kind", ["pair", "groups"])
def test_comparison_page_is_self_contained_accessible_and_escaped(
    kind: str, small_index: PaintingIndex, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_comparison_page(tmp_path / "page.html", request.getfixturevalue(kind), small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    found = Tags(html)
    assert "script" not in found.tags
    assert "<b>early" not in html
    assert all(source.startswith("data:image/jpeg;base64,") for source in found.sources)
    assert found.attributes.count("alt") == found.tags.count("img") > 3
    assert html.count('class="parts"') == html.count('class="plain"') > 0
    assert html.count('class="part"') >= 4
    assert "http:" not in html
    assert "https:" not in html
    assert_accessible_markup(html)


def test_comparison_page_can_be_cited(
    small_index: PaintingIndex, pair: PairComparison, groups: Comparison, tmp_path: Path
) -> None:
    days = {date.today().isoformat()}
    for comparison, finding in ((pair, f"distance {pair.distance:.3f}"), (groups, "mean distance between them")):
        write_comparison_page(tmp_path / "page.html", comparison, small_index)
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        for line, end in (('<p class="running">', "</p>"), ("<blockquote data-copied>", "</blockquote>")):
            cited = html.partition(line)[2].partition(end)[0]
            assert finding in cited
            assert small_index.digest in cited
            assert f"encoder {(small_index.encoder_digest or '')[:16]}" in cited
        days.add(date.today().isoformat())  # another one if it has just been midnight
        assert any(f'<span class="unbroken">{day}</span>' in html for day in days)
        assert "@misc{painter_search-" in html


def test_groups_without_names_are_not_lettered_twice(
    small_index: PaintingIndex, groups: Comparison, tmp_path: Path
) -> None:
    assert isinstance(groups, GroupComparison)
    unnamed = replace(groups, one=replace(groups.one, name="Group A"))
    write_comparison_page(tmp_path / "page.html", unnamed, small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h2>Every work of Group A with every work of [red]late (B)</h2>" in html


def test_comparison_page_without_feature_maps_has_no_switch(
    small_index: PaintingIndex, pair: PairComparison, tmp_path: Path
) -> None:
    write_comparison_page(tmp_path / "page.html", replace(pair, parts=None), small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "show the parts" not in html
    assert 'class="parts"' not in html
    assert 'class="part"' not in html


def test_two_files_of_one_picture_are_shown_without_a_veil(
    small_index: PaintingIndex, pair: PairComparison, tmp_path: Path
) -> None:
    assert pair.parts is not None
    write_comparison_page(tmp_path / "page.html", replace(pair, same_picture=True), small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Both files show the same picture" in html
    assert html.count('class="plain"') == 2
    for untrue in ('class="parts"', 'class="part"', "Veiled parts", "show the parts", "does not show which parts"):
        assert untrue not in html


def test_heat_table_runs_from_the_furthest_to_the_nearest() -> None:
    distances = np.array([[1.0, 2.0], [3.0, 1.5]], np.float32)
    heat = heat_table(distances)
    assert heat[0][0] == (1.0, 1.0)
    assert heat[1][0] == (3.0, 0.0)
    assert heat[0][1] == pytest.approx((2.0, 0.5))
    assert heat_table(np.ones((1, 2), np.float32)) == [[(1.0, 0.0), (1.0, 0.0)]]
    assert heat_table(np.ones((1, MAX_CELLS + 1), np.float32)) == []


@pytest.mark.slow
def test_comparison_page_shows_the_parts_in_a_browser_until_switched_off(
    small_index: PaintingIndex, pair: PairComparison, tmp_path: Path
) -> None:
    assert pair.parts is not None
    write_comparison_page(tmp_path / "on.html", pair, small_index)
    html = (tmp_path / "on.html").read_text(encoding="utf-8")
    (tmp_path / "off.html").write_text(html.replace(" checked>", ">"), encoding="utf-8")
    discs = {}
    for name in ("on", "off"):
        with Image.open(take_screenshot(tmp_path / f"{name}.html", tmp_path)) as picture:
            pixels = np.asarray(picture.convert("RGB")).astype(int)
        discs[name] = int((np.abs(pixels - DISC_COLOR).max(axis=2) < 12).sum())
    assert discs["on"] > 10 * len(pair.parts.pairs)
    assert discs["off"] < discs["on"] / 4


def test_pair_is_cited_with_the_digests_of_its_files(
    small_index: PaintingIndex, pair: PairComparison, painted_originals: Path, groups: Comparison
) -> None:
    digests = [digest_file(painted_originals / name) for name in ("1-0.jpg", "2-0.jpg")]
    for text in (comparison_citation(pair, small_index), comparison_bibtex(pair, small_index)):
        assert all(
            f"SHA-256 of “{side.name}”: {digest}" in text
            for side, digest in zip((pair.one, pair.other), digests, strict=True)
        )
    uploaded = compare_paintings(small_index, "#1", (painted_originals / "1-0.jpg").read_bytes())
    assert comparison_citation(uploaded, small_index).count("SHA-256") == 1
    assert "SHA-256" not in comparison_citation(groups, small_index)
