"""Works picked across pages in a browser, for a comparison."""

from typing import Any
from urllib.parse import quote

import pytest

from painter_search.index.painting_index import PaintingIndex

pytestmark = pytest.mark.slow


def test_work_ticked_before_the_scripts_ran_is_picked(page: Any, sample_index: PaintingIndex) -> None:
    artist = sample_index.works.get([1])[0].artist
    held: list[Any] = []
    page.route("**/static/picks.js", lambda route: held.append(route))
    page.goto(f"/artists/{quote(artist)}", wait_until="commit")
    page.check("input[name=painting] >> nth=0")
    assert page.locator(".picks").count() == 0
    held[0].continue_()
    page.wait_for_selector(".picks li")
    assert page.is_checked("input[name=painting] >> nth=0")


def test_works_are_picked_by_sight_across_pages(page: Any, sample_index: PaintingIndex) -> None:
    artist = sample_index.works.get([1])[0].artist
    page.goto("/artists")
    page.fill("input[name=q]", artist.upper())
    page.keyboard.press("Enter")
    page.click("ul.people a")
    page.check("input[name=painting] >> nth=0")
    page.goto("/artists")
    assert page.locator(".picks li").count() == 1
    page.click("ul.people a >> nth=2")
    page.check("input[name=painting] >> nth=0")
    page.check("input[name=painting] >> nth=1")
    assert page.inner_text(".picks [role=status]") == "Take away all but two."
    page.click(".picks li button >> nth=2")
    page.click(".picks a")
    assert page.locator(".compared figure").count() == 2
    page.click(".compared figcaption a >> nth=0")
    assert artist in page.inner_text(".headline")
    page.click("text=Compare with another work")
    page.click(".works figure a >> nth=0")  # no number is asked for
    assert page.locator(".compared figure").count() == 2
    page.goto("/compare?painting=1&painting=2&painting=3")
    assert page.inner_text("h1") == "Which two?"
    page.click("button:text-is('Compare')")
    page.wait_for_url("**/compare?painting=1&painting=2&index=*")


def test_taken_away_works_leave_the_focus_where_it_was_and_the_words_in_place(
    page: Any, sample_index: PaintingIndex
) -> None:
    page.goto("/works/1")
    boxes = page.locator("input[name=painting]")
    for number in range(3):
        boxes.nth(number).check()
    words = page.query_selector(".picks [role=status]")
    assert words.inner_text() == "Take away all but two."
    focused = "document.activeElement.title"
    names = [boxes.nth(number).get_attribute("data-name") for number in range(3)]
    for number, following in ((1, names[2]), (1, names[0]), (0, "")):
        page.focus(f".picks li button >> nth={number}")
        page.keyboard.press("Enter")
        assert page.evaluate(focused) == following
        assert words.evaluate("(one) => one.isConnected")
    assert page.evaluate("document.activeElement.name") == "painting"
    boxes.nth(0).check()
    page.click(".picks button.quiet")
    assert page.evaluate("document.activeElement.name") == "painting"


def test_works_picked_in_another_index_are_dropped_and_compared_as_such(page: Any, sample_index: PaintingIndex) -> None:
    page.goto("/works/1")
    page.check("input[name=painting] >> nth=0")
    page.check("input[name=painting] >> nth=1")
    assert page.get_attribute(".picks a", "href").endswith(f"&index={sample_index.digest}")
    page.evaluate(
        """(digest) => { const key = "painter_search picks /";
            sessionStorage.setItem(key, sessionStorage.getItem(key).replaceAll(digest, "0123456789abcdef")); }""",
        sample_index.digest,
    )
    page.expected.append("404")  # pictures of an index that is gone
    page.goto("/artists")
    page.click(".picks a")
    assert "replaced since these works were chosen" in page.inner_text("main")
    page.goto("/works/1")
    assert page.locator(".picks li").count() == 0


def test_focus_does_not_lie_behind_the_works_chosen_for_a_comparison(page: Any) -> None:
    page.goto("/works/1")
    page.check("input[name=painting] >> nth=0")
    page.wait_for_selector(".picks li")
    for _ in range(25):
        page.keyboard.press("Tab")
        bottom, top = page.evaluate(
            "[document.activeElement.getBoundingClientRect().bottom,"
            "document.querySelector('.picks').getBoundingClientRect().top]"
        )
        within = page.evaluate("document.activeElement.closest('.picks') !== null")
        assert within or bottom <= top
