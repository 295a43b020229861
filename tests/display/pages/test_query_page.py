import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from browser import Tags, assert_accessible_markup, open_in_browser, with_loading_report
from PIL import Image

from painter_search.analysis.confusions import Confusions
from painter_search.attribution.answers import ArtistMatch, Attribution, FailedQuery, Neighbour
from painter_search.attribution.attribute import attribute
from painter_search.collection.work import Work
from painter_search.display.pages.answer_view import AnswerView, ArtistView, view_answer
from painter_search.display.pages.query_page import query_page, tally, write_query_page
from painter_search.display.words.answer_citation import answer_citation
from painter_search.display.words.shares import answer_shares
from painter_search.images.framing import encode_jpeg
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex

SCRIPT = "<script>alert(1)</script>"


def hostile_view() -> AnswerView:
    work = Work("c", "a.jpg", f'"{SCRIPT}', f"<img src=x onerror=alert(1)>{SCRIPT}", "' onload='x")
    neighbour = Neighbour(1, work, 0.5)
    match = ArtistMatch(work.artist, 3, 1.0, 0.7, (neighbour,))
    jpeg = encode_jpeg(Image.new("RGB", (8, 8)))
    answer = Attribution(f"{SCRIPT}.jpg", (neighbour,), (match,), 0.9, True, jpeg)
    confusions = Confusions(work.artist, 3, 1, ((SCRIPT, 0.5),))
    return AnswerView(
        answer, (ArtistView(match, (jpeg, jpeg), confusions),), {1: jpeg}, 1, citation=SCRIPT, bibtex=SCRIPT
    )


def test_query_page_escapes_titles_and_names(small_index: PaintingIndex) -> None:
    failed = view_answer(FailedQuery(SCRIPT, SCRIPT), small_index, 2)
    for views in ([hostile_view()], [hostile_view(), failed]):
        html = query_page(views, small_index)
        found = Tags(html)
        assert "script" not in found.tags
        assert not [name for name in found.attributes if name.startswith("on")]
        assert all(source.startswith("data:image/jpeg;base64,") for source in found.sources)
        assert "&lt;script&gt;" in html


def test_page_tells_every_artist_under_whom_the_index_has_the_picture(small_index: PaintingIndex) -> None:
    works = small_index.works.get([1, 9])
    assert works[0].artist != works[1].artist
    same = tuple(Neighbour(id, work, 0.0) for id, work in zip((1, 9), works, strict=True))
    answer = Attribution("a.jpg", same, (), None, False, encode_jpeg(Image.new("RGB", (8, 8))))
    view = view_answer(answer, small_index)
    also = f"; also under {works[1].artist}"
    assert view.words.byline.endswith(also)
    assert view.short == f"{works[0].artist} (this very picture{also})"
    assert f"by {works[0].artist}{also}" in view.citation
    assert f"{works[1].artist}, distance 0.00" in query_page([view], small_index)


def test_table_of_answers_says_what_is_in_the_index_instead_of_how_likely_its_artist_is(
    small_index: PaintingIndex,
) -> None:
    same, view = hostile_view(), hostile_view()
    assert isinstance(view.answer, Attribution)
    named = replace(view, answer=replace(view.answer, same_works=()))
    unnamed = replace(view, answer=replace(view.answer, same_works=(), named=False))
    assert isinstance(unnamed.answer, Attribution)
    strangers = [replace(unnamed, answer=replace(unnamed.answer, artist_known=known)) for known in (0.5, None)]
    html = query_page([same, named, unnamed, *strangers], small_index)
    rows = html[html.index("<tbody>") : html.index("</tbody>")].split("<tr ")[1:]
    assert ["the same picture" in row for row in rows] == [True, False, False, False, False]
    assert ['class="bar"' in row for row in rows] == [False, True, True, True, False]
    assert ["Perhaps nobody" in row for row in rows] == [False, False, True, False, False]
    assert "1 in this index, 1 named, 1 perhaps by nobody in this index, 2 probably by nobody in this index" in html


def test_answers_to_a_filter_speak_of_the_works_compared_with(calibrated_index: PaintingIndex) -> None:
    filtered = calibrated_index.filtered(WorkFilter(artists=(calibrated_index.artists.names[0],)))
    view = hostile_view()
    assert isinstance(view.answer, Attribution)
    answers = [
        replace(view.answer, same_works=(), named=named, artist_known=known)
        for named, known in ((True, 0.9), (False, 0.6), (False, 0.2))
    ]
    views = [replace(view, answer=answer, filtered=True) for answer in answers]
    assert [one.words.headline for one in views[1:]] == [
        "Perhaps nobody among the works compared with",
        "Probably nobody among the works compared with",
    ]
    assert all("3 of the works compared with" in one.words.byline for one in views)
    assert tally(views).endswith("1 probably by nobody among the works compared with")
    now = datetime.now().astimezone()
    assert "another artist among the works compared with 0.20, nobody among them 0.10" in answer_citation(
        answers[0], filtered, now
    )
    assert "another artist in the index 0.20, nobody in it 0.10" in answer_citation(answers[0], calibrated_index, now)
    for html in (query_page(views, filtered), query_page(views[2:], filtered)):
        assert "in this index" not in html
        assert "by the artists compared with and by others are asked about equally often" in html
    failed = view_answer(FailedQuery("a.jpg", "no image"), filtered)
    assert tally([failed, views[1]]) == "1 perhaps by nobody among the works compared with, 1 not answered"


def test_table_of_answers_says_when_an_artist_is_named(calibrated_index: PaintingIndex) -> None:
    for filtered, artists in ((False, "the artists in this index"), (True, "the artists compared with")):
        view = replace(hostile_view(), filtered=filtered)
        assert isinstance(view.answer, Attribution)
        judged = replace(view, answer=replace(view.answer, same_works=()))
        html = query_page([judged, judged], calibrated_index)
        assert f"The first artist is named where {artists} are together likely enough." in html


def test_page_of_a_file_that_was_not_answered_says_why_and_what_to_do(small_index: PaintingIndex) -> None:
    html = query_page([view_answer(FailedQuery("a.jpg", "a text file, not an image"), small_index)], small_index)
    assert "<h1>Not answered</h1>" in html
    assert "<p>A text file, not an image.</p>" in html
    assert "save it as JPEG or PNG" in html
    assert "An artist's distance" not in html
    assert_accessible_markup(html)
    html = query_page([view_answer(FailedQuery("a.jpg", "larger than 50 MB"), small_index)], small_index)
    assert "save it as JPEG or PNG" not in html


def test_same_picture_is_attributed_by_the_catalogue_and_not_by_style(calibrated_index: PaintingIndex) -> None:
    same = hostile_view()
    html = query_page([same], calibrated_index)
    verdict = html[html.index("<article") : html.index("</article>")]
    assert "it was not judged by style" in verdict
    assert "a lead, not proof" not in verdict
    folded = html[html.index('<details class="folded">') :]
    assert "a lead, not proof" in folded
    assert "are asked about equally often" in folded
    assert isinstance(same.answer, Attribution)
    named = query_page([replace(same, answer=replace(same.answer, same_works=()))], calibrated_index)
    assert "not judged by style" not in named
    assert "are asked about equally often" in named


def test_table_of_answers_has_the_first_share_as_a_number_and_titles_for_what_may_be_cut(
    calibrated_index: PaintingIndex,
) -> None:
    view = hostile_view()
    assert isinstance(view.answer, Attribution)
    named = replace(view, answer=replace(view.answer, same_works=()))
    failed = view_answer(FailedQuery("a.jpg", "no image"), calibrated_index, 2)
    html = query_page([named, failed], calibrated_index)
    assert '<span aria-hidden="true">about 70\u00a0%</span>' in html
    assert 'title="not answered: no image">not answered: no image</span>' in html


def test_query_page_names_the_index_and_no_local_path(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    answers = attribute(small_index, [sorted(painted_originals.iterdir())[0]])
    write_query_page(tmp_path / "page.html", answers, small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert small_index.digest in html
    assert str(painted_originals) not in html
    assert str(small_index.folder) not in html


def test_query_page_markup_is_accessible(small_index: PaintingIndex, painted_originals: Path, tmp_path: Path) -> None:
    for count in (1, 2):
        answers = attribute(small_index, sorted(painted_originals.iterdir())[:count])
        write_query_page(tmp_path / "page.html", answers, small_index)
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert len(re.findall(r'<img [^>]*alt="[^"]+"', html)) > 3
        assert_accessible_markup(html)


@pytest.mark.slow
def test_query_page_loads_in_a_browser_without_the_network(
    calibrated_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    answers = attribute(calibrated_index, [*sorted(painted_originals.iterdir())[:2], b"no image"])
    write_query_page(tmp_path / "page.html", answers, calibrated_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    _, messages = open_in_browser(tmp_path / "page.html", tmp_path)
    assert "CONSOLE" not in messages
    (tmp_path / "report.html").write_text(with_loading_report(html), encoding="utf-8")
    dom, messages = open_in_browser(tmp_path / "report.html", tmp_path, width=500)
    assert "CONSOLE" not in messages
    pictures = html.count("<img ")
    assert f"<title>{pictures} {pictures} true 0</title>" in dom
    assert 10 < pictures < 20  # three works of the first artist of each, and icons


def test_query_page_shows_probabilities_and_the_parts_of_three_artists(
    calibrated_index: PaintingIndex, small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    painting = sorted(painted_originals.iterdir())[0]
    for index, page in ((calibrated_index, "sure.html"), (small_index, "plain.html")):
        answers = attribute(index, [painting])
        write_query_page(tmp_path / page, answers, index)
    sure, plain = ((tmp_path / page).read_text(encoding="utf-8") for page in ("sure.html", "plain.html"))
    answer = attribute(calibrated_index, [painting])[0]
    assert isinstance(answer, Attribution)
    assert answer.named
    assert f"<h1>{answer.artists[0].artist}</h1>" in sure
    assert sure.count('class="artist-parts"') == plain.count('class="artist-parts"') == 3
    shares = [share.percent for share in answer_shares(answer)]
    assert re.findall(r'style="width: (\d+)%', sure) == [str(percent) for percent in shares]
    assert sum(shares) == 100
    assert 'class="shares"' not in plain
    assert "as a pair" not in sure
    assert "no calibration" in plain
    assert "no calibration" not in sure
    for match in answer.artists:
        assert f"Easily taken for {match.artist}" in sure
