"""The pages on small and large screens, light and dark, by keyboard, and as axe-core checks their accessibility."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from painter_search.index.painting_index import PaintingIndex

pytestmark = pytest.mark.slow
ADDRESSES = (
    "/", "/artists", "/works/1", "/compare", "/compare?painting=1", "/compare?painting=1&painting=2", "/map", "/index",
    "/artists?q=nobody", "/api", "/works/9999", "/compare?painting=1&painting=2&painting=3",
)  # fmt: skip
SAVED = ("/works/1", "/compare?painting=1&painting=2", "/index", "/artists")
"""Pages that are also looked at as they are saved."""
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""All of axe's rules of WCAG 2.2, AA; it leaves out the size of targets by itself."""


@pytest.fixture(scope="module")
def addresses(
    browser: Any, sample_address: str, sample_index: PaintingIndex, queries: list[Path], tmp_path_factory: Any
) -> list[str]:
    """The addresses of all pages, answers about paintings, comparisons of them and saved pages included."""
    context = browser.new_context(base_url=sample_address)
    page = context.new_page()
    page.goto("/map")
    page.wait_for_selector("#map", state="attached", timeout=90_000)
    addresses = [f"/artists/{quote(sample_index.works.get([1])[0].artist)}", *ADDRESSES]
    for files in (queries[:1], [*queries, Path(__file__)]):
        page.goto("/")
        page.set_input_files("#files", [str(file) for file in files])
        page.click("button.main")
        page.wait_for_url("**/answers/*")
        addresses.append(page.url)
    page.goto("/compare")
    page.set_input_files("#one", [str(file) for file in queries[:2]])
    page.set_input_files("#other", [str(file) for file in [*queries[2:], Path(__file__)]])
    page.click("button.main")
    page.wait_for_url("**/comparisons/*")
    addresses.append(page.url)
    folder = tmp_path_factory.mktemp("saved")
    for number, address in enumerate((*SAVED, *addresses[-3:])):
        joint = "&" if "?" in address else "?"
        saved = folder / f"{number}.html"
        saved.write_bytes(page.request.get(f"{address}{joint}save=page").body())
        addresses.append(saved.as_uri())
    context.close()
    return addresses


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [
        (320, 640, "dark"),
        pytest.param(375, 812, "light", marks=pytest.mark.long),
        pytest.param(1280, 900, "light", marks=pytest.mark.long),
    ],
)
def test_pages_fit_the_screen_and_axe_finds_no_violation(
    browser: Any, sample_address: str, addresses: list[str], width: int, height: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # axe is injected as a script, which the pages' policy would not let run.
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True, base_url=sample_address
    )
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        for closed in page.query_selector_all("summary"):
            if closed.is_visible():  # some are within others
                closed.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        violations = axe.run(page, options=AXE).response["violations"]
        assert [(fault["impact"], fault["id"], fault["nodes"][0]["html"]) for fault in violations] == [], address
    context.close()


def test_pages_can_be_used_by_keyboard(browser: Any, sample_address: str) -> None:
    context = browser.new_context(base_url=sample_address)
    page = context.new_page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    for address in ("/", "/works/1", "/compare", "/artists"):
        page.goto(address)
        page.evaluate("document.querySelectorAll('summary').forEach((summary) => summary.click())")
        controls = page.evaluate(
            """() => { const all = [...document.querySelectorAll("a[href], button, input, select, summary")]
                .filter((e) => e.checkVisibility() && e.type !== "hidden");
              all.forEach((e, number) => { e.dataset.number = number; }); return all.length; }"""
        )
        focused = set()
        for _ in range(controls + 2):
            page.keyboard.press("Tab")
            focused.add(page.evaluate("document.activeElement.dataset.number"))
        assert {str(number) for number in range(controls)} <= focused, address
    context.close()


def test_pages_honour_reduced_motion(browser: Any, sample_address: str) -> None:
    durations = {}
    for wish in ("reduce", "no-preference"):
        context = browser.new_context(base_url=sample_address, reduced_motion=wish)
        page = context.new_page()
        page.goto("/")
        durations[wish] = page.evaluate("getComputedStyle(document.querySelector('.drop')).transitionDuration")
        context.close()
    assert durations == {"reduce": "0s", "no-preference": "0.15s"}
