import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.settings import REQUEST_BYTES, ServeConfig

httpx = pytest.importorskip("httpx")
guard = pytest.importorskip("painter_search.serving.guard")
TOKEN = "a-token-that-nobody-guesses"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost:1", "[::1]:8765", "LOCALHOST"])
def test_it_answers_under_the_names_of_this_machine(client: Any, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.7:8765",
        "",
        "[::2]",
        "a@b",
        "[::1]evil.example",
        "[127.0.0.1",
        "127.0.0.1:evil.example",
    ],
)
def test_it_does_not_answer_under_another_name(client: Any, host: str) -> None:
    answered = client.get("/api/health", headers={"Host": host})
    assert answered.status_code == 421
    assert "error" in answered.json()


def test_open_to_the_network_it_answers_with_the_token_alone(small_index: PaintingIndex, opened: Any) -> None:
    config = ServeConfig(index=small_index.folder, host="0.0.0.0")
    with opened(config, TOKEN, "http://192.168.1.7:8765") as client:
        assert client.get("/api/health").status_code == 401
        assert client.get("/").status_code == 401
        assert client.get("/?token=wrong").status_code == 401
        assert client.get("/api/health", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/api/health", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert client.get("/api/health", headers={"Cookie": "painter_search=wrong"}).status_code == 401
        assert client.get("/api/health", headers={"Cookie": "\x01;;=;painter_search"}).status_code == 401
        assert client.get("/api/health", headers={"Host": "evil.example"}).status_code == 421
        led = client.get(f"/artists?q=9&token={TOKEN}", follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (303, "/artists?q=9")
        assert "httponly" in led.headers["set-cookie"].lower()
        assert "samesite=strict" in led.headers["set-cookie"].lower()
        elsewhere = client.get(f"//evil.example/?token={TOKEN}", follow_redirects=False)
        assert not elsewhere.headers.get("location", "").startswith("//")
        assert client.get("/artists?q=9").status_code == 200


def test_listening_to_this_machine_alone_needs_no_token() -> None:
    assert ServeConfig().private
    assert ServeConfig(host="localhost").private
    assert ServeConfig(host="::1").private
    assert not ServeConfig(host="0.0.0.0").private
    assert not ServeConfig(host="museum.example").private


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "x"},
        {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"},
    ],
)
def test_other_pages_cannot_send_paintings(client: Any, painting: Path, headers: dict[str, str]) -> None:
    files = {"paintings": ("a.jpg", painting.read_bytes())}
    assert client.post("/api/query", files=files, headers=headers).status_code == 403
    ours = {"Origin": "http://127.0.0.1"}
    assert client.post("/api/query", files=files, headers=ours).status_code == 200


def test_a_request_says_its_length_and_is_not_too_large(client: Any) -> None:
    unsaid = client.post("/api/query", content=iter([b"x"]))
    assert unsaid.status_code == 411
    for length, status in ((str(REQUEST_BYTES + 1), 413), ("-1", 411), ("9" * 30, 413), ("٣", 411)):
        scope_headers = {"Content-Length": length.encode("utf-8"), "Content-Type": "multipart/form-data; boundary=x"}
        assert client.post("/api/query", content=b"x", headers=scope_headers).status_code == status


def test_a_request_that_stops_arriving_makes_way(
    serve_config: ServeConfig, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SILENT_SECONDS", 0.2)

    async def half() -> AsyncIterator[bytes]:
        yield b"--x"
        await asyncio.sleep(1)
        yield b"more"

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
            headers = {"Content-Length": "1000", "Content-Type": "multipart/form-data; boundary=x"}
            return await sender.post("/api/query", content=half(), headers=headers)

    with opened(serve_config) as client:
        late = asyncio.run(send())
        assert client.app.requests == 0
    assert late.status_code == 408
    assert "stopped arriving" in late.json()["error"]


def test_past_the_queue_others_are_asked_to_come_again(small_index: PaintingIndex, painting: Path, opened: Any) -> None:
    with opened(ServeConfig(index=small_index.folder, queue=1)) as client:
        files = {"paintings": ("a.jpg", painting.read_bytes())}
        client.app.requests = 1
        busy = client.post("/api/query", files=files)
        assert busy.status_code == 503
        assert int(busy.headers["Retry-After"]) > 0
        assert client.get("/api/health").json()["waiting"] == 1
        client.app.requests = 0
        assert client.post("/api/query", files=files).status_code == 200
        assert (client.app.requests, client.app.bytes) == (0, 0)


def test_every_answer_bears_a_strict_policy(client: Any) -> None:
    for address in ("/", "/artists", "/works/1", "/nowhere", "/api/health", "/static/serve.js"):
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_run_no_script_but_our_own_files(client: Any) -> None:
    import re

    for address in ("/", "/artists", "/artists/Painter 9", "/works/1", "/compare", "/api"):
        html = client.get(address).text
        assert "http://" not in html.replace("http://127.0.0.1/api/query", "")
        assert "https://" not in html
        assert not re.search(r"<[^>]+\son\w+=", html)
        assert all(found == 'src="/static/serve.js" defer' for found in re.findall(r"<script ?([^>]*)>", html))
