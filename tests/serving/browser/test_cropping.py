"""Photographs cropped by hand in a browser, before and after asking."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.slow


def test_painting_is_cropped_before_and_after_asking(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    page.set_input_files("#files", [str(file) for file in queries[:2]])
    page.click(f"[aria-label='Crop {queries[0].name}']")
    box = page.locator(".crop-box").bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + 4 + box["width"] / 4, box["y"] + 4 + box["height"] / 2, steps=4)
    page.mouse.up()
    assert float(page.input_value("dialog [name=left]")) == pytest.approx(25, abs=2)
    page.fill("dialog [name=width]", "150")
    page.press("dialog [name=width]", "Tab")
    assert float(page.input_value("dialog [name=width]")) == pytest.approx(75, abs=2)  # as far as the photograph goes
    page.fill("dialog [name=width]", "50")
    page.click("dialog [data-turn]")
    page.click("dialog [data-use]")
    crops = page.evaluate("[...document.querySelectorAll('input[type=hidden][name=crop]')].map((field) => field.value)")
    left, top, width, height, turn = (float(number) for number in crops[0].split(","))
    assert [left, top, width, height, turn] == pytest.approx([0.25, 0.5, 0.5, 0.5, 1], abs=0.02)
    assert crops[1] == "auto"
    page.click(f"[aria-label='Remove {queries[1].name}']")
    page.click("[data-submit]")
    page.wait_for_url("**/answers/*")
    before = page.url
    assert "cropped as given, 25 % of the photograph" in page.inner_text(".asked figcaption").replace("\xa0", " ")
    page.click("a[href='#crop']")
    assert page.input_value("#crop [name=turn]") == "1"  # as it was asked
    page.select_option("#crop [name=turn]", "0")
    page.focus(".crop-box")
    page.keyboard.press("ArrowLeft")
    assert float(page.input_value("#crop [name=left]")) == pytest.approx(24, abs=2)
    for name, value in (("left", "0"), ("top", "0"), ("width", "100"), ("height", "100")):
        page.fill(f"#crop [name={name}]", value)
    page.click("text=Ask with this crop")
    page.wait_for_url(lambda url: "/answers/" in url and not url.startswith(before))
    assert page.inner_text(".asked figcaption") == queries[0].name


def test_file_that_the_browser_cannot_show_is_asked_about_uncropped(
    page: Any, queries: list[Path], tmp_path: Path
) -> None:
    with Image.open(queries[0]) as picture:
        picture.convert("RGB").save(tmp_path / "scan.tif")
    page.goto("/")
    page.set_input_files("#files", str(tmp_path / "scan.tif"))
    page.click("[aria-label='Crop scan.tif']")
    assert "This browser cannot show the file" in page.inner_text("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click("[data-submit]")
    page.wait_for_url("**/answers/*")
    assert page.inner_text(".asked figcaption") == "scan.tif"


def test_crop_dialog_gives_the_focus_back(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    page.set_input_files("#files", str(queries[0]))
    for pressed in ("[data-use]", "[data-cancel]"):
        page.click(f"[aria-label='Crop {queries[0].name}']")
        page.click(f"dialog {pressed}")
        assert page.evaluate("document.activeElement.ariaLabel") == f"Crop {queries[0].name}"


def test_crop_dialog_fits_a_laptop_and_its_crop_is_drawn_in_the_tray(page: Any, queries: list[Path]) -> None:
    page.set_viewport_size({"width": 1366, "height": 700})
    page.goto("/")
    page.set_input_files("#files", str(queries[0]))
    page.click(f"[aria-label='Crop {queries[0].name}']")
    dialog = page.locator("dialog")
    page.fill("dialog [name=width]", "25")
    page.fill("dialog [name=height]", "100")
    for turn in ("0", "1"):
        page.select_option("dialog select", turn)
        use = page.locator("[data-use]").bounding_box()
        assert use["y"] + use["height"] <= 700
        assert dialog.evaluate("(one) => one.scrollHeight <= one.clientHeight")
    page.keyboard.press("Tab")
    page.focus(".crop-box")
    assert page.locator(".crop-box").evaluate("(box) => getComputedStyle(box).outlineColor") == "rgb(23, 98, 124)"
    shape = "(one) => one.width / one.height"
    preview = page.locator(".crop-preview canvas").evaluate(shape)
    page.click("[data-use]")
    assert page.locator(".chosen canvas").evaluate(shape) == pytest.approx(preview)
    tools = page.locator(".chosen .tools button").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert max(tools) < 50  # a line each
