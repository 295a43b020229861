"""What the pages promise, measured: the bar, the size of long answers, paper, telephones, type and colours."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from waiting import wait_until

from painter_search.display.pages.page import stylesheet
from painter_search.index.painting_index import PaintingIndex

DECIMALS = r"(0\.\d\d|under 0\.01|over 0\.99)"
pytestmark = pytest.mark.slow
TARGETS = (
    "nav a, button, .button, summary, input:not([type=checkbox], [type=radio], [type=hidden], [type=file]), select"
)
"""What a finger presses; the label around a box is pressed instead of the box."""
LIGHT, DARK = "rgb(251, 250, 247)", "rgb(21, 23, 26)"


class Asked(NamedTuple):
    """Addresses of answers."""

    one: str
    same: str
    thirty: str


@pytest.fixture(scope="module")
def asked(
    browser: Any, sample_address: str, queries: list[Path], sample_index: PaintingIndex, tmp_path_factory: Any, ask: Any
) -> Asked:
    """Answers about one painting, about a work of the index, and about thirty paintings."""
    folder = tmp_path_factory.mktemp("thirty")
    for number in range(30):
        query = queries[number % len(queries)]
        shutil.copy(query, folder / f"{29 - number:02d} {query.name}")
    (folder / "same.jpg").write_bytes(sample_index.works.thumbnail(1))
    addresses = []
    context = browser.new_context(base_url=sample_address)
    for files in (queries[:1], [folder / "same.jpg"], sorted(folder.glob("[0-9]*"), reverse=True)):
        page = context.new_page()
        ask(page, *files)
        addresses.append(page.url)
    context.close()
    return Asked(*addresses)


@pytest.fixture(scope="module")
def desk(browser: Any, sample_address: str) -> Iterator[Any]:
    """A page at a desk, which the tests of this module share."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=sample_address)
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def plain_media(desk: Any) -> None:
    """Every test begins on a light screen."""
    desk.emulate_media(media="screen", color_scheme="light")


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_bar_sums_to_a_hundred_beside_its_words(desk: Any, asked: Asked) -> None:
    desk.goto(asked.one)
    headline = desk.inner_text("h1")
    words = desk.locator("article .shares li").all_inner_texts()
    assert [line.split("\n")[-1] for line in words][1:] == ["another artist in this index", "nobody in this index"]
    assert headline == words[0].split("\n")[-1] or headline.endswith("nobody in this index")
    widths = desk.locator("article > .verdict > .bar i").evaluate_all("all => all.map((i) => parseInt(i.style.width))")
    assert sum(widths) == 100
    for width, line in zip(widths, words, strict=True):
        said = int(re.findall(r"\d+", line)[0])  # each is rounded by itself, the bar's parts to fill it
        assert said == pytest.approx(width, abs=5)
    assert "are asked about equally often" in desk.inner_text("article .rates >> nth=0")
    ground = "getComputedStyle(document.querySelector('.bar .nobody')).backgroundImage"
    assert "repeating-linear-gradient" in desk.evaluate(ground)
    rates = desk.inner_text(".rates >> nth=1")
    assert re.search(r"by artists in it, \d+ were rightly named; of 100 by artists not in it, \d+ were", rates)
    assert desk.locator(".rates a").count() == 1
    text = desk.inner_text("main")
    assert "as a pair" not in text
    assert "a lead, not proof" in text
    assert "%" not in "".join(desk.locator(".works figcaption").all_inner_texts())


def test_same_picture_is_an_answer_of_its_own_with_its_style_folded_away(
    desk: Any, asked: Asked, sample_index: PaintingIndex
) -> None:
    desk.goto(asked.same)
    assert desk.inner_text("h1") == sample_index.works.get([1])[0].artist
    assert "very picture" in desk.inner_text(".eyebrow")
    assert desk.locator("article .shares").count() == 0
    assert not desk.is_visible(".folded .bar >> nth=0")
    desk.click(".folded > summary")
    assert desk.is_visible(".folded .bar >> nth=0")


def test_further_artists_are_a_line_each_and_an_answer_is_one_page_of_paper(desk: Any, asked: Asked) -> None:
    desk.goto(asked.one)
    heights = desk.evaluate("[...document.querySelectorAll('details.artist')].map((one) => one.offsetHeight)")
    assert len(heights) == 4
    assert max(heights) < 80
    desk.emulate_media(media="print")
    assert not desk.is_visible("nav.top")
    assert not desk.is_visible(".actions >> nth=0")
    assert desk.inner_text(".running").startswith("painter_search")
    # A table's foot is repeated on every page.
    assert desk.evaluate("getComputedStyle(document.querySelector('.running')).display") == "table-footer-group"
    assert pages_of(desk.pdf(prefer_css_page_size=True)) == 1


def test_thirty_paintings_are_a_short_table_that_sorts(desk: Any, asked: Asked) -> None:
    answer = desk.goto(asked.thirty)
    assert len(answer.body()) < 300_000
    assert desk.evaluate("document.documentElement.scrollHeight") < 2_600
    pictures = desk.locator(".answers img").evaluate_all(
        "all => all.map((one) => [one.loading, one.getAttribute('src')])"
    )
    assert len(pictures) == 60
    assert all(loading == "lazy" and source.startswith("/") for loading, source in pictures)
    rows = desk.locator(".answers tbody tr")
    by_place = (
        "all => all.sort((a, b) => a.offsetTop - b.offsetTop).map((row) => row.querySelector('.file').textContent)"
    )
    given = rows.evaluate_all(by_place)
    assert given == sorted(given, reverse=True)
    desk.check("#sort-file")
    assert rows.evaluate_all(by_place) == sorted(given)
    saved = desk.request.get(f"{asked.thirty}?save=page").text()
    assert not re.search(r'(?:src|href)="/', saved)
    assert "<script" not in saved
    assert len(saved) < 4_000_000
    assert saved.count("<details") == 30
    desk.click(".answers .file a >> nth=0")
    desk.click("text=next")
    assert desk.url.endswith("/2") or desk.url.endswith("/30")


def test_table_of_answers_cuts_no_name_that_has_two_lines_and_none_on_paper(desk: Any, asked: Asked) -> None:
    desk.goto(asked.thirty)
    name, file = ".answers .name >> nth=0", ".answers .file span >> nth=0"
    cut = "(one) => one.scrollHeight > one.clientHeight + 1"
    desk.evaluate("document.querySelector('.answers .name').textContent = 'Wassily Kandinsky (this very picture)'")
    assert not desk.locator(name).evaluate(cut)
    desk.evaluate("document.querySelector('.answers .file span').textContent = 'a long name '.repeat(20)")
    assert desk.locator(file).evaluate(cut)
    desk.emulate_media(media="print")
    assert not desk.locator(file).evaluate(cut)


def test_saved_answers_fit_a_telephone(
    browser: Any, sample_address: str, asked: Asked, queries: list[Path], tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=sample_address)
    page = context.new_page()
    saved = page.request.get(f"{asked.thirty}?save=page").text()
    name = next(query.name for query in queries if query.name in saved)
    (tmp_path / "saved.html").write_text(saved.replace(name, "x" * 100 + ".jpg"), encoding="utf-8")
    page.goto((tmp_path / "saved.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


def test_answer_can_be_cited(desk: Any, asked: Asked, queries: list[Path]) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.goto(asked.one)
    digest = hashlib.sha256(queries[0].read_bytes()).hexdigest()
    citation, bibtex = desk.locator("[data-copied]").all_inner_texts()
    assert digest in citation
    assert re.search(r"\d+ x \d+ px, whole\)", citation)
    assert re.search(
        rf": {DECIMALS}, another artist in the index {DECIMALS}, nobody in it {DECIMALS}\. Index \w{{16}}", citation
    )
    assert "no filter" in citation
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", citation)
    assert bibtex.startswith(f"@misc{{painter_search-{digest[:8]},")
    for button, text in ((0, citation), (1, bibtex)):
        desk.click(f"[data-copy='{button}']")
        wait_until(desk, "document.querySelector('[data-copy-status]').textContent !== ''")
        assert desk.evaluate("navigator.clipboard.readText()").split() == text.split()
    assert digest in desk.text_content(".running")


def test_telephone_shows_the_verdict_at_once_in_targets_for_fingers(
    browser: Any, sample_address: str, asked: Asked
) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 812}, base_url=sample_address)
    page = context.new_page()
    for address in (asked.one, asked.same):
        page.goto(address)
        head, picture = page.locator("h1").bounding_box(), page.locator(".asked img").bounding_box()
        assert head["y"] + head["height"] < 300
        assert picture["x"] + picture["width"] <= head["x"]
        assert picture["y"] < head["y"] + head["height"]
    for address in ("/", asked.one, "/artists", "/works/1"):
        page.goto(address)
        tops = page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.getBoundingClientRect().top)")
        assert max(tops) - min(tops) < 12
        pressed = page.locator(f"{TARGETS}, .choice").element_handles()
        heights = [
            (target.bounding_box()["height"], target.inner_html()[:60]) for target in pressed if target.is_visible()
        ]
        small = [one for one in heights if one[0] < 43.5]
        assert small == [], address
    context.close()


def test_reliability_begins_with_three_sentences_and_its_charts_follow_the_theme(desk: Any) -> None:
    desk.goto("/index")
    sentences = desk.locator(".sure li").all_inner_texts()
    assert len(sentences) == 3
    assert "rightly named" in sentences[0]
    assert "not in it" in sentences[1]
    assert desk.locator("main img").count() == 0
    colors = {}
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme)
        colors[scheme] = [
            desk.evaluate(f"getComputedStyle(document.querySelector('{name}')).{part}")
            for name, part in ((".chart .line.one", "stroke"), (".chart text", "fill"))
        ]
    assert colors["light"][0] == "rgb(23, 98, 124)"
    assert colors["dark"][0] == "rgb(124, 196, 221)"
    assert colors["light"][1] != colors["dark"][1]


def test_pages_share_one_stylesheet_of_type_and_colours(desk: Any, asked: Asked) -> None:
    for address in ("/", asked.one, asked.thirty, "/artists", "/works/1", "/compare", "/map", "/index", "/api"):
        desk.goto(address)
        assert desk.locator("style").count() == 0, address
        assert desk.locator("link[rel=stylesheet]").count() == 1, address
        for scheme, paper in (("light", LIGHT), ("dark", DARK)):
            desk.emulate_media(color_scheme=scheme)
            assert desk.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        desk.emulate_media(color_scheme="light")
        assert "serif" in desk.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
        assert "system-ui" in desk.evaluate("getComputedStyle(document.body).fontFamily")
        most = desk.evaluate(
            "(() => { const ruler = document.body.appendChild(document.createElement('p')); ruler.style.width = '62ch';"
            "const width = ruler.offsetWidth; ruler.remove(); return width; })()"
        )
        widths = desk.locator("main p:not(.actions, .controls)").evaluate_all(
            "all => all.map((one) => one.offsetWidth)"
        )
        wide = [width for width in widths if width > 1.1 * most]  # a paragraph of larger type is wider
        assert wide == [], address


def test_map_on_paper_keeps_its_shape_and_its_artists(desk: Any) -> None:
    desk.goto("/map")
    desk.wait_for_selector("#map", timeout=90_000)
    desk.emulate_media(media="print", color_scheme="dark")
    map = desk.locator("#map")
    assert map.evaluate("(map) => map.clientWidth / map.clientHeight - map.width / map.height") == pytest.approx(
        0, abs=0.02
    )
    corner = "(map) => [...map.getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3)"
    assert map.evaluate(corner) == [255, 255, 255]
    assert desk.is_visible(".legend button >> nth=0")
    assert desk.inner_text(".running").startswith("painter_search")


def test_saved_answers_on_paper_are_all_open(desk: Any, asked: Asked, tmp_path: Path) -> None:
    saved = tmp_path / "answers.html"
    saved.write_bytes(desk.request.get(f"{asked.thirty}?save=page").body())
    desk.goto(saved.as_uri())
    assert not desk.is_visible(".folded article >> nth=29")
    desk.emulate_media(media="print")
    assert desk.locator(".folded article >> nth=29").evaluate("(one) => one.checkVisibility()")
    assert pages_of(desk.pdf(prefer_css_page_size=True)) > 10
    desk.goto(asked.one)
    assert not desk.is_visible(".rates a")


@pytest.mark.parametrize("page", ["/artists", "/works/1", "/compare?painting=1&painting=2", "/index"])
def test_every_page_on_paper_carries_the_citation(desk: Any, page: str, sample_index: PaintingIndex) -> None:
    desk.goto(page)
    desk.emulate_media(media="print")
    assert sample_index.digest in desk.inner_text(".running")
    assert f"encoder {(sample_index.encoder_digest or '')[:16]}" in desk.inner_text(".running")


def test_artist_on_paper_has_the_works_and_no_controls(desk: Any, sample_index: PaintingIndex) -> None:
    desk.goto(f"/artists/{quote(sample_index.works.get([1])[0].artist)}")
    assert desk.is_visible(".works .choice >> nth=0")
    desk.emulate_media(media="print")
    assert desk.is_visible(".works img >> nth=0")
    assert not desk.is_visible(".works .choice >> nth=0")
    desk.goto("/artists")
    desk.emulate_media(media="print")
    assert not desk.is_visible("form")


def test_matching_parts_left_closed_are_not_on_paper(desk: Any) -> None:
    parts = '<details class="artist-parts"{}><summary>Parts</summary></details>'
    desk.goto("about:blank")  # the policy of a served page would refuse the style
    desk.set_content(f"<style>{stylesheet()}</style>{parts.format('')}{parts.format(' open')}")
    for media, shown in (("screen", [True, True]), ("print", [False, True])):
        desk.emulate_media(media=media)
        assert [one.is_visible() for one in desk.locator("summary").all()] == shown
