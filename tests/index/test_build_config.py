"""Settings of `build-index` that contradict each other are refused, not dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from painter_search.common.errors import InvalidValueError
from painter_search.index.config import BuildIndexConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backbone": "resnet50"}, "--backbone applies to --encoder imagenet"),
        ({"backbone": "resnet50", "encoder": "painter"}, "--backbone applies to --encoder imagenet"),
        ({"folder": "art", "split": "train"}, "--split applies to --data; with --folder all works"),
        ({"embeddings": "a.parquet", "split": "all"}, "--split applies to --data; with --embeddings all works"),
        ({"folder": "art", "data": "museum"}, "--folder and --data are two sources"),
        ({"embeddings": "a.parquet", "data": "museum"}, "--embeddings and --data are two sources"),
        ({"embeddings": "a.parquet", "folder": "art"}, "--embeddings are complete"),
        ({"layout": "artist"}, "--layout applies to --folder"),
        ({"keep_uncertain": True}, "--keep-uncertain applies to --folder"),
        ({"originals": "art"}, "--originals applies to --embeddings"),
        ({"embeddings": "a.parquet", "picture_size": 1600}, "--picture-size applies to --folder and --data"),
        ({"split": "validation"}, "--split is 'validation'; choose from test, train, all."),
        ({"device": "gpu"}, "--device is 'gpu'; choose from auto, cpu, cuda, mps."),
        ({"workers": 2}, "--workers applies to --ray"),
        ({"workers": -1}, "--workers is -1"),
        ({"recall": 0.0}, "--recall is 0.0"),
        ({"exact": True, "vector_store": "vectors.db"}, "--exact applies to vectors in the index's folder"),
    ],
)
def test_settings_that_would_be_dropped_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        BuildIndexConfig(**settings)  # type: ignore[arg-type]
    assert message in refused.value.command_line


def test_settings_take_strings_for_paths() -> None:
    config = BuildIndexConfig(data="museum", index="found", runs="runs")  # type: ignore[arg-type]
    assert (config.data, config.index, config.runs) == ((Path("museum"),), Path("found"), Path("runs"))
    assert BuildIndexConfig(encoder="imagenet", backbone="resnet50").backbone == "resnet50"
