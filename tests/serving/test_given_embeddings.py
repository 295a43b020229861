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


@pytest.mark.slow
def test_server_of_given_embeddings_browses_and_compares_works(
    new_client: Callable[..., Any], painted_originals: Path, tmp_path: Path
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
        refused = client.post("/api/query", files={"paintings": ("a.jpg", painting, "image/jpeg")})
        assert 400 <= refused.status_code < 500, refused.text
        assert "no encoder for new pictures" in refused.text
