import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from browser import open_in_browser, with_report

from painter_search.collection.work import Work
from painter_search.display.answers import AnswerSheet, ArtistSheet, answer_sheet
from painter_search.display.pages import query_page, write_query_page
from painter_search.retrieval.attribution import ArtistMatch, Attribution, Neighbour, Unanswered, attribute
from painter_search.retrieval.confusions import Confusions
from painter_search.retrieval.painting_index import PaintingIndex

SCRIPT = "<script>alert(1)</script>"


def hostile_sheet() -> AnswerSheet:
    work = Work("c", "a.jpg", f'"{SCRIPT}', f"<img src=x onerror=alert(1)>{SCRIPT}", "' onload='x")
    neighbour = Neighbour(1, work, 0.5)
    match = ArtistMatch(work.artist, 3, 1.0, 0.7, (neighbour,))
    answer = Attribution(f"{SCRIPT}.jpg", (neighbour,), (match,), 0.9, True, b"\xff\xd8")
    confusions = Confusions(work.artist, 3, 1, ((SCRIPT, 0.5),))
    return AnswerSheet(answer, (ArtistSheet(match, (b"\xff\xd8", b"\xff\xd8"), confusions),), {1: b"\xff\xd8"}, 1)


def test_titles_and_names_cannot_inject_markup(small_index: PaintingIndex) -> None:
    html = query_page([hostile_sheet(), answer_sheet(Unanswered(SCRIPT, SCRIPT), small_index, 2)], small_index)
    found = Tags()
    found.feed(html)
    assert "script" not in found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert all(source.startswith("data:image/jpeg;base64,") for source in found.sources)
    assert "&lt;script&gt;" in html


class Tags(HTMLParser):
    """What a browser would take for markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.sources += [value or "" for name, value in attrs if name == "src"]


def test_a_page_names_the_index_and_holds_no_path_of_the_machine(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    answers = attribute(small_index, [sorted(painted_originals.iterdir())[0]])
    write_query_page(tmp_path / "page.html", answers, small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert small_index.digest in html
    assert str(painted_originals) not in html
    assert str(small_index.folder) not in html


def test_every_picture_has_an_alternative_text_and_headings_descend(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    answers = attribute(small_index, sorted(painted_originals.iterdir())[:2])
    write_query_page(tmp_path / "page.html", answers, small_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<img ", html)) == len(re.findall(r'<img [^>]*alt="[^"]+"', html)) > 0
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_a_browser_shows_every_picture_and_asks_nothing_of_the_network(
    calibrated_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    answers = attribute(calibrated_index, [*sorted(painted_originals.iterdir())[:2], b"no image"])
    write_query_page(tmp_path / "page.html", answers, calibrated_index)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    _, said = open_in_browser(tmp_path / "page.html", tmp_path)
    assert "CONSOLE" not in said
    (tmp_path / "told.html").write_text(with_report(html), encoding="utf-8")
    dom, said = open_in_browser(tmp_path / "told.html", tmp_path, width=500)
    assert "CONSOLE" not in said
    pictures = html.count("<img ")
    assert f"<title>{pictures} {pictures} true 0</title>" in dom
    assert pictures > 30


def test_the_page_says_how_sure_it_is_and_shows_the_parts_of_three_artists(
    calibrated_index: PaintingIndex, small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    painting = sorted(painted_originals.iterdir())[0]
    for index, page in ((calibrated_index, "sure.html"), (small_index, "plain.html")):
        answers = attribute(index, [painting])
        write_query_page(tmp_path / page, answers, index)
    sure, plain = ((tmp_path / page).read_text(encoding="utf-8") for page in ("sure.html", "plain.html"))
    answer = attribute(calibrated_index, [painting])[0]
    assert isinstance(answer, Attribution)
    verdict = answer.verdict.replace(" %", "\N{NO-BREAK SPACE}%")
    assert f"<h2>{verdict[0].upper()}{verdict[1:]}</h2>" in sure
    assert sure.count('class="switch"') == plain.count('class="switch"') == 3
    ids = re.findall(r'id="(parts-[^"]+)"', sure)
    assert len(ids) == len(set(ids)) == 3
    assert re.findall(r'<label for="([^"]+)"', sure) == ids
    assert "as a pair: " in sure
    assert "as a pair: " not in plain
    assert "no calibration" in plain
    assert "no calibration" not in sure
    for match in answer.artists:
        assert f"easily confused with {match.artist}" in sure
