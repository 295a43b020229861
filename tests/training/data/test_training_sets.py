from pathlib import Path

from painter_search.collection.collection import Collection
from painter_search.training.data.training_sets import TripletPaths, gather_triplets, gather_works


def test_gather_works_leaves_out_validation_and_test_artists(small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    validation = gather_triplets([collection], "validation", None)
    (works,) = gather_works([collection], excluded=validation)
    held_out = set(validation.artists.values()) | {work.artist for work in collection.works("test")}
    assert held_out
    assert not held_out & set(works)
    assert set(works) | held_out == {work.artist for work in collection.works("all")}
    assert sum(map(len, works.values())) == sum(work.artist in works for work in collection.works("train"))


def test_sample_takes_triplets_of_so_many_works_always_the_same() -> None:
    paths = [Path(f"{number}.jpg") for number in range(300)]
    triplets = [(paths[number], paths[(number * 7 + 1) % 300], paths[(number * 11 + 2) % 300]) for number in range(300)]
    whole = TripletPaths(triplets, dict.fromkeys(paths, "somebody"))
    sample = whole.sample(100)
    assert 95 <= len(sample.distinct()) <= 100
    assert set(sample.artists) == set(sample.distinct())
    assert set(sample.paths) < set(whole.paths)
    assert sample.paths == sorted(sample.paths, key=triplets.index)
    assert sample == whole.sample(100)
    assert whole.sample(300) is whole
