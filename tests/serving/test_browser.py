"""The pages as a person uses them: Chromium, driven by Playwright, on the sample's index."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from waiting import wait_until

from painter_search.index.painting_index import PaintingIndex

pytestmark = pytest.mark.slow
Ask = Callable[..., None]


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


def chosen(page: Any, field: str = "#files") -> list[str]:
    """The names of the files that a form's field would send."""
    names: list[str] = page.evaluate(f"[...document.querySelector('{field}').files].map((file) => file.name)")
    return names


def test_dropped_painting_is_answered_and_links_to_artist_work_and_parts(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    transfer(page, "drop", "[data-drop]", queries[0])
    page.wait_for_selector("[data-chosen] canvas")
    page.keyboard.press("Enter")  # the button is focused
    page.wait_for_url("**/answers/*")
    first = page.inner_text("section.artist h2 a >> nth=0")
    page.click("section.artist h2 a >> nth=0")
    assert page.inner_text("h1") == first
    page.go_back()
    page.click("section.artist figure a >> nth=0")
    assert page.inner_text("section h2 >> nth=0") == "More like this"
    page.go_back()
    page.click("text=matching parts >> nth=0")
    assert page.inner_text(".eyebrow") == "Two paintings compared"
    assert page.is_visible("img.parts >> nth=0")
    page.uncheck("#parts")
    assert page.is_visible("img.plain >> nth=0")
    assert not page.is_visible(".part >> nth=0")
    page.click(f"figcaption a:text-is('{queries[0].name}')")
    page.wait_for_url("**/answers/*")


def test_tray_adds_shows_and_removes_files(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    page.set_input_files("#files", str(queries[2]))
    page.set_input_files("#files", str(queries[1]))  # a second choice adds to the first
    transfer(page, "paste", "body", queries[0])
    transfer(page, "drop", "footer", queries[0])  # the same file again, but for its time
    names = [queries[2].name, queries[1].name, queries[0].name]
    assert chosen(page)[:3] == names
    assert page.locator("[data-chosen] li").count() == len(chosen(page))
    page.click(f"[aria-label='Remove {queries[1].name}']")
    assert queries[1].name not in chosen(page)
    assert page.inner_text("[data-submit]") == f"Ask about {len(chosen(page))} paintings"
    assert "MB of 200 MB" in page.inner_text("[data-status]") or "kB of 200 MB" in page.inner_text("[data-status]")
    page.click("[data-reset]")
    wait_until(page, "document.activeElement.id === 'files'")
    assert chosen(page) == []
    assert page.locator("[data-chosen] li").count() == 0
    assert not page.is_visible("[data-reset]")


def test_tray_shows_how_much_was_sent(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    page.evaluate(
        """(() => { const bar = document.querySelector("[data-progress]");
            const note = () => { window.name += bar.hidden ? "" : "sent " };
            new MutationObserver(note).observe(bar, { attributes: true }); })()"""
    )
    page.set_input_files("#files", str(queries[0]))
    page.click("[data-submit]")
    page.wait_for_url("**/answers/*")
    assert "sent" in page.evaluate("window.name")


def test_errors_are_said_in_place_and_files_are_kept(
    page: Any, queries: list[Path], sample_index: PaintingIndex, tmp_path: Path
) -> None:
    artist = sample_index.works.get([1])[0].artist
    page.goto("/")
    page.click("[data-submit]")
    assert page.inner_text("[data-status]") == "Choose a painting first."
    assert page.evaluate("document.activeElement.id") == "files"
    page.set_input_files("#files", [str(file) for file in queries[:2]])
    page.click("summary >> nth=0")
    page.fill("input[name=artist]", f"{artist[:-1]}q")
    page.expected.append("400")
    page.click("[data-submit]")
    page.wait_for_selector("[data-problem]:not([hidden])")
    assert f"{artist[:-1]}q is not in this index, so cannot be named; did you mean {artist}" in page.inner_text(
        "[data-problem]"
    )
    assert chosen(page) == [file.name for file in queries[:2]]
    page.click("[data-reset]")
    page.wait_for_selector("[data-chosen]:empty", state="attached")
    bad = tmp_path / "bad.jpg"
    bad.write_text("no painting")
    page.set_input_files("#files", str(bad))
    page.click("[data-submit]")
    page.wait_for_selector("[data-problem] li")
    assert page.inner_text("[data-problem] li") == "bad.jpg: a text file, not an image"
    assert chosen(page) == ["bad.jpg"]
    page.goto(f"/artists?q={artist[:-1]}q")
    assert "so cannot be named" in page.inner_text("main")
    assert page.is_visible(f"main a:text-is('{artist}')")


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


def test_painting_is_cropped_before_and_after_asking(page: Any, queries: list[Path], ask: Ask) -> None:
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


def test_what_is_too_much_is_said_before_it_is_sent(page: Any, queries: list[Path]) -> None:
    page.goto("/")
    many = [{"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": b"%d" % number} for number in range(51)]
    page.set_input_files("#files", many)
    assert page.inner_text("[data-status]") == "51 of at most 50 files: take some away, and ask about them next."
    assert page.is_disabled("[data-submit]")
    page.click("[aria-label='Remove 50.jpg']")
    assert page.is_enabled("[data-submit]")
    page.evaluate(
        """(() => { const files = new DataTransfer(), field = document.querySelector("#files");
            files.items.add(new File([new Uint8Array(51_000_000)], "scan.jpg", { type: "image/jpeg" }));
            field.files = files.files; field.dispatchEvent(new Event("change")); })()"""
    )
    assert page.inner_text("[data-status]").startswith("scan.jpg has 51 MB, and a file at most 50 MB")
    assert page.is_disabled("[data-submit]")


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


def test_what_cannot_be_sent_is_named(page: Any, queries: list[Path], tmp_path: Path) -> None:
    page.goto("/")
    page.set_input_files("#files", str(queries[0]))
    page.click("text=Show more or fewer artists")
    page.fill("input[name=top]", "60")
    page.expected += ["400", "ERR_UPLOAD_FILE_CHANGED", "ERR_FILE_NOT_FOUND"]
    page.click("[data-submit]")
    page.wait_for_selector("[data-problem]:not([hidden])")
    assert page.inner_text("[data-problem]") == "Artists to name: give a number from 1 to 50."
    page.goto("/")
    moved = tmp_path / "moved.webp"
    moved.write_bytes(queries[0].read_bytes())
    page.set_input_files("#files", str(moved))
    page.wait_for_selector("[data-chosen] canvas")
    moved.unlink()
    page.click("[data-submit]")
    page.wait_for_selector("[data-problem]:not([hidden])")
    assert page.inner_text("[data-problem]").startswith("moved.webp has changed or cannot be read")
    page.goto("/")
    page.evaluate("DataTransferItem.prototype.webkitGetAsEntry = () => ({ isDirectory: true })")
    transfer(page, "drop", "[data-drop]", queries[0])
    assert page.inner_text("[data-status]") == "A folder cannot be sent; choose the pictures in it."
    assert chosen(page) == []


def test_map_says_that_a_work_is_not_in_its_sample(page: Any) -> None:
    page.goto("/map?work=999999")
    page.wait_for_selector("#map", state="attached", timeout=90_000)
    assert page.inner_text("#status") == "This work is not in the map's sample."


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


def test_compare_page_takes_dropped_files_on_either_side(page: Any, queries: list[Path]) -> None:
    page.goto("/compare")
    transfer(page, "drop", "#other", queries[0])
    transfer(page, "drop", "footer", queries[1])  # goes to the empty side
    assert chosen(page, "#one") == [queries[1].name]
    page.click("[data-submit]")
    page.wait_for_url("**/comparisons/*")
    assert page.locator(".compared figure").count() == 2


def test_query_form_filters_the_answer_and_keeps_its_fields(page: Any, queries: list[Path], ask: Ask) -> None:
    ask(page, queries[0])
    first = page.inner_text("section.artist h2 a >> nth=0")
    page.goto("/")
    page.click("summary")
    page.fill("input[name=exclude_artist]", first.lower())
    page.fill("input[name=since]", "2000")
    ask(page, queries[0])
    assert f"without {first}, since 2000" in page.inner_text("main")
    assert first not in page.inner_text("section.artist h2 >> nth=0")
    page.go_back()  # the fields are still filled in and visible
    assert page.input_value("input[name=since]") == "2000"
    assert page.is_visible("input[name=since]")


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


def test_keys_search_step_show_parts_and_can_be_switched_off(page: Any, queries: list[Path], ask: Ask) -> None:
    page.goto("/artists")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("jk")  # a field takes the letters
    assert page.input_value("input[name=q]") == "jk"
    page.goto("/artists")
    names = []
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
        names.append(page.evaluate("document.activeElement.textContent"))
    assert names[0] == names[2] != names[1]
    page.goto("/compare?painting=1&painting=4")
    page.keyboard.press("p")
    assert not page.is_checked("#parts")
    page.keyboard.press("?")
    assert page.is_visible("dialog.keys-help")
    page.uncheck("dialog.keys-help input")
    page.click("dialog.keys-help button")
    page.keyboard.press("p")
    assert not page.is_checked("#parts")  # as it was: the keys are off
    page.keyboard.press("+")
    assert page.locator(".zoomed").count() == 0
    page.keyboard.press("?")
    page.check("dialog.keys-help input")
    page.keyboard.press("+")  # an open dialog takes the keys
    assert page.locator(".zoomed").count() == 0
    page.click("dialog.keys-help button")
    page.keyboard.press("+")
    assert page.locator(".zoomed").count() == 2
