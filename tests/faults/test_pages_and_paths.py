"""Text of a catalogue is inert in pages and terminals, and no output tells where files lie on the machine."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest
from fault_stories import train
from harness import Killer
from tiny_world import paint_tiny, register_tiny_backbone, save_tiny_encoder

from painter_search.common.terminal import printable

pytestmark = [pytest.mark.slow, pytest.mark.faults]

MARKUP = [
    "<script>alert(1)</script>",
    '" onerror="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "</title><svg/onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "--><iframe src=//evil.example>",
    "\x1b[2J\x1b]0title\x07",
    "&lt;b&gt;",
    "[red]bold[/red]",
    "\u202eEvil",
    "</style><style>*{display:none}$\\frac{$",
]


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Path:
    """Twelve artists with names and titles of markup, prepared, trained and indexed."""
    world = tmp_path_factory.mktemp("a-secret-place")
    with (world / "info.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["artist", "title", "date", "style", "genre", "new_filename"])
        for artist in range(12):
            for work in range(3):
                name, seed = f"{artist}-{work}.jpg", artist * 10 + work
                paint_tiny(world / "originals" / name, seed)
                text = MARKUP[artist]
                rows.writerow([f"{artist} {text}", f"{text} {work}", text, text, text, name])
    prepare = (
        "prepare",
        "--catalogue",
        world / "info.csv",
        "--originals",
        world / "originals",
        "--out",
        world / "data",
    )
    killer.complete(*prepare, "--test-triplets", 1, "--workers", 1, "--name", "markup")
    killer.complete(*train("strong")(world))
    save_tiny_encoder(world / "encoder.safetensors")
    built = ("--encoder", world / "runs" / "one" / "best.safetensors", "--index", world / "index", "--split", "all")
    killer.complete("build-index", "--data", world / "data", *built)
    return world


def ask(world: Path, killer: Killer, *more: object) -> str:
    paintings = [world / "originals" / "0-0.jpg", world / "<b onclick=x>.png"]
    paint_tiny(paintings[1], 77)
    asked = ("query", *paintings, "--index", world / "index", "--top-k", 12, "--page", world / "page.html", *more)
    return killer.complete(*asked)["stdout"]


def test_query_page_and_run_report_show_markup_as_text(world: Path, killer: Killer) -> None:
    ask(world, killer)
    for page in (world / "page.html", world / "runs" / "one" / "report.html"):
        elements = Elements(page.read_text(encoding="utf-8"))
        for tag, attributes in elements.found:
            assert tag not in ("script", "iframe", "object", "embed", "base", "form", "link"), page
            assert not [name for name in attributes if name.startswith("on")], (page, tag)
            assert all((attributes.get(name) or "data:").startswith(("data:", "#")) for name in ("src", "href")), (
                page,
                tag,
            )
        assert [tag for tag, _ in elements.found].count("style") == 1
        assert sum(text in elements.text for text in MARKUP) >= 3
        policy = [a for tag, a in elements.found if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
        assert policy
        assert str(policy[0]["content"]).startswith("default-src 'none'")


def test_map_audit_and_comparison_pages_run_no_foreign_script(world: Path, killer: Killer) -> None:
    one, other = sorted((world / "originals").iterdir())[:2]
    index = ("--index", world / "index")
    assert "Warning" not in killer.complete("map", *index)["stderr"]  # its font lacks some of these letters
    killer.complete("audit", "--data", world / "data", *index, "--page", world / "audit.html")
    killer.complete("compare", one, other, *index, "--page", world / "compare.html")
    pages = [*(world / "index").rglob("map.html"), world / "audit.html", world / "compare.html"]
    assert len(pages) == 3
    for page in pages:
        elements = Elements(page.read_text(encoding="utf-8"))
        scripts = [attributes for tag, attributes in elements.found if tag == "script"]
        assert len(scripts) == (2 if page.name == "map.html" else 0), page
        assert not {"iframe", "object", "embed", "base", "form", "link"} & {tag for tag, _ in elements.found}, page
        for tag, attributes in elements.found:
            assert not [name for name in attributes if name.startswith("on")], (page, tag)
            assert (attributes.get("src") or "data:").startswith("data:"), (page, tag)
        policy = [a["content"] for tag, a in elements.found if tag == "meta" and "http-equiv" in a]
        assert len(policy) == 1
        assert str(policy[0]).startswith("default-src 'none'")
        assert "unsafe-inline" not in str(policy[0]).partition("script-src")[2]
        assert str(world).encode() not in page.read_bytes()


def test_query_escapes_control_characters_for_the_terminal(world: Path, killer: Killer) -> None:
    shown = ask(world, killer)
    assert "\\x1b[2J" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    done = killer.run("query", world / "\x1b[2Jgone.jpg", "--index", world / "index")
    assert done["code"] == 1
    assert "\x1b" not in done["stderr"]


def test_printable_keeps_text_without_control_characters() -> None:
    for text in ("Ёжик 🎨 ä", "two\nlines\tand a tab", "A\u200dB", "\u00a0", "日本"):
        assert printable(text) == text
    assert printable("a\x1b[1m\x9b\r\u202e") == "a\\x1b[1m\\x9b\\r\\u202e"


def test_no_written_file_contains_a_path_of_the_machine(world: Path, killer: Killer) -> None:
    answered = ask(world, killer, "--json")
    assert json.loads(answered)["answers"]
    assert str(world) not in answered
    secret = world.name.encode()
    made = [path for part in ("data", "runs", "index") for path in (world / part).rglob("*") if path.is_file()]
    assert len(made) > 40
    for path in [*made, world / "page.html"]:
        assert secret not in path.read_bytes(), path
        assert str(world.parent).encode() not in path.read_bytes(), path


def test_no_command_prints_a_path_of_the_machine(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world)
    register_tiny_backbone()
    one, other = "originals/0-0.jpg", "originals/1-0.jpg"
    train_again = [str(word) for word in [*train("strong")(Path()), "--resume"]]
    for command, *flags in (
        ("prepare", "--catalogue", "info.csv", "--originals", "originals", "--test-triplets", "1", "--name", "markup"),
        train_again,
        ("build-index", "--encoder", "runs/one/best.safetensors", "--split", "all", "--device", "cpu"),
        ("eval-triplets",),
        ("build-index", "list"),
        ("build-index", "remove", "1"),
        ("build-index", "add", "originals", "--artist", "Somebody"),
        ("audit",),
        ("map",),
        ("compare", one, other),
        ("query", one, "nowhere.jpg", "--page", "page.html"),
    ):
        code = import_module(f"painter_search.{command}").main([*flags, "--json"])
        captured = capsys.readouterr()
        printed = json.loads(captured.out)
        assert code == ("nowhere.jpg" in flags), captured.err
        if code:
            assert [answer.get("reason") for answer in printed["answers"]] == [
                None,
                "cannot be read (No such file or directory)",
            ]
        assert world.name not in captured.out + captured.err, (command, captured)
