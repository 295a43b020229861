"""The server as a user starts it: a process of its own, spoken to over the network."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from painter_search.retrieval.painting_index import PaintingIndex


@pytest.fixture(scope="module")
def server(small_index: PaintingIndex, load: Any) -> Iterator[tuple[subprocess.Popen, str]]:
    """A server and its address."""
    started, address = load.start_server(small_index.folder)
    yield started, address
    started.terminate()
    started.wait(20)


def test_fifty_clients_at_once_get_answers_and_nothing_else(server: Any, load: Any, painted_originals: Path) -> None:
    process, address = server
    paintings = [path.read_bytes() for path in sorted(painted_originals.iterdir())[:8]]
    found = load.ask_again_and_again(address, paintings, 50, 3, process.pid)
    assert set(found.statuses) <= {200, 503}
    assert found.polite
    assert found.statuses[200] > 10
    with urllib.request.urlopen(f"{address}/api/health", timeout=20) as answer:
        assert json.load(answer)["waiting"] == 0


def test_past_the_queue_clients_are_asked_to_come_again_and_served_then(
    small_index: PaintingIndex, load: Any, painted_originals: Path
) -> None:
    started, address = load.start_server(small_index.folder, "--queue", "2")
    try:
        paintings = [path.read_bytes() for path in sorted(painted_originals.iterdir())[:4]]
        found = load.ask_again_and_again(address, paintings, 12, 1, started.pid)
        assert set(found.statuses) == {200, 503}
        assert found.polite
    finally:
        started.terminate()
        started.wait(20)


def test_it_leaves_nothing_on_disk_and_no_process_behind(
    small_index: PaintingIndex, load: Any, painting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started, address = load.start_server(small_index.folder)
    large = painting.read_bytes() + bytes(3_000_000)
    assert load.post_painting(f"{address}/api/query", large)[0] == 200
    assert load.post_painting(f"{address}/answers", large)[0] == 200
    children = load.children_of(started.pid)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 1000]
    assert kept == []
    started.send_signal(signal.SIGINT)
    assert started.wait(20) == 0
    time.sleep(0.5)
    assert not [child for child in children if _runs(child)]


def test_it_imports_no_torch(small_index: PaintingIndex, painting: Path, load: Any, tmp_path: Path) -> None:
    code = (
        "import sys, atexit, pathlib; from painter_search.serve import main\n"
        "if __name__ == '__main__':\n"
        "    heavy = lambda: ' '.join(m for m in ('torch', 'pandas', 'matplotlib', 'sklearn') if m in sys.modules)\n"
        f"    atexit.register(lambda: pathlib.Path({str(tmp_path / 'heavy')!r}).write_text(heavy()))\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    (tmp_path / "door.py").write_text(code)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--index", str(small_index.folder), "--port", str(port), "--no-browser"]
    started = subprocess.Popen([sys.executable, str(tmp_path / "door.py"), *flags], stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    assert load.post_painting(f"http://127.0.0.1:{port}/answers", painting.read_bytes())[0] == 200
    started.send_signal(signal.SIGINT)
    started.wait(20)
    assert (tmp_path / "heavy").read_text() == ""


def test_what_hinders_it_is_a_sentence(small_index: PaintingIndex, server: Any, tmp_path: Path) -> None:
    port = server[1].rsplit(":", 1)[1]
    (tmp_path / "CURRENT").write_text("gone")
    missing = (
        "import sys; sys.modules['fastapi'] = None; from painter_search.serve import main; sys.exit(main(sys.argv[1:]))"
    )
    door = ["-m", "painter_search.serve"]
    for start, flags, sentence in (
        (door, ["--index", small_index.folder, "--port", port], f"port {port} is in use"),
        (door, ["--index", tmp_path], "names 'gone', which is not there"),
        (door, ["--index", tmp_path / "none"], "holds no index"),
        (door, ["--index", small_index.folder, "--host", "192.0.2.1", "--port", "0"], "192.0.2.1"),
        (["-c", missing], ["--index", small_index.folder], "pip install 'painter-search[serve]'"),
    ):
        done = subprocess.run(
            [sys.executable, *start, *map(str, flags), "--no-browser"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 1
        assert sentence in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
