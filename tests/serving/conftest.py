"""A server of the small world."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig
from painter_search.encoder.checkpoint import save_checkpoint, start_encoder
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.settings import IndexConfig
from painter_search.serving.settings import ServeConfig

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")


@pytest.fixture(scope="session")
def opened() -> Any:
    """`opened(config, token, base)` is a client of a server of its own; enter it to start the server."""
    return open_client


def open_client(config: ServeConfig, token: str | None = None, base: str = "http://127.0.0.1") -> Any:
    from starlette.testclient import TestClient

    from painter_search.serving.application import new_application
    from painter_search.serving.current import CurrentIndex

    application = new_application(config, CurrentIndex(config.index), token)
    return TestClient(application, base_url=base, raise_server_exceptions=False)


@pytest.fixture(scope="session")
def serve_config(small_index: PaintingIndex) -> ServeConfig:
    return ServeConfig(index=small_index.folder)


@pytest.fixture(scope="session")
def client(serve_config: ServeConfig) -> Iterator[Any]:
    """A client of a server of the small index."""
    with open_client(serve_config) as opened:
        yield opened


@pytest.fixture(scope="session")
def painting(painted_originals: Path) -> Path:
    """A painting by a painter whom the small index lacks."""
    return painted_originals / "0-0.jpg"


@pytest.fixture(scope="session")
def load() -> Any:
    """scripts/serve_load.py."""
    spec = importlib.util.spec_from_file_location("serve_load", Path(__file__).parents[2] / "scripts" / "serve_load.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["serve_load"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def address(small_index: PaintingIndex, load: Any) -> Iterator[str]:
    """The address of a server in a process of its own."""
    yield from _served(small_index, load)


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """The built-in sample, indexed by an untrained encoder with a calibration."""
    home = tmp_path_factory.mktemp("sample")
    prepare_collection(PrepareConfig(out=home / "data", workers=1))
    known = (-4.64, -11.29, -11.92, -1.49)
    plain = {"pair": (12.0, -13.0), "known": known, "sharpness": 20.0, "threshold": 0.5, "artists": 6, "works": 35}
    save_checkpoint(
        home / "encoder.pt", start_encoder("resnet18", "none", seed=1, image_side=128), "whole", confidence=plain
    )
    config = IndexConfig(data=(home / "data",), encoder=str(home / "encoder.pt"), index=home / "index", device="cpu")
    return PaintingIndex.build(config)


@pytest.fixture(scope="session")
def sample_address(sample_index: PaintingIndex, load: Any) -> Iterator[str]:
    """The address of a server of the sample's index in a process of its own."""
    yield from _served(sample_index, load)


def _served(index: PaintingIndex, load: Any) -> Iterator[str]:
    started, found = load.start_server(index.folder)
    yield found
    started.terminate()
    started.wait(20)


@pytest.fixture(scope="session")
def queries() -> list[Path]:
    """Pictures that the sample's index lacks."""
    spec = importlib.util.find_spec("painter_search")
    assert spec is not None
    assert spec.origin is not None
    return sorted((Path(spec.origin).parent / "collection" / "sample" / "queries").iterdir())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright, whose event loop runs on meanwhile: files that run one of their own bear none."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
