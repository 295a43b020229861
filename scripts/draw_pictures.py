"""Take the README's pictures, `scripts/answer.png` and `scripts/served.png`, from the pages themselves.

It needs some public-domain paintings and the photograph of one more (`build_sample.py` makes both), Chromium,
playwright and uvicorn (extras `dev` and `serve`):

    python scripts/draw_pictures.py --paintings paintings --photograph "print on a wall.jpg"

The paintings are indexed with the packaged encoder, and the photograph is asked about. A minute on two cores.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from painter_search.index.build import build_painting_index
from painter_search.index.config import BuildIndexConfig
from painter_search.serving.config import ServeConfig

SCRIPTS = Path(__file__).parent
WIDTH, ANSWER_HEIGHT, SERVED_HEIGHT = 1000, 860, 760
COLOURS = 120
"""Of the pictures, which keeps them below 150 KB each."""


@contextmanager
def served(index: Path) -> Iterator[str]:
    """The address of a server of an index in this process."""
    import uvicorn

    from painter_search.serving.application import create_application
    from painter_search.serving.current_index import CurrentIndex
    from painter_search.serving.service import Service

    application = create_application(ServeConfig(index), Service(CurrentIndex(index)), None)
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def take_pictures(address: str, asked: Path, out: Path) -> None:
    """Ask about a photograph in the browser, before and after."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page: Any = browser.new_page(viewport={"width": WIDTH, "height": SERVED_HEIGHT})
        page.goto(address)
        page.set_input_files("#files", str(asked))
        page.wait_for_timeout(1000)  # the picture in the tray is drawn
        page.screenshot(path=out / "served.png")
        page.click("[data-submit]")
        page.wait_for_url("**/answers/*")
        page.wait_for_load_state("networkidle")
        page.set_viewport_size({"width": WIDTH, "height": ANSWER_HEIGHT})
        page.screenshot(path=out / "answer.png")
        browser.close()
    for name in ("served.png", "answer.png"):
        with Image.open(out / name) as picture:
            reduced = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        reduced.save(out / name, optimize=True)
        print(f"{out / name}: {(out / name).stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Read the flags, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paintings", type=Path, required=True, help="folder that build_sample.py wrote")
    parser.add_argument("--photograph", type=Path, required=True, help="the photograph that it wrote")
    parser.add_argument("--out", type=Path, default=SCRIPTS, help="folder for the pictures")
    flags = parser.parse_args()
    for path in (flags.paintings, flags.photograph):
        if not path.exists():
            parser.error(f"{path} does not exist: `python scripts/build_sample.py --paintings` makes it")
    with tempfile.TemporaryDirectory() as scratch:
        config = BuildIndexConfig(folder=flags.paintings, layout="artist-title", index=Path(scratch, "index"))
        build_painting_index(config)
        with served(config.index) as address:
            take_pictures(address, flags.photograph, flags.out)


if __name__ == "__main__":
    main()
