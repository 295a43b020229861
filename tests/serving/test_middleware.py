import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import MAX_REQUEST_BYTES, ServeConfig
from painter_search.serving.middleware import Load

httpx = pytest.importorskip("httpx")
TOKEN = "a-token-that-nobody-guesses"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost:1", "[::1]:8765", "LOCALHOST"])
def test_host_header_may_name_this_machine(client: Any, host: str) -> None:
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
def test_host_header_with_another_name_is_refused(client: Any, host: str) -> None:
    answered = client.get("/api/health", headers={"Host": host})
    assert answered.status_code == 421
    assert "error" in answered.json()


def test_server_open_to_the_network_asks_for_its_token(small_index: PaintingIndex, new_client: Any) -> None:
    config = ServeConfig(index=small_index.folder, host="0.0.0.0")
    with new_client(config, TOKEN, "http://192.168.1.7:8765") as client:
        assert client.get("/api/health").status_code == 401
        assert client.get("/").status_code == 401
        assert client.get("/?token=wrong").status_code == 401
        assert client.get("/api/health", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/api/health", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert client.get("/api/health", headers={"Cookie": "\x01;;=;painter_search"}).status_code == 401
        assert client.get("/api/health", headers={"Host": "evil.example"}).status_code == 421
        redirect = client.get(f"/artists?q=9&token={TOKEN}", follow_redirects=False)
        assert (redirect.status_code, redirect.headers["location"]) == (303, "/artists?q=9")
        assert "httponly" in redirect.headers["set-cookie"].lower()
        assert "samesite=lax" in redirect.headers["set-cookie"].lower()  # so that a link in a mail works
        name = redirect.headers["set-cookie"].partition("=")[0]
        wrong = {"Cookie": f"{name}=wrong"}
        assert client.get("/api/health", headers=wrong).status_code == 401
        elsewhere = client.get(f"//evil.example/?token={TOKEN}", follow_redirects=False)
        assert not elsewhere.headers.get("location", "").startswith("//")
        assert client.get("/artists?q=9").status_code == 200


def test_serve_config_is_private_on_loopback_addresses_only() -> None:
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
def test_uploads_from_other_sites_are_refused(client: Any, painting: Path, headers: dict[str, str]) -> None:
    files = {"paintings": ("a.jpg", painting.read_bytes())}
    assert client.post("/api/query", files=files, headers=headers).status_code == 403
    ours = {"Origin": "http://127.0.0.1"}
    assert client.post("/api/query", files=files, headers=ours).status_code == 200


def test_uploads_without_a_length_or_too_large_are_refused(client: Any) -> None:
    unsaid = client.post("/api/query", content=iter([b"x"]))
    assert unsaid.status_code == 411
    for length, status in ((str(MAX_REQUEST_BYTES + 1), 413), ("-1", 411), ("9" * 30, 413), ("٣", 411)):
        scope_headers = {"Content-Length": length.encode("utf-8"), "Content-Type": "multipart/form-data; boundary=x"}
        assert client.post("/api/query", content=b"x", headers=scope_headers).status_code == status


def test_upload_that_stops_arriving_is_given_up(serve_config: ServeConfig, new_client: Any) -> None:
    async def half_a_body() -> AsyncIterator[bytes]:
        yield b"--x"
        await asyncio.sleep(1)
        yield b"more"

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
            headers = {"Content-Length": "1000", "Content-Type": "multipart/form-data; boundary=x"}
            return await sender.post("/api/query", content=half_a_body(), headers=headers)

    with new_client(serve_config, receive_timeout=0.2) as client:
        late = asyncio.run(send())
        assert client.app.load.requests == 0
    assert late.status_code == 408
    assert "stopped arriving" in late.json()["error"]


def test_uploads_beyond_the_queue_are_told_to_retry(
    small_index: PaintingIndex, painting: Path, new_client: Any
) -> None:
    with new_client(ServeConfig(index=small_index.folder, queue=1)) as client:
        files = {"paintings": ("a.jpg", painting.read_bytes())}
        client.app.load.requests = 1
        busy = client.post("/api/query", files=files)
        assert busy.status_code == 503
        assert int(busy.headers["Retry-After"]) > 0
        assert client.get("/api/health").json()["waiting"] == 1
        client.app.load.requests = 0
        assert client.post("/api/query", files=files).status_code == 200
        assert client.app.load == Load()


def test_responses_have_security_headers(client: Any) -> None:
    for address in ("/", "/artists", "/works/1", "/nowhere", "/api/health", "/static/page.js"):
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_have_no_inline_scripts_and_no_foreign_addresses(client: Any) -> None:
    for address in ("/", "/artists", "/artists/Painter 9", "/works/1", "/compare", "/api"):
        html = client.get(address).text
        assert "http://" not in html.replace("http://127.0.0.1/api/query", "")
        assert "https://" not in html
        assert not re.search(r"<[^>]+\son\w+=", html)
        scripts = re.findall(r"<script ?([^>]*)>(.*?)</script>", html)
        assert scripts
        assert all(re.fullmatch(r'src="/static/\w+\.js" defer', source) and not code for source, code in scripts)
        assert "<style" not in html


def test_servers_on_one_host_keep_their_cookies_apart(small_index: PaintingIndex, new_client: Any) -> None:
    config = ServeConfig(index=small_index.folder, host="0.0.0.0")
    with (
        new_client(config, TOKEN, "http://192.168.1.7:8765") as one,
        new_client(config, f"{TOKEN}-too", "http://192.168.1.7:8766") as other,
    ):
        other.cookies = one.cookies  # as browsers do, which ignore the port
        assert one.get(f"/?token={TOKEN}").status_code == 200
        assert other.get(f"/?token={TOKEN}-too").status_code == 200
        assert one.get("/").status_code == other.get("/").status_code == 200


@pytest.mark.parametrize("other", ['theme={"dark":true}', "prefs=a b", "utm=café", "path=/", "alone", "\x01;;="])
def test_cookie_is_found_beside_those_of_other_programs(
    other: str, small_index: PaintingIndex, new_client: Any
) -> None:
    config = ServeConfig(index=small_index.folder, host="0.0.0.0")
    with new_client(config, TOKEN, "http://192.168.1.7:8765") as client:
        redirect = client.get(f"/?token={TOKEN}", follow_redirects=False)
        ours = redirect.headers["set-cookie"].partition(";")[0]
        client.cookies.clear()
        for cookies in (f"{other}; {ours}", f"{ours}; {other}"):
            assert client.get("/api/health", headers={"Cookie": cookies.encode()}).status_code == 200
        assert client.get("/api/health", headers={"Cookie": other.encode()}).status_code == 401


def test_refused_uploads_say_why_on_a_page(small_index: PaintingIndex, new_client: Any) -> None:
    config = ServeConfig(index=small_index.folder, host="0.0.0.0")
    files = {"paintings": ("a.jpg", b"x")}
    with new_client(config, TOKEN, "http://192.168.1.7:8765") as client:
        for headers, status, sentence in (
            ({}, 401, "Open the address with the token"),
            ({"Host": "evil.example"}, 421, "This server does not go by that name"),
        ):
            refused = client.post("/answers", files=files, headers=headers)
            assert refused.status_code == status
            assert f'role="alert">{sentence}' in refused.text
