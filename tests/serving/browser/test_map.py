"""The map in a browser: framed, filtered, zoomed."""

import re
from typing import Any

import pytest
from waiting import wait_until

pytestmark = pytest.mark.slow


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
    page.click("text=Show on the map")
    page.wait_for_selector("#card.shown")
    assert page.inner_text("#work") == shown
    wait_until(page, "document.querySelector('#map').dataset.pictured > 0")  # thumbnails, where they fit
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    before = page.evaluate("[scrollY, document.querySelector('#map').dataset.painted]")
    page.mouse.wheel(0, 50)  # scrolls the page, and says how to zoom
    wait_until(page, f"scrollY > {before[0]}")
    assert page.is_visible("#hint")


def test_map_frames_the_work_asked_for_and_zooms_out_to_the_works_of_an_artist(page: Any) -> None:
    page.goto("/map?work=1")
    page.wait_for_selector("#map", state="attached", timeout=90_000)
    accent = """() => { const map = document.getElementById("map"), pen = map.getContext("2d");
        const found = pen.getImageData(0, 0, map.width, map.height).data; let count = 0;
        for (let at = 0; at < found.length; at += 4) count += found[at] === 23 && found[at + 1] === 98;
        return count; }"""
    wait_until(page, f"({accent})() > 400")
    card = page.locator("#card").bounding_box()
    assert card["y"] >= 0
    assert card["y"] + card["height"] <= 800
    legend = page.locator(".legend")
    assert legend.evaluate("(list) => list.scrollWidth <= list.clientWidth")
    for _ in range(8):
        page.click("#nearer")
    entry = page.locator(".legend button", has_text=re.compile(r"\([4-9]\)")).first
    works = int(entry.inner_text().rpartition("(")[2].rstrip(")"))
    entry.click()
    wait_until(page, f"document.getElementById('map').dataset.painted === '{works}'")


def test_map_says_that_a_work_is_not_in_its_sample(page: Any) -> None:
    page.goto("/map?work=999999")
    page.wait_for_selector("#map", state="attached", timeout=90_000)
    assert page.inner_text("#status") == "This work is not in the map's sample."


def test_whole_map_on_a_telephone_cuts_no_thumbnail(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/map")
    page.wait_for_selector("#map", state="attached", timeout=90_000)
    wait_until(page, "document.querySelector('#map').dataset.pictured > 0")
    # All is paper along the four edges, but for rounding where names are outlined in its colour.
    edge = """() => { const map = document.getElementById("map"), pen = map.getContext("2d");
        const { width, height } = map, right = width - 1, bottom = height - 1;
        const paper = pen.getImageData(0, 0, 1, 1).data;
        const sides = [[0, 0, width, 1], [0, bottom, width, 1], [0, 0, 1, height], [right, 0, 1, height]];
        const isPaper = (value, at) => Math.abs(value - paper[at % 4]) <= 2;
        return sides.every((side) => pen.getImageData(...side).data.every(isPaper)); }"""
    assert page.evaluate(edge)
