"""The page to ask on, in a browser: its tray of files, its fields, its errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from form_files import chosen, transfer
from waiting import wait_until

from painter_search.index.painting_index import PaintingIndex

pytestmark = pytest.mark.slow
Ask = Callable[..., None]


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
