"""A map of 100,000 works in a browser: it opens soon, and moves smoothly."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import find_chromium

from painter_search.common.machine.cores import available_cores
from painter_search.display.pages.map_page import SYMBOLS, map_script
from painter_search.display.pages.page import open_template
from painter_search.display.palette import artist_colors, artist_shapes
from painter_search.index.painting_index import PaintingIndex

WORKS, ARTISTS = 100_000, 2_000
OPENS_WITHIN, FRAMES = 3.0, 30.0
"""Seconds, and frames a second while the map is moved, on two cores without a graphics card."""
PAN = """async () => {
    const canvas = document.getElementById("map"), box = canvas.getBoundingClientRect(), times = [];
    const move = (type, x) => canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, bubbles: true,
        clientX: box.left + x, clientY: box.top + 200 }));
    canvas.setPointerCapture = () => {};
    move("pointerdown", 200);
    for (let step = 0; step < 40; step++) {
        move("pointermove", 200 + 3 * step);
        await new Promise(requestAnimationFrame);
        times.push(performance.now());
    }
    move("pointerup", 320);
    const spans = times.slice(1).map((time, number) => time - times[number]).sort((a, b) => a - b);
    return 1000 / spans[Math.floor(spans.length / 2)];
}"""


@pytest.fixture(scope="module")
def large_map(small_index: PaintingIndex, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a map of so many works, without thumbnails."""
    rng = np.random.default_rng(1)
    centres = rng.uniform(-0.9, 0.9, (ARTISTS, 2))
    artists = rng.integers(0, ARTISTS, WORKS)
    places = np.clip(centres[artists] + rng.normal(0, 0.06, (WORKS, 2)), -1, 1).round(4).tolist()
    names = [f"Artist {number}" for number in range(ARTISTS)]
    colors, shapes = artist_colors(ARTISTS), artist_shapes(ARTISTS)
    central = [int(np.flatnonzero(artists == number)[0]) for number in range(ARTISTS)]
    works = [
        [*place, int(artist), 64, 48, f"Work {id}", "1900", id, "", 1900, 1900]
        for id, (place, artist) in enumerate(zip(places, artists, strict=True), start=1)
    ]
    listed = [list(row) for row in zip(names, colors, shapes, central, strict=True)]
    script = map_script()
    html = open_template("map.html").render(
        data={"side": 64, "across": 16, "artists": listed, "works": works, "sheets": []},
        legend=[(name, color, SYMBOLS[shape], 50) for name, color, shape in zip(names, colors, shapes, strict=True)],
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        index=small_index,
        shown=WORKS,
        total=WORKS,
        dated=True,
        picture="data:,",
        faithfulness="",
    )
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.long
def test_map_of_a_hundred_thousand_works_opens_soon_and_moves_smoothly(large_map: Path) -> None:
    if os.getloadavg()[0] > 2 * available_cores():
        pytest.skip("other processes keep the machine busy")
    playwright: Any = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, bypass_csp=True)
        page.goto(large_map.as_uri(), wait_until="commit")
        page.wait_for_selector("#map[data-painted]")
        opened = page.evaluate("performance.now()") / 1000
        assert int(page.get_attribute("#map", "data-painted")) == WORKS
        rates = [page.evaluate(PAN) for _ in range(3)]
        page.fill("#filter", "artist 17")
        page.wait_for_function("document.getElementById('status').textContent.includes('works by')")
        browser.close()
    assert opened < OPENS_WITHIN, opened
    assert max(rates) > FRAMES, rates
