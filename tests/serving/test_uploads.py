"""Uploads that are damaged, too large, too many, or no form at all."""

import asyncio
import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from painter_search.index.works.works_db import WorksDB
from painter_search.serving.config import MAX_FILE_BYTES, MAX_PAINTINGS
from painter_search.serving.uploads import plain_file_name


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG file that claims a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "empty file"),
    "zeros.jpg": (lambda: bytes(10_000), "zero bytes only, not an image"),
    "text.jpg": (lambda: b"I am a painting, trust me." * 50, "a text file, not an image"),
    "script.svg": (
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "an SVG drawing",
    ),
    "postscript.png": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        "PostScript, not an image",
    ),
    "cut.jpg": (lambda: jpeg()[:3000], "truncated"),
    "cut.png": (lambda: png(500, 500, zlib.compress(bytes(1000))), "truncated"),
    "huge.png": (lambda: png(60_000, 60_000), "truncated"),
    "bomb.png": (lambda: png(30_000, 30_000, zlib.compress(bytes(50_000_000), 9)), "truncated"),
    "claims.png": (lambda: png(2**31 - 1, 2**31 - 1), "unreadable"),
    "long.png": (lambda: png(60_000, 10), "too elongated"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_unreadable_upload_is_answered_with_the_reason(client: Any, name: str) -> None:
    make, reason = HOSTILE[name]
    answered = client.post("/api/query", files=[("paintings", (name, make(), "image/jpeg"))])
    assert answered.status_code == 400
    (answer,) = answered.json()["answers"]
    assert answer["painting"] == name
    assert answer["reason"].startswith(reason)
    page = client.post("/answers", files=[("paintings", (name, make()))], follow_redirects=False)
    assert page.status_code == 400
    assert reason in page.text


def test_unreadable_upload_does_not_harm_the_others(client: Any, painting: Path) -> None:
    files = [("paintings", ("bad.jpg", b"no")), ("paintings", ("good.png", painting.read_bytes()))]
    answered = client.post("/api/query", files=files)
    assert answered.status_code == 200
    bad, good = answered.json()["answers"]
    assert (bad["painting"], bad["reason"]) == ("bad.jpg", "a text file, not an image")
    assert good["artists"]


def test_randomly_damaged_uploads_are_answered(client: Any) -> None:
    rng = random.Random(3)
    whole = jpeg()
    for _ in range(20):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 60)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        answered = client.post("/api/query", files=[("paintings", ("damaged.jpg", bytes(damaged)))])
        assert answered.status_code in (200, 400), answered.text


def test_upload_with_trailing_bytes_is_encoded_again(client: Any) -> None:
    padded = jpeg() + bytes(9_000_000)
    answered = client.post("/answers", files=[("paintings", ("padded.jpg", padded))])
    assert answered.status_code == 200
    assert len(answered.content) < 3_000_000


def test_too_large_upload_does_not_harm_the_others(client: Any, painting: Path) -> None:
    files = [("paintings", ("large.jpg", bytes(MAX_FILE_BYTES + 1))), ("paintings", ("a.jpg", painting.read_bytes()))]
    large, good = client.post("/api/query", files=files).json()["answers"]
    assert large["reason"] == "larger than 50 MB"
    assert good["artists"]


@pytest.mark.parametrize("path", ["/answers", "/api/query"])
def test_too_many_uploads_are_refused_with_how_many_there_may_be(path: str, client: Any) -> None:
    files = [("paintings", (f"{number}.jpg", b"x")) for number in range(MAX_PAINTINGS + 1)]
    refused = client.post(path, files=files, data={"crop": ["auto"] * len(files)})
    assert refused.status_code == 400
    assert "These are 51 paintings; send at most 50 at once." in refused.text


def test_a_form_without_uploads_is_refused(client: Any) -> None:
    assert client.post("/answers", files=[("paintings", ("", b""))]).status_code == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\n" + b"A" * 70_000, "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"paintings=1", "application/x-www-form-urlencoded"),
        (b"\xff" * 100, "multipart/form-data"),
    ],
)
def test_bodies_that_are_no_form_are_refused(client: Any, body: bytes, kind: str) -> None:
    for address in ("/api/query", "/answers", "/compare", "/api/compare"):
        assert client.post(address, content=body, headers={"Content-Type": kind}).status_code in (400, 422)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("C:\\Users\\me\\a.jpg", "a.jpg"),
        ("/home/me/a.jpg", "a.jpg"),
        ("../../a.jpg", "a.jpg"),
        ("a\u202egpj.exe\n", "agpj.exe"),
        ("", "painting 2"),
        (None, "painting 2"),
        ("x" * 500, "x" * 120),
    ],
)
def test_plain_file_name_drops_folders_and_unprintable_characters(name: str | None, plain: str) -> None:
    assert plain_file_name(name, 2) == plain


@pytest.mark.parametrize(
    ("path", "form", "files"),
    [
        ("/answers", {"top": "none"}, ["paintings"]),
        ("/answers", {}, ["paintings"]),
        ("/compare", {"q": ""}, ["one", "other"]),
    ],
)
def test_form_is_shown_again_without_blocking_other_requests(
    path: str, form: dict[str, str], files: list[str], client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = WorksDB.get

    def get(works: WorksDB, ids: Any) -> Any:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return real(works, ids)

    monkeypatch.setattr(WorksDB, "get", get)
    refused = client.post(path, data=form, files=[(name, ("a.jpg", b"x")) for name in files])
    assert (refused.status_code, "<form" in refused.text) == (400, True)
