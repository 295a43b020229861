"""Names of what is being made, as their user knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from painter_search.common.files.temporary_names import lasting_path


@pytest.mark.parametrize(
    ("temporary", "lasting"),
    [
        ("home/.data.partial/frames/a.jpg", "home/data"),
        (".data.partial", "data"),
        ("runs/one/.last.safetensors.4711", "runs/one/last.safetensors"),
        ("index/.building-3f/works.sqlite", "index"),
        ("index/.adding", "index"),
        ("index/.lock", "index"),
        ("/.shards-7/00001.parquet", "/"),
        ("home/.projector.exporting/tensors.tsv", "home/projector"),
        ("cache/indexes/.3fa2.fetching/.works.sqlite.4711", "cache/indexes/3fa2"),
        ("runs/.encoder.saving/model.safetensors", "runs/encoder"),
        ("home/.cache/a.jpg", "home/.cache/a.jpg"),
        ("home/.venv/lib/a.123", "home/.venv/lib/a.123"),
        ("/a/b.lock", "/a/b.lock"),
        ("/home/u/.venv-3.12/x/y", "/home/u/.venv-3.12/x/y"),
        (".paintings.2024/index/works.sqlite", ".paintings.2024/index/works.sqlite"),
        (".paintings.2024/.works.csv.4711", ".paintings.2024/works.csv"),
    ],
)
def test_lasting_path_is_what_a_temporary_name_becomes(temporary: str, lasting: str) -> None:
    assert lasting_path(Path(temporary)) == Path(lasting)
