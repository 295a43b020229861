"""Two paintings compared in a browser: zoomed in step, with the parts that match."""

import re
from pathlib import Path
from typing import Any

import pytest
from form_files import chosen, transfer
from waiting import wait_until

pytestmark = pytest.mark.slow


def test_compare_page_takes_dropped_files_on_either_side(page: Any, queries: list[Path]) -> None:
    page.goto("/compare")
    transfer(page, "drop", "#other", queries[0])
    transfer(page, "drop", "footer", queries[1])  # goes to the empty side
    assert chosen(page, "#one") == [queries[1].name]
    page.click("[data-submit]")
    page.wait_for_url("**/comparisons/*")
    assert page.locator(".compared figure").count() == 2


def test_compared_pictures_zoom_in_step_and_parts_light_on_both_sides(page: Any) -> None:
    page.goto("/compare?painting=1&painting=4")
    assert re.match(r"(Closer|Farther apart) than \d+ of 100 pairs by two artists", page.inner_text("h1"))
    assert page.locator(".chart .marker").count() == 1
    assert page.locator(".chart .area").count() == 2
    assert "as a pair" in page.inner_text(".figures")
    outlines = "[...document.querySelectorAll('[data-part=\"1\"]')].map((part) => getComputedStyle(part).outlineStyle)"
    page.hover("[data-part='1'] >> nth=0")
    assert page.evaluate(outlines) == ["solid", "solid"]
    page.hover("h1")
    assert page.evaluate(outlines) == ["none", "none"]
    scales = (
        "[...document.querySelectorAll('.layer')].map((layer) => new DOMMatrix(getComputedStyle(layer).transform).a)"
    )
    stage = page.locator("[data-stage] >> nth=1").bounding_box()
    page.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    page.mouse.wheel(0, 40)  # the wheel alone scrolls
    page.wait_for_timeout(100)
    assert page.evaluate(scales) == [1, 1]
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    wait_until(page, f"{scales}[0] > 1.1")
    one, other = page.evaluate(scales)
    assert one == other
    page.keyboard.press("+")
    assert page.evaluate(scales)[0] > one
    page.keyboard.press("0")
    assert page.evaluate(scales) == [1, 1]


def test_part_of_a_zoomed_picture_that_gets_the_focus_is_moved_into_sight_in_step(page: Any) -> None:
    page.goto("/compare?painting=1&painting=4")
    for _ in range(4):
        page.click("[data-by='1.4']")
    shifts = """() => [...document.querySelectorAll(".layer")].map((layer) => {
        const matrix = new DOMMatrix(getComputedStyle(layer).transform), stage = layer.parentElement;
        return [matrix.e / layer.offsetWidth, matrix.f / layer.offsetHeight, stage.scrollLeft, stage.scrollTop]; })"""
    inside = """(part) => { const stage = part.closest(".stage").getBoundingClientRect();
        const box = part.getBoundingClientRect(), x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
        return x >= stage.left && x <= stage.right && y >= stage.top && y <= stage.bottom; }"""
    parts = page.locator(".part")
    assert parts.count() > 2
    for number in range(parts.count()):
        parts.nth(number).focus()
        one, other = page.evaluate(shifts)
        assert one == pytest.approx(other, abs=1e-3)
        assert one[2:] == [0, 0]
        assert parts.nth(number).evaluate(inside)


def test_numbers_of_parts_lie_whole_within_the_picture(page: Any) -> None:
    page.goto("/compare?painting=1&painting=4")
    for x, y in (("0%", "0%"), ("100%", "100%")):
        part = page.locator(".part >> nth=0")
        part.evaluate(f"(part) => {{ part.style.setProperty('--x', '{x}'); part.style.setProperty('--y', '{y}'); }}")
        box, layer = part.bounding_box(), page.locator(".layer >> nth=0").bounding_box()
        assert layer["x"] <= box["x"]
        assert layer["y"] <= box["y"]
        assert box["x"] + box["width"] <= layer["x"] + layer["width"]
        assert box["y"] + box["height"] <= layer["y"] + layer["height"]
