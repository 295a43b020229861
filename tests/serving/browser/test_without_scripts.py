"""The pages in a browser that runs no scripts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Ask = Callable[..., None]


def test_pages_work_without_scripts(browser: Any, sample_address: str, queries: list[Path]) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=sample_address)
    page = context.new_page()
    page.goto("/")
    page.set_input_files("#files", [str(file) for file in queries[:2]])
    page.fill("input[name=crop]", "0,0,1,0.5")
    page.click("[data-submit]")
    page.wait_for_url("**/answers/*")
    page.check("#sort-file")
    page.click(".answers .file a >> nth=0")
    assert "50 % of the photograph" in page.inner_text(".asked figcaption").replace("\xa0", " ")
    assert page.locator("details.artist").count() == 4
    page.click("#crop summary")
    page.fill("#crop [name=height]", "100")
    page.click("text=Ask with this crop")
    assert "of the photograph" not in page.inner_text(".asked figcaption")
    page.click("text=Compare with any work")
    page.click(".works figure a >> nth=0")
    assert page.locator(".compared figure").count() == 2
    page.goto("/works/1")
    page.click(".eyebrow a")
    page.check("input[name=painting] >> nth=0")
    page.check("input[name=painting] >> nth=1")
    page.click("text=Compare the two ticked works >> nth=0")
    assert page.locator(".compared figure").count() == 2
    page.goto("/map")
    page.wait_for_selector("noscript img, h1:has-text('by similarity')", state="attached", timeout=90_000)
    context.close()
