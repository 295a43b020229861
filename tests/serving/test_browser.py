"""The pages as a person uses them: Chromium, driven by Playwright, on the sample's index."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from painter_search.index.painting_index import PaintingIndex

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Any, sample_address: str) -> Iterator[Any]:
    """A page whose console errors, and requests to other servers, fail the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 800}, base_url=sample_address)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith((sample_address, "data:")) else errors.append(r.url))
    yield opened
    context.close()
    assert errors == []


def transfer(page: Any, event: str, target: str, file: Path) -> None:
    """Drop a file on an element of the page, or paste it there."""
    page.evaluate(
        """([event, target, content, name]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: "image/webp" }));
            const init = { bubbles: true, cancelable: true };
            document.querySelector(target).dispatchEvent(event === "paste"
                ? new ClipboardEvent(event, { ...init, clipboardData: transfer })
                : new DragEvent(event, { ...init, dataTransfer: transfer }));
        }""",
        [event, target, base64.b64encode(file.read_bytes()).decode(), file.name],
    )


def ask(page: Any, *files: Path) -> None:
    """Ask about paintings from the form."""
    if page.url == "about:blank":
        page.goto("/")
    page.set_input_files("#files", [str(file) for file in files])
    page.click("button.main")
    page.wait_for_url("**/answers/*")


def test_dropped_painting_is_answered_and_links_to_artist_work_and_parts(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    transfer(page, "drop", "[data-drop]", queries[0])
    assert queries[0].name in page.inner_text("[data-status]")
    page.wait_for_selector("[data-chosen] canvas")
    page.keyboard.press("Enter")  # the button is focused
    page.wait_for_url("**/answers/*")
    first = page.inner_text("section.artist h3 a >> nth=0")
    assert first in page.inner_text("section.answer h2 >> nth=0")
    assert re.search(r"^(about\s\d+|under\s5|over\s95)\s%", page.inner_text("section.artist p.soft >> nth=0"))
    page.click("section.artist h3 a >> nth=0")
    assert page.inner_text("h1") == first
    page.go_back()
    assert "Nearest in style" in page.inner_text("h1")
    page.click("section.artist figure a >> nth=0")
    assert page.inner_text("section:nth-of-type(2) h2") == "More like this"
    page.go_back()
    page.click("text=matching parts >> nth=0")
    assert page.inner_text("h1") == "Two paintings compared"
    assert page.is_visible("img.parts >> nth=0")
    page.uncheck("#parts")
    assert page.is_visible("img.plain >> nth=0")
    page.click(f"figcaption a:text-is('{queries[0].name}')")
    page.wait_for_url("**/answers/*")


def test_form_collects_pasted_and_dropped_files_until_reset(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    transfer(page, "paste", "body", queries[0])
    transfer(page, "drop", "footer", queries[1])
    assert page.evaluate("document.querySelector('#files').files.length") == 2
    page.click("[data-reset]")
    page.wait_for_function("document.activeElement.id === 'files'")
    assert page.evaluate("document.querySelector('#files').files.length") == 0
    assert page.locator("[data-chosen] canvas").count() == 0
    assert not page.is_visible("[data-reset]")


def test_answers_about_several_paintings_begin_with_a_list(page: Any, queries: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no painting")
    ask(page, *queries[:2], bad)
    listed = page.locator("ol.answers li").all_inner_texts()
    assert [text.partition(":")[0] for text in listed] == [queries[0].name, queries[1].name, "bad.jpg"]
    assert listed[2].endswith("not answered: a text file, not an image")
    page.click("ol.answers a >> nth=1")
    assert page.url.endswith("#answer-2")
    assert page.inner_text("#answer-2 h2 >> nth=0")[1:] in listed[1].replace("this very", "his very")


def test_artist_page_compares_two_ticked_works(page: Any, sample_index: PaintingIndex) -> None:
    artist = sample_index.works.get([1])[0].artist
    page.goto("/artists")
    page.fill("input[name=q]", artist.upper())
    page.keyboard.press("Enter")
    page.click("ul.people a")
    page.check("input[name=painting] >> nth=0")
    page.check("section.artist input[name=painting] >> nth=0")
    page.click("text=Compare the two ticked works >> nth=0")
    assert page.locator(".pair figure").count() == 2
    page.click(".pair figcaption a >> nth=0")
    assert artist in page.inner_text("header")


def test_compare_page_takes_numbers_of_works(page: Any, queries: list[Path]) -> None:
    page.goto("/works/3")
    page.click("text=Compare it with any work")
    assert page.input_value("#work-one") == "3"
    page.fill("#work-other", "7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?painting=3&painting=7")
    page.goto("/")
    ask(page, queries[0])
    page.click("text=compare it with any work")
    page.fill("#work-other", "7")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".pair figcaption:has-text('{queries[0].name}')")


def test_compare_page_takes_dropped_files_on_either_side(page: Any, queries: list[Path]) -> None:
    page.goto("/compare")
    transfer(page, "drop", "#other", queries[0])
    transfer(page, "drop", "footer", queries[1])  # goes to the empty side
    assert page.evaluate("document.querySelector('#one').files[0].name") == queries[1].name
    page.click("button.main")
    page.wait_for_url("**/comparisons/*")
    assert page.locator(".pair figure").count() == 2


def test_query_form_filters_the_answer_and_keeps_its_fields(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    ask(page, queries[0])
    first = page.inner_text("section.artist h3 a >> nth=0")
    page.goto("/")
    page.click("summary")
    page.fill("input[name=exclude_artist]", first.lower())
    page.fill("input[name=since]", "2000")
    ask(page, queries[0])
    assert f"without {first}, since 2000" in page.inner_text("header")
    assert first not in page.locator("section.artist h3").all_inner_texts()
    page.go_back()  # the fields are still filled in and visible
    assert page.input_value("input[name=since]") == "2000"
    assert page.is_visible("input[name=since]")


def test_query_form_asks_for_a_painting(page: Any) -> None:
    page.goto("/")
    page.click("button.main")
    assert page.inner_text("[data-status]") == "Choose a painting first."
    assert page.evaluate("document.activeElement.id") == "files"


def test_pages_work_without_scripts(browser: Any, sample_address: str, queries: list[Path]) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=sample_address)
    page = context.new_page()
    ask(page, queries[0])
    assert page.locator("section.artist").count() == 5
    page.goto("/map")
    page.wait_for_selector("noscript img, h1:has-text('by similarity')", state="attached", timeout=90_000)
    context.close()


def test_printed_answer_has_no_navigation(page: Any, queries: list[Path]) -> None:
    ask(page, queries[0])
    assert page.is_visible("nav.bar >> nth=0")
    page.emulate_media(media="print")
    assert not page.is_visible("nav.bar >> nth=0")
    assert not page.is_visible("nav.saves")
    assert not page.is_visible("text=matching parts >> nth=0")
    assert page.is_visible("section.artist >> nth=0")
    assert len(page.pdf()) > 10_000


def test_map_filters_works_and_links_to_their_pages(page: Any) -> None:
    page.goto("/map")
    page.wait_for_selector("#map", state="attached", timeout=90_000)
    page.fill("#since", "2005")
    page.fill("#before", "2006")
    assert re.fullmatch(r"\d+ works by \d+ artists", page.inner_text("#status"))
    page.focus("#map")
    page.keyboard.press("n")
    shown = page.inner_text("#work")
    page.keyboard.press("Enter")
    page.wait_for_url("**/works/*")
    assert page.inner_text("h1") in shown
