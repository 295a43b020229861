"""The built-in sample is what it says: free, small, whole, and fit for every rule of `prepare`."""

from pathlib import Path

import pytest
from PIL import Image

from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.sample import SAMPLE, SAMPLE_CATALOGUE, SAMPLE_IMAGES
from painter_search.common.files.csv_io import read_table

KAGGLE = "artist,date,genre,pixelsx,pixelsy,size_bytes,source,style,title,artist_group,in_train,new_filename"


def test_sample_catalogue_has_kaggle_columns_and_describes_every_file() -> None:
    assert SAMPLE_CATALOGUE.read_text(encoding="utf-8").splitlines()[0] == KAGGLE
    table = read_table(SAMPLE_CATALOGUE)
    assert sorted(table["new_filename"]) == sorted(path.name for path in SAMPLE_IMAGES.iterdir())
    for row in table.itertuples():
        path = SAMPLE_IMAGES / str(row.new_filename)
        assert float(str(row.size_bytes)) == path.stat().st_size
        with Image.open(path) as image:
            assert image.size == (float(str(row.pixelsx)), float(str(row.pixelsy)))


def test_sample_takes_at_most_8_megabytes() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= 8e6


def test_sample_artists_have_several_works_and_some_are_in_both_parts() -> None:
    table = read_table(SAMPLE_CATALOGUE)
    assert table.groupby("artist").size().between(2, 8).all()
    assert table["artist"].nunique() >= 70
    parts = table.groupby("artist")["in_train"].nunique()
    assert (parts == 2).sum() >= 10


@pytest.mark.slow
def test_prepare_collection_of_sample_follows_every_rule(tmp_path: Path) -> None:
    collection = prepare_collection(PrepareConfig(out=tmp_path / "data"))
    train = {work.artist for work in collection.works("train")}
    test = {work.artist for work in collection.works("test")}
    assert not train & test
    assert len(train) >= 35
    assert len(test) >= 30
    assert collection.summary["counts"]["shared artists"]["artists"] >= 10
    assert collection.summary["rejected"] == {}
    assert isinstance(collection, Collection)


def test_sample_queries_are_not_in_catalogue() -> None:
    from painter_search.images.fingerprint import fingerprint

    inside = {fingerprint(Image.open(path).convert("RGB")) for path in SAMPLE_IMAGES.iterdir()}
    queries = sorted((SAMPLE / "queries").iterdir())
    assert queries
    assert all(fingerprint(Image.open(path).convert("RGB")) not in inside for path in queries)
