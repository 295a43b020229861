"""The server under another name and path: behind a reverse proxy, a real nginx included."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from painter_search.common.errors import InvalidValueError
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import ServeConfig

httpx = pytest.importorskip("httpx")
NAME = "paintings.museum.example"
TOKEN = "a-token-that-nobody-guesses"
LINKS = re.compile(r'<(?:a|form|link|script|img)\b[^>]*?\b(?:href|action|src)="([^"#][^"]*)"')


@pytest.fixture(scope="module")
def proxied(small_index: PaintingIndex, new_client: Any) -> Iterator[Any]:
    """A client of a server that a proxy offers at /art/painter; the proxy takes the path away."""
    config = ServeConfig(index=small_index.folder, name=(NAME,), root_path="/art/painter")
    with new_client(config, base_url=f"http://{NAME}") as client:
        yield client


def links(html: str) -> list[str]:
    """The addresses in a page, as a browser would ask for them; pictures that the page holds are none."""
    return [unescape(link) for link in LINKS.findall(html) if not link.startswith("data:")]


def test_all_links_lie_under_the_path_and_lead_somewhere(proxied: Any) -> None:
    waiting, seen, kinds = ["/art/painter/", "/art/painter/map"], set(), set()
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"[0-9a-f]{12,}|[0-9]+|Painter%20", "", address)
        if address in seen or kind in kinds or "save=" in address:
            continue
        seen.add(address)
        kinds.add(kind)
        answer = proxied.get(address.removeprefix("/art/painter"))
        assert answer.status_code in (200, 405), address  # a form's address may take POST only
        if answer.headers["content-type"].startswith("text/html"):
            found = links(answer.text)
            assert all(link.startswith("/art/painter/") for link in found), address
            waiting += found
    assert len(kinds) > 12


@pytest.mark.parametrize("path", ["/artists", "/art/painter/artists", "/art/painter/works/1", "/art/painter"])
def test_path_is_taken_with_the_prefix_or_without(proxied: Any, path: str) -> None:
    assert proxied.get(path).status_code == 200


def test_path_that_only_begins_like_the_prefix_is_another(proxied: Any) -> None:
    assert proxied.get("/art/painters").status_code == 404


def test_prefix_may_come_in_a_header(client: Any) -> None:
    html = client.get("/artists", headers={"X-Forwarded-Prefix": "/deep/er/"}).text
    assert 'href="/deep/er/artists/Painter%209"' in html
    for forged in ("//evil.example", "javascript:x", '/"><script>', "http://evil.example", "/a/../b?c"):
        html = client.get("/artists", headers={"X-Forwarded-Prefix": forged}).text
        assert 'href="/artists/Painter%209"' in html


def test_answer_about_an_upload_is_found_at_the_address_it_redirects_to(proxied: Any, painting: Path) -> None:
    asked = proxied.post("/answers", files={"paintings": painting.read_bytes()}, follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/art/painter/answers/")
    page = proxied.get(asked.headers["location"]).text
    saved = next(link for link in links(page) if link.endswith("save=json"))
    assert proxied.get(saved).json()["answers"][0]["painting"] == "upload"
    parts = next(link for link in links(page) if "/compare?" in link)
    assert proxied.get(parts).status_code == 200


def test_api_describes_itself_under_the_path(proxied: Any) -> None:
    assert proxied.get("/api/openapi.json").json()["servers"] == [{"url": "/art/painter"}]
    assert f"http://{NAME}/art/painter/api/query" in proxied.get("/api").text
    assert proxied.get("/api/works/9999").json()["error"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (f"https://{NAME}", 200),
        (f"http://{NAME}:8080", 200),
        ("https://evil.example", 403),
        (f"https://{NAME}.evil.example", 403),
        ("null", 403),
    ],
)
def test_uploads_come_from_pages_under_the_name(proxied: Any, painting: Path, origin: str, status: int) -> None:
    """Also if the proxy does not pass the name on."""
    for host in (NAME, "127.0.0.1:8765"):
        headers = {"Origin": origin, "Host": host}
        files = {"paintings": painting.read_bytes()}
        assert proxied.post("/api/query", files=files, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("host", "status"), [(NAME, 200), (f"{NAME.upper()}:443", 200), (f"{NAME}.", 200), ("museum.example", 421)]
)
def test_server_goes_by_the_given_name(proxied: Any, host: str, status: int) -> None:
    answer = proxied.get("/api/health", headers={"Host": host})
    assert answer.status_code == status
    if status == 421:
        assert "--name" in answer.json()["error"]


def test_server_with_a_token_goes_by_the_machines_name_in_any_domain(
    small_index: PaintingIndex, new_client: Any
) -> None:
    machine = socket.gethostname().partition(".")[0]
    config = ServeConfig(index=small_index.folder, host="0.0.0.0")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with new_client(config, TOKEN, f"http://{machine}.museum.example") as client:
        assert client.get("/", headers=bearer).status_code == 200
        assert client.get("/").status_code == 401
    with new_client(ServeConfig(index=small_index.folder), None, f"http://{machine}.museum.example") as client:
        assert client.get("/").status_code == 421  # without a token, a foreign page could reach it under its own name


def test_cookie_of_the_token_belongs_to_the_path_and_to_https(small_index: PaintingIndex, new_client: Any) -> None:
    config = ServeConfig(index=small_index.folder, host="0.0.0.0", root_path="/painter")
    with new_client(config, TOKEN, "https://192.168.1.7") as client:
        answer = client.get(f"/artists?q=9&token={TOKEN}", follow_redirects=False)
        assert answer.headers["location"] == "/painter/artists?q=9"
        assert {"path=/painter", "secure", "httponly"} <= set(answer.headers["set-cookie"].lower().split("; "))
        assert client.get("/painter/artists?q=9").status_code == 200


@pytest.mark.parametrize("address", ["/", "/works/1", "/static/page.js", "/api/health", "/nowhere"])
def test_head_gives_the_headers_of_get(client: Any, address: str) -> None:
    head, get = client.head(address), client.get(address)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for header in ("content-type", "content-length"):
        assert head.headers[header] == get.headers[header]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"root_path": "painter"}, "--root-path painter is not a path; write it as in /painter."),
        ({"root_path": "/painter/"}, "--root-path /painter/ is not a path; write it as in /painter."),
        ({"root_path": "//evil.example"}, "--root-path //evil.example is not a path; write it as in /painter."),
        ({"root_path": "/a b"}, "--root-path /a b is not a path; write it as in /painter."),
        ({"name": ("https://museum.example",)}, "--name https://museum.example is not a host's name; write it as in "),
        ({"name": ("museum.example/painter",)}, "--name museum.example/painter is not a host's name; write it as in "),
        ({"name": ("",)}, "--name  is not a host's name; write it as in "),
    ],
)
def test_serve_config_refuses_what_is_no_name_or_path(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        ServeConfig(**settings)
    assert refused.value.args[0].startswith(sentence)


@pytest.mark.slow
def test_nginx_as_the_page_configures_it(
    small_index: PaintingIndex, benchmark_serve: Any, painting: Path, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[2] / "painter_search" / "COMMANDS.md").read_text(encoding="utf-8")
    location = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert location is not None  # also where there is no nginx
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx")
    process, address = benchmark_serve.start_server(small_index.folder, "--name", NAME, "--root-path", "/painter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    write_configuration(tmp_path, location[1].replace("127.0.0.1:8765", urlsplit(address).netloc), port)
    proxy = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", "nginx.conf", "-e", "error.log"])
    try:
        check_through(f"http://127.0.0.1:{port}", painting)
        assert not [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()]
    finally:
        for one in (proxy, process):
            one.terminate()
            one.wait(20)


def write_configuration(folder: Path, location: str, port: int) -> None:
    """Write an nginx.conf with a location, which keeps everything in the folder."""
    (folder / "temporary").mkdir()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path temporary/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid nginx.pid; worker_processes 1;\nevents {{}}\n"
        f"http {{\n{paths}access_log off;\nserver {{ listen 127.0.0.1:{port}; server_name {NAME};\n{location}}} }}\n"
    )  # fmt: skip


def check_through(address: str, painting: Path) -> None:
    """Ask, upload and follow the links through a proxy."""
    origin = f"http://{NAME}:{urlsplit(address).port}"
    with httpx.Client(base_url=address, headers={"Host": urlsplit(origin).netloc}, timeout=60) as client:
        for _ in range(100):
            try:
                if client.head("/painter/").status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        home = client.get("/painter/")
        assert home.status_code == 200
        for link in links(home.text):
            assert link.startswith("/painter/")
            assert client.get(link).status_code in (200, 405), link
        large = painting.read_bytes() + bytes(20_000_000)
        asked = client.post("/painter/answers", files={"paintings": large}, headers={"Origin": origin})
        assert asked.status_code == 303
        answer = client.get(urljoin(address, asked.headers["location"]))
        assert answer.status_code == 200
        assert "Painter" in answer.text
