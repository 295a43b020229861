"""Servers of small indexes, and a browser."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

import pytest
from browser import find_chromium
from shared_world import made_once
from staged_net import BACKBONE, register_staged_backbone

from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.display.pages.index_page import write_index_page
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.network import untrained_network
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import ServeConfig

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")
pytest.importorskip("cachetools")

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark_serve.py"


class RunningServer(NamedTuple):
    """A server in a process of its own."""

    process: Popen[str]
    address: str


@pytest.fixture(scope="session")
def new_client() -> Callable[..., Any]:
    """`new_client(config, token, …)` makes a client of a new application in this process; enter it to start it."""
    from starlette.testclient import TestClient

    from painter_search.serving.application import create_application
    from painter_search.serving.current_index import CurrentIndex
    from painter_search.serving.decoder_pool import DecoderPool
    from painter_search.serving.service import Service

    def new(
        config: ServeConfig,
        token: str | None = None,
        base_url: str = "http://127.0.0.1",
        decoders: DecoderPool | None = None,
        **options: Any,
    ) -> TestClient:
        service = Service(CurrentIndex(config.index), decoders)
        application = create_application(config, service, token, **options)
        return TestClient(application, base_url=base_url, raise_server_exceptions=False)

    return new


@pytest.fixture(scope="session")
def serve_config(small_index: PaintingIndex) -> ServeConfig:
    return ServeConfig(index=small_index.folder)


@pytest.fixture(scope="session")
def client(serve_config: ServeConfig, new_client: Callable[..., Any]) -> Iterator[Any]:
    """A client of an application with the small index."""
    with new_client(serve_config) as client:
        yield client


@pytest.fixture(scope="session")
def painting(painted_originals: Path) -> Path:
    """A painting by an artist who is not in the small index."""
    return painted_originals / "0-0.jpg"


@pytest.fixture(scope="session")
def benchmark_serve() -> Any:
    """The module `scripts/benchmark_serve.py`, which starts servers and loads them."""
    spec = importlib.util.spec_from_file_location("benchmark_serve", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmark_serve"] = module
    sys.path.append(str(SCRIPT.parent))  # as for a script that is run, which imports what lies beside it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def server(small_index: PaintingIndex, benchmark_serve: Any) -> Iterator[RunningServer]:
    """A server of the small index, shared by all tests."""
    yield from _run_server(small_index, benchmark_serve)


@pytest.fixture(scope="session")
def address(server: RunningServer) -> str:
    """The address of the server of the small index."""
    return server.address


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """The built-in sample, indexed by an untrained encoder with a calibration."""
    return PaintingIndex.load(made_once(tmp_path_factory, "sample", _index_sample) / "index")


def _index_sample(home: Path) -> None:
    prepare_collection(PrepareConfig(out=home / "data", workers=1))
    known = (-4.64, -11.29, -11.92, -1.49)
    confidence = {"pair": (12.0, -13.0), "known": known, "sharpness": 20.0, "threshold": 0.5, "artists": 6, "works": 35}
    register_staged_backbone()
    encoder = untrained_network(BACKBONE, "none", seed=1, img_size=128)
    save_checkpoint(home / "encoder.safetensors", encoder, "whole", confidence=confidence)
    config = BuildIndexConfig(
        data=(home / "data",), encoder=str(home / "encoder.safetensors"), index=home / "index", device="cpu"
    )
    index = PaintingIndex.build(config)
    write_index_page(index)


@pytest.fixture(scope="session")
def sample_address(sample_index: PaintingIndex, benchmark_serve: Any) -> Iterator[str]:
    """The address of a server of the sample's index, shared by all tests in a browser."""
    for server in _run_server(sample_index, benchmark_serve):
        yield server.address


def _run_server(index: PaintingIndex, benchmark_serve: Any) -> Iterator[RunningServer]:
    process, address = benchmark_serve.start_server(index.folder)
    yield RunningServer(process, address)
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def queries() -> list[Path]:
    """The sample's query pictures, which its index does not hold."""
    spec = importlib.util.find_spec("painter_search")
    assert spec is not None
    assert spec.origin is not None
    return sorted((Path(spec.origin).parent / "collection" / "sample" / "queries").iterdir())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium driven by Playwright, whose event loop runs until the module ends: its tests cannot run another."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = find_chromium()
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, sample_address: str) -> Iterator[Any]:
    """A page whose console errors, and requests to other servers, fail the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 800}, base_url=sample_address)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    errors: list[str] = []
    opened.expected = []  # parts of messages that a test brings about
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith((sample_address, "data:")) else errors.append(r.url))
    yield opened
    context.close()
    assert [error for error in errors if not any(part in error for part in opened.expected)] == []


@pytest.fixture(scope="session")
def ask() -> Callable[..., None]:
    """`ask(page, *files)` asks about paintings from the form."""

    def ask(page: Any, *files: Path) -> None:
        if page.url == "about:blank":
            page.goto("/")
        page.set_input_files("#files", [str(file) for file in files])
        page.click("[data-submit]")
        page.wait_for_url("**/answers/*")

    return ask
