"""The server as a user starts it: a process of its own, reached over the network."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from painter_search import serve
from painter_search.index.painting_index import PaintingIndex


@pytest.mark.slow
def test_server_answers_fifty_clients_at_once(server: Any, benchmark_serve: Any, painted_originals: Path) -> None:
    paintings = [path.read_bytes() for path in sorted(painted_originals.iterdir())[:8]]
    load = benchmark_serve.query_for(server.address, paintings, 50, 2, server.process.pid)
    assert set(load.statuses) <= {200, 503}
    assert load.retry_announced
    assert load.statuses[200] > 10
    with urllib.request.urlopen(f"{server.address}/api/health", timeout=20) as answer:
        assert json.load(answer)["waiting"] == 0


@pytest.mark.slow
def test_server_tells_clients_beyond_the_queue_to_retry_and_serves_them_then(
    small_index: PaintingIndex, benchmark_serve: Any, painted_originals: Path
) -> None:
    process, address = benchmark_serve.start_server(small_index.folder, "--queue", "2")
    try:
        paintings = [path.read_bytes() for path in sorted(painted_originals.iterdir())[:4]]
        load = benchmark_serve.query_for(address, paintings, 12, 1, process.pid)
        assert set(load.statuses) == {200, 503}
        assert load.retry_announced
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.slow
def test_server_writes_no_uploads_to_disk_and_leaves_no_process_behind(
    small_index: PaintingIndex, benchmark_serve: Any, painting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process, address = benchmark_serve.start_server(small_index.folder)
    large = painting.read_bytes() + bytes(3_000_000)
    assert benchmark_serve.post_painting(f"{address}/api/query", large)[0] == 200
    assert benchmark_serve.post_painting(f"{address}/answers", large)[0] == 200
    children = benchmark_serve.children_of(process.pid)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 1000] == []
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    deadline = time.monotonic() + 5
    while any(_is_running(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [child for child in children if _is_running(child)]


@pytest.mark.slow
def test_server_open_to_the_network_prints_a_new_token_at_every_start(
    small_index: PaintingIndex, benchmark_serve: Any
) -> None:
    tokens = set()
    for _ in range(2):
        process, address = benchmark_serve.start_server(small_index.folder, "--host", "0.0.0.0")
        try:
            (token,) = parse_qs(urlsplit(address).query)["token"]
            health = f"http://127.0.0.1:{urlsplit(address).port}/api/health"
            given = ({}, {"token": token[:-1]}, {"token": token})
            answers = [httpx.get(health, params=params, follow_redirects=True, timeout=60) for params in given]
            assert [answer.status_code for answer in answers] == [401, 401, 200]
            tokens.add(token)
        finally:
            process.terminate()
            process.wait(20)
    assert len(tokens) == 2


@pytest.mark.parametrize(("flags", "token"), [((), False), (("--host", "0.0.0.0"), True)])
def test_serve_opens_the_printed_address_in_the_browser(
    flags: tuple[str, ...], token: bool, small_index: PaintingIndex,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    opened: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(webbrowser, "open", opened.put)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    words = ["--index", str(small_index.folder), "--port", "0", "--json", *flags]
    assert serve.main(words) == 0
    address = json.loads(capsys.readouterr().out)["address"]
    assert ("?token=" in address) == token
    assert opened.get(timeout=20) == address
    assert serve.main([*words, "--no-browser"]) == 0
    assert opened.empty()


@pytest.mark.slow
def test_server_imports_no_torch(
    small_index: PaintingIndex, painting: Path, benchmark_serve: Any, tmp_path: Path
) -> None:
    code = (
        "import sys, atexit, pathlib; from painter_search.serve import main\n"
        "if __name__ == '__main__':\n"
        "    heavy = lambda: ' '.join(m for m in ('torch', 'pandas', 'matplotlib', 'sklearn') if m in sys.modules)\n"
        f"    atexit.register(lambda: pathlib.Path({str(tmp_path / 'heavy')!r}).write_text(heavy()))\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    with _running(code, small_index.folder, tmp_path) as address:
        assert benchmark_serve.post_painting(f"{address}/answers", painting.read_bytes())[0] == 200
    assert (tmp_path / "heavy").read_text() == ""


@pytest.mark.slow
def test_server_asks_nothing_of_the_network(home: Path, painting: Path, tmp_path: Path) -> None:
    # Watched from the top of the script, so that the processes that decode and draw the map are watched, too.
    code = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.sendto', 'socket.getaddrinfo', 'socket.gethostbyname'):\n"
        f"        with open({str(tmp_path / 'asked')!r}, 'a') as file:\n"
        "            print(event, *arguments, file=file)\n"
        "sys.addaudithook(watch)\n"
        "if __name__ == '__main__':\n"
        "    from painter_search.serve import main\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    content = painting.read_bytes()
    with (
        _running(code, home, tmp_path) as address,
        httpx.Client(base_url=address, timeout=60, follow_redirects=True) as client,
    ):
        assert "Painter 9" in client.post("/answers", files={"paintings": ("a.jpg", content)}).text
        both = [("one", ("a.jpg", content)), ("other", ("b.jpg", content))]
        assert "Two paintings compared" in client.post("/compare", files=both).text
        deadline = time.monotonic() + 120
        while "being drawn" in (shown := client.get("/map").text) and time.monotonic() < deadline:
            time.sleep(0.3)
        assert "works by similarity" in shown
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked  # the address that it listens on, at least
    assert [line for line in asked if "127.0.0.1" not in line] == []


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--index", "{index}", "--port", "{port}"], "port {port} is in use"),
        (["--index", "{home}"], "names 'gone', which is not there"),
        (["--index", "{home}/none"], "none does not exist; name the folder"),
        (["--index", "{index}", "--host", "192.0.2.1", "--port", "0"], "192.0.2.1"),
    ],
)
def test_serve_prints_why_it_cannot_start(
    flags: list[str],
    sentence: str,
    small_index: PaintingIndex,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "CURRENT").write_text("gone")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        names = {"index": small_index.folder, "home": tmp_path, "port": taken.getsockname()[1]}
        code = serve.main([*(flag.format(**names) for flag in flags), "--no-browser"])
    error = capsys.readouterr().err
    assert code == 1
    assert sentence.format(**names) in error
    assert len(error.strip().splitlines()) == 1


def test_serve_names_the_extra_of_a_missing_package(
    small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("painter_search.serving.application")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert serve.main(["--index", str(small_index.folder), "--no-browser"]) == 1
    error = capsys.readouterr().err
    assert "pip install 'painter-search[serve]'" in error
    assert len(error.strip().splitlines()) == 1


@contextmanager
def _running(code: str, index: Path, folder: Path) -> Iterator[str]:
    """A server that runs as a script, `code`, in a folder; gives its address."""
    (folder / "start.py").write_text(code)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--index", str(index), "--port", str(port), "--no-browser"]
    process = subprocess.Popen([sys.executable, str(folder / "start.py"), *flags], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
