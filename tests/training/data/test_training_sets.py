from pathlib import Path

from painter_search.collection.collection import Collection
from painter_search.training.data.training_sets import gather_triplets, gather_works


def test_gather_works_leaves_out_validation_and_test_artists(small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    validation = gather_triplets([collection], "validation", None)
    (works,) = gather_works([collection], excluded=validation)
    held_out = set(validation.artists.values()) | {work.artist for work in collection.works("test")}
    assert held_out
    assert not held_out & set(works)
    assert set(works) | held_out == {work.artist for work in collection.works("all")}
    assert sum(map(len, works.values())) == sum(work.artist in works for work in collection.works("train"))
