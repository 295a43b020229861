"""Pages opened in headless Chromium, and what their markup holds."""

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def find_chromium() -> str:
    """The path of the browser named in CHROMIUM, or else of Chromium or Chrome; skips the test if there is none."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)) is not None:
            return path
    pytest.skip("needs chromium on the PATH, or named in CHROMIUM")


def open_in_browser(page: Path, home: Path, width: int = 800) -> tuple[str, str]:
    """The page's elements once its pictures are loaded, and the messages of the browser's console."""
    done = subprocess.run(
        [
            find_chromium(), *FLAGS, f"--user-data-dir={home / 'browser'}", "--enable-logging=stderr", "--v=0",
            "--virtual-time-budget=3000", f"--window-size={width},700", "--dump-dom", page.resolve().as_uri(),
        ],
        capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def take_screenshot(page: Path, home: Path, width: int = 900, height: int = 1200) -> Path:
    """A screenshot of the page as a PNG file next to it."""
    picture = page.with_suffix(".png")
    flags = (f"--user-data-dir={home / 'browser'}", "--hide-scrollbars", f"--window-size={width},{height}")
    command = [find_chromium(), *FLAGS, *flags, f"--screenshot={picture}", page.resolve().as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return picture


def with_loading_report(html: str) -> str:
    """The page with a script that reports in its title what was loaded; its policy is loosened for the script.

    The title is `LOADED PICTURES FITS FETCHED`: pictures loaded and in all, whether the page fits the window's width,
    and files fetched.
    """
    script = (
        "addEventListener('load', () => { const pictures = [...document.images];"
        "document.title = [pictures.filter((p) => p.complete && p.naturalWidth > 0).length, pictures.length,"
        "document.documentElement.scrollWidth <= innerWidth,"
        "performance.getEntriesByType('resource').filter((r) => !r.name.startsWith('data:')).length].join(' ') })"
    )
    opened = html.replace("style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'")
    return opened.replace("</body>", f"<script>{script}</script></body>")


def assert_accessible_markup(html: str) -> None:
    """Every picture has an alternative text, and headings start at h1 and descend by one level at a time."""
    assert len(re.findall(r"<img ", html)) == len(re.findall(r"<img [^>]*alt=", html))
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


class Tags(HTMLParser):
    """The tags, attribute names and picture sources that a browser would see in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.sources: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.sources += [value or "" for name, value in attrs if name == "src"]
