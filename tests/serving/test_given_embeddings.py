"""The server of an index of embeddings made elsewhere: browsing and comparing works; new pictures are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.config import ServeConfig
from painter_search.serving.decoder_pool import DecoderPool


@pytest.mark.slow
def test_server_of_given_embeddings_browses_and_compares_works(
    new_client: Callable[..., Any], painted_originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    table = {"artist": [f"Artist {number % 3}" for number in range(12)], "embedding": list(vectors)}
    pd.DataFrame(table).to_parquet(tmp_path / "given.parquet")
    index = PaintingIndex.build(embeddings=tmp_path / "given.parquet", index=tmp_path / "index")
    with new_client(ServeConfig(index=index.folder)) as client:
        for address in ("/", "/artists", "/works/1", f"/pictures/{index.digest}/1.jpg", "/index"):
            assert client.get(address).status_code == 200, address
        compared = client.get("/api/compare", params={"one": 1, "other": 2})
        assert compared.status_code == 200, compared.text
        assert compared.json()["engine"] is None
        painting = sorted(painted_originals.iterdir())[0].read_bytes()
        monkeypatch.setattr(DecoderPool, "decode", None)  # nothing is decoded
        for address, fields in (("/api/query", ("paintings",)), ("/api/compare", ("one", "other"))):
            refused = client.post(address, files=dict.fromkeys(fields, ("a.jpg", painting, "image/jpeg")))
            assert refused.status_code == 400, refused.text
            assert "no encoder for new pictures" in refused.json()["error"]
            assert str(tmp_path) not in refused.text
        assert client.post("/answers", files={"paintings": ("a.jpg", painting)}).status_code == 400
        for address in ("/", "/compare"):
            page = client.get(address).text
            assert "no encoder for new pictures" in page
            assert 'type="file"' not in page
