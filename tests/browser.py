"""A page opened in a browser, where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest


def open_in_browser(page: Path, home: Path, width: int = 800) -> tuple[str, str]:
    """The page's elements once its pictures are there, and what the browser's console had to say."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium on PATH")
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", f"--user-data-dir={home / 'browser'}",
            "--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000", f"--window-size={width},700",
            "--dump-dom", page.resolve().as_uri(),
        ],
        capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def with_report(html: str) -> str:
    """The page with a script that writes into its title how many pictures have loaded, how wide it is and what it
    fetched; the page's own policy would not run it."""
    script = (
        "addEventListener('load', () => { const pictures = [...document.images];"
        "document.title = [pictures.filter((p) => p.complete && p.naturalWidth > 0).length, pictures.length,"
        "document.documentElement.scrollWidth <= innerWidth,"
        "performance.getEntriesByType('resource').filter((r) => !r.name.startsWith('data:')).length].join(' ') })"
    )
    opened = html.replace("style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'")
    return opened.replace("</body>", f"<script>{script}</script></body>")
