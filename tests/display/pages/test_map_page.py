"""The map as a picture and as a page: opened in a browser where there is one."""

from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from browser import open_in_browser
from PIL import Image

from painter_search.analysis.config import MapConfig
from painter_search.analysis.projection import Projection, project_index
from painter_search.display.console.map import show_map
from painter_search.display.pages.map_page import (
    SPRITES_PER_ROW,
    MapFiles,
    draw_map,
    draw_map_picture,
    write_map_page,
)
from painter_search.index.painting_index import PaintingIndex

HOSTILE = "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def files(small_index: PaintingIndex) -> MapFiles:
    return draw_map(MapConfig(index=small_index.folder.parent))


@pytest.fixture(scope="module")
def html(files: MapFiles) -> str:
    return files.page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def projection(small_index: PaintingIndex) -> Projection:
    return project_index(small_index)


def data_of(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def with_script(html: str, script: str) -> str:
    """The page with a script that acts as a visitor would; the page's own policy would not run it."""
    opened = re.sub(r"script-src '[^']*'", "script-src 'unsafe-inline'", html)
    return opened.replace("</body>", f"<script>setTimeout(() => {{ {script} }}, 200);</script></body>")


def test_draw_map_of_a_single_index_replaces_no_other_map(small_index: PaintingIndex, tmp_path: Path) -> None:
    shutil.copytree(small_index.folder, tmp_path / "museum")
    (tmp_path / "map.html").write_text("of the museum's rooms")
    written = draw_map(MapConfig(index=tmp_path / "museum"))
    assert (written.picture.name, written.page.name) == ("museum-map.png", "museum-map.html")
    assert written.page.is_file()
    assert (tmp_path / "map.html").read_text() == "of the museum's rooms"


def test_draw_map_writes_into_another_folder(small_index: PaintingIndex, tmp_path: Path) -> None:
    written = draw_map(MapConfig(index=small_index.folder, out=tmp_path / "maps", max_works=5))
    assert (written.picture, written.page) == (tmp_path / "maps" / "map.png", tmp_path / "maps" / "map.html")
    assert written.page.is_file()
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"map\.png"):
        draw_map(MapConfig(index=small_index.folder, out=tmp_path / "file"))


def test_draw_map_writes_files_that_name_the_index(files: MapFiles, html: str, small_index: PaintingIndex) -> None:
    assert files.picture == small_index.folder.parent / "map.png"
    assert files.page == small_index.folder.parent / "map.html"
    assert (files.works, files.total, files.index) == (len(small_index), len(small_index), small_index.digest)
    assert small_index.digest in html
    assert str(small_index.folder) not in html
    with Image.open(files.picture) as picture:
        assert min(picture.size) > 1000
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 100


def test_map_page_has_every_work_with_position_caption_and_thumbnail(html: str, small_index: PaintingIndex) -> None:
    data = data_of(html)
    ids = [int(id) for id in small_index.artists.ids]
    assert len(data["works"]) == len(ids)
    sheets = [Image.open(io.BytesIO(b64(sheet))).convert("RGB") for sheet in data["sheets"]]
    side = data["side"]
    for number, (id, work) in enumerate(zip(ids, small_index.works.get(ids), strict=True)):
        x, y, artist, width, height, title, date, id_, style, *years = data["works"][number]
        assert max(abs(x), abs(y)) <= 1
        assert data["artists"][artist][0] == work.artist
        assert (title, date, id_, style, years) == (work.title, work.date, id, work.style, [int(work.date)] * 2)
        left, top = number % SPRITES_PER_ROW * side, number // SPRITES_PER_ROW % SPRITES_PER_ROW * side
        shown = sheets[number // SPRITES_PER_ROW**2].crop((left, top, left + width, top + height))
        truth = Image.open(io.BytesIO(small_index.works.thumbnail(id))).convert("RGB").resize((width, height))
        assert max(width, height) == side
        assert np.abs(np.asarray(shown, float) - np.asarray(truth, float)).mean() < 12


def b64(address: str) -> bytes:
    import base64

    return base64.b64decode(address.split(",", 1)[1])


def test_map_page_fetches_nothing_and_runs_one_script(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!data:)", html)
    assert "<noscript><img" in html
    assert re.search(r'<noscript><img [^>]*alt="[^"]+"', html)


@pytest.mark.slow
def test_map_page_is_drawn_in_a_browser_without_errors(html: str, tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    page.write_text(html, encoding="utf-8")
    dom, messages = open_in_browser(page, tmp_path)
    painted = re.search(r'<canvas id="map"[^>]*data-painted="(\d+)"', dom)
    assert painted
    assert int(painted[1]) == len(data_of(html)["works"])
    assert '<div id="interactive">' in dom
    assert "CONSOLE" not in messages


@pytest.mark.slow
def test_map_page_filters_works_by_period_and_style(html: str, tmp_path: Path) -> None:
    assert 'id="style"' not in html  # these works have none
    narrow = (
        "for (const [id, value] of [['filter', 'painter'], ['since', '1910'], ['before', '1930']]) {"
        "const field = document.getElementById(id); field.value = value; field.dispatchEvent(new Event('input')); }"
    )
    styled = html.replace(
        '<label class="year">From', '<select id="style"><option>Cubism</option></select><label class="year">From'
    )
    works = data_of(html)["works"]
    for work, years in ((works[1], [1920, 1920]), (works[2], [1905, 1912]), (works[3], [None, 1920])):
        styled = styled.replace(json.dumps(work)[1:], json.dumps([*work[:8], "Cubism", *years])[1:])
    found = {}
    for name, page in (("period", html), ("style", styled)):
        (tmp_path / f"{name}.html").write_text(with_script(page, narrow), encoding="utf-8")
        dom, messages = open_in_browser(tmp_path / f"{name}.html", tmp_path)
        assert "CONSOLE" not in messages
        found[name] = re.search(r'id="status"[^>]*>([^<]*)<', dom)[1]  # type: ignore[index]
    assert found == {"period": "8 works by 4 artists", "style": "1 work by 1 artist"}


@pytest.mark.slow
def test_map_page_keys_step_through_works_of_the_filtered_artist(html: str, tmp_path: Path) -> None:
    data = data_of(html)
    page = tmp_path / "map.html"
    page.write_text(
        with_script(
            html,
            "const filter = document.getElementById('filter'); filter.value = 'PAINTER 9';"
            "filter.dispatchEvent(new Event('input'));"
            "document.getElementById('map').dispatchEvent(new KeyboardEvent('keydown', {key: 'n'}));",
        ),
        encoding="utf-8",
    )
    dom, messages = open_in_browser(page, tmp_path)
    assert "CONSOLE" not in messages
    number = [artist[0] for artist in data["artists"]].index("Painter 9")
    mine = [work for work in data["works"] if work[2] == number]
    nearest = min(mine, key=lambda work: work[0] ** 2 + work[1] ** 2)
    assert f"{len(mine)} works by 1 artist" in dom
    assert 'class="card shown"' in dom
    assert f'<b id="work">{nearest[5]}, {nearest[6]}</b>' in dom
    assert '<div id="artist">Painter 9</div>' in dom


@pytest.mark.slow
def test_map_page_escapes_titles_and_names(projection: Projection, small_index: PaintingIndex, tmp_path: Path) -> None:
    hostile = replace(
        projection,
        works=tuple(replace(work, title=HOSTILE, date=HOSTILE) for work in projection.works),
        artists=tuple(f"{HOSTILE} {name} $x_1$" for name in projection.artists),
    )
    draw_map_picture(tmp_path / "map.png", hostile, small_index.digest)
    page = tmp_path / "map.html"
    write_map_page(page, hostile, small_index, (tmp_path / "map.png").read_bytes())
    html = page.read_text(encoding="utf-8")
    assert html.count("</script>") == 2
    assert data_of(html)["works"][0][5] == HOSTILE
    page.write_text(
        with_script(html, "document.getElementById('map').dispatchEvent(new KeyboardEvent('keydown', {key: 'n'}))"),
        encoding="utf-8",
    )
    dom, messages = open_in_browser(page, tmp_path)
    assert "<title>broken" not in dom
    assert "<img src=" not in dom
    assert "&lt;img src=x onerror=alert(1)&gt;" in dom
    assert "CONSOLE" not in messages


def test_map_page_says_that_it_shows_a_sample(small_index: PaintingIndex, tmp_path: Path) -> None:
    projection = project_index(small_index, max_works=9)
    write_map_page(tmp_path / "map.html", projection, small_index, b"")
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert f"a sample of the {len(small_index)} works" in html
    assert "trustworthiness is" in html


@pytest.mark.parametrize("as_json", [True, False])
def test_show_map_prints_what_was_drawn(files: MapFiles, as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    show_map(files, as_json=as_json)
    said = capsys.readouterr().out
    if as_json:
        assert json.loads(said)["works"] == files.works
    else:
        assert f"{files.works:,} works by {files.artists:,} artists" in said
        assert "map.html" in said
