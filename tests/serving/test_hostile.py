"""Hostile images as uploads, and decoders that hang, crash or swell."""

import re
from pathlib import Path
from typing import Any

import pytest
from hostile_images import BOMBS, mutants, odd_files
from misbehaving_decoder import decode_or_misbehave

from painter_search.serving.config import ServeConfig
from painter_search.serving.decoder_pool import DecoderPool

httpx = pytest.importorskip("httpx")
pytestmark = pytest.mark.slow
QUICK = ("bomb-rgb.png", "bomb-grey1.png", "bomb-over.png", "bomb-claimed.png", "bomb-cut.png", "bomb-text.png")
"""Bombs that take a second or two; --long sends the others as well."""


def test_api_query_answers_hostile_images_or_gives_the_reason(address: str, painting: Path, long: bool) -> None:
    bombs = [(name, make()) for name, make in BOMBS.items() if long or name in QUICK]
    for name, content in [*bombs, *odd_files(), *mutants(2000 if long else 40)]:
        answered = httpx.post(f"{address}/api/query", files={"paintings": (name, content)}, timeout=100)
        assert answered.status_code in (200, 400), name
        (answer,) = answered.json()["answers"]
        assert answer["painting"] == name
        assert ("artists" in answer) == (answered.status_code == 200)
        assert answer.get("reason") != "", name
        assert not re.search("0x[0-9a-f]{6}|/tmp|Traceback", answered.text), name
    assert httpx.get(f"{address}/api/health").json()["waiting"] == 0
    good = httpx.post(f"{address}/api/query", files={"paintings": ("good.jpg", painting.read_bytes())}, timeout=100)
    assert good.status_code == 200


def test_api_query_survives_decoders_that_hang_swell_or_crash(
    serve_config: ServeConfig, painting: Path, new_client: Any
) -> None:
    decoders = DecoderPool(timeout=8, decode_upload=decode_or_misbehave)
    contents = {"hang.jpg": b"hang", "crash.jpg": b"crash", "swell.jpg": b"swell", "good.jpg": painting.read_bytes()}
    with new_client(serve_config, decoders=decoders) as client:
        files = [("paintings", item) for item in contents.items()]
        answers = {one["painting"]: one for one in client.post("/api/query", files=files).json()["answers"]}
    assert answers["hang.jpg"]["reason"] == "took longer than 8 s to decode"
    assert answers["crash.jpg"]["reason"] == "crashed the decoder"
    assert answers["swell.jpg"]["reason"] == "needs more memory than it may have"
    assert answers["good.jpg"]["artists"]
