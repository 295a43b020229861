"""The pages in a browser: Debian's chromium, driven by Playwright."""

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page whose complaints, and requests to elsewhere, fail the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith((address, "data:")) else complaints.append(r.url))
    yield opened
    context.close()
    assert complaints == []


def drop(page: Any, painting: Path, name: str = "dropped.jpg") -> None:
    """Drop a file on the page, as from a file manager."""
    content = base64.b64encode(painting.read_bytes()).decode()
    transfer = page.evaluate_handle(
        """([content, name]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
            return transfer;
        }""",
        [content, name],
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": transfer})


def test_a_dropped_painting_is_answered_and_leads_to_an_artist_and_back(
    page: Any, address: str, painting: Path
) -> None:
    page.goto(address)
    drop(page, painting)
    assert "dropped.jpg" in page.inner_text("[data-status]")
    page.keyboard.press("Enter")  # the button has the focus
    page.wait_for_url("**/answers/*")
    first = page.inner_text("section.artist h3 a >> nth=0")
    assert first in page.inner_text("section.answer h2 >> nth=0")
    page.click("section.artist h3 a >> nth=0")
    assert page.inner_text("h1") == first
    assert page.locator("main figure img").count() >= 4
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


def test_two_works_of_an_artist_are_compared(page: Any, address: str) -> None:
    page.goto(f"{address}/artists")
    page.fill("input[name=q]", "painter 9")
    page.keyboard.press("Enter")
    page.click("ul.people a")
    page.check("input[name=painting] >> nth=0")
    page.check("input[name=painting] >> nth=1")
    page.click("text=Compare the two")
    assert page.locator(".pair figure").count() == 2


def test_the_answer_is_narrowed(page: Any, address: str, painting: Path) -> None:
    page.goto(address)
    page.set_input_files("#files", [str(painting)])
    page.click("summary")
    page.fill("input[name=before]", "1920")
    page.fill("input[name=exclude_artist]", "Painter 9; Painter 10")
    page.click("button.main")
    page.wait_for_url("**/answers/*")
    assert "before 1920" in page.inner_text("header")
    assert page.locator("section.artist").count() == 2


def test_without_a_painting_the_form_says_so(page: Any, address: str) -> None:
    page.goto(address)
    page.click("button.main")
    assert page.inner_text("[data-status]") == "Choose a painting first."
    assert page.evaluate("document.activeElement.id") == "files"


def test_without_script_it_answers_as_well(browser: Any, address: str, painting: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#files", [str(painting)])
    page.click("button.main")
    page.wait_for_url("**/answers/*")
    assert page.locator("section.artist").count() == 4
    page.goto(f"{address}/map")
    page.wait_for_selector("noscript img, h1:has-text('by likeness')", state="attached", timeout=90_000)
    context.close()


def test_in_print_the_answer_stands_alone(page: Any, address: str, painting: Path) -> None:
    page.goto(address)
    page.set_input_files("#files", [str(painting)])
    page.click("button.main")
    page.wait_for_url("**/answers/*")
    assert page.is_visible("nav.bar >> nth=0")
    page.emulate_media(media="print")
    assert not page.is_visible("nav.bar >> nth=0")
    assert not page.is_visible("nav.saves")
    assert page.is_visible("section.artist >> nth=0")
    assert len(page.pdf()) > 10_000


def test_the_keyboard_reaches_everything(page: Any, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    seen = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"files", "SUMMARY", "BUTTON", "A"} <= seen


def open_map(page: Any, address: str) -> None:
    page.goto(f"{address}/map")
    page.wait_for_selector("#map", state="attached", timeout=90_000)


def test_a_work_on_the_map_leads_to_more_like_it(page: Any, address: str) -> None:
    open_map(page, address)
    page.focus("#map")
    page.keyboard.press("n")
    shown = page.inner_text("#work")
    page.keyboard.press("Enter")
    page.wait_for_url("**/works/*")
    assert page.inner_text("h1") in shown


ADDRESSES = (
    "/",
    "/artists",
    "/artists/Painter 9",
    "/works/1",
    "/compare",
    "/compare?painting=1&painting=2",
    "/map",
    "/index",
    "/artists?q=nobody",
    "/api",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_has_no_serious_fault_of_access(
    browser: Any, address: str, painting: Path, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # axe is put into the page as a script of the page's own, which the policy would not let run.
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    open_map(page, address)
    page.goto(address)
    page.set_input_files("#files", [str(painting)])
    page.click("button.main")
    page.wait_for_url("**/answers/*")
    for place in (page.url, *(address + end for end in (*ADDRESSES, "/works/999"))):
        page.goto(place)
        for closed in page.query_selector_all("summary"):
            closed.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
        found = axe.run(page).response["violations"]
        serious = [
            (fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")
        ]
        assert serious == [], place
    context.close()
