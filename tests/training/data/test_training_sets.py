import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from painter_search.collection.collection import CLEAN_FILES, Collection
from painter_search.common.errors import NotEnoughDataError
from painter_search.training.config import TrainConfig
from painter_search.training.data.training_sets import (
    TripletPaths,
    gather_training_triplets,
    gather_triplets,
    gather_validation_triplets,
    gather_works,
)
from painter_search.training.final_scores import gather_test_triplets
from painter_search.training.recipes.protocol import TrainingData
from painter_search.training.recipes.report import report_triplets


def test_gather_works_leaves_out_validation_and_test_artists(small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    validation = gather_triplets([collection], "validation", None)
    (works,) = gather_works([collection], set(validation.artists.values()))
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


def test_artists_tested_in_another_collection_choose_no_epoch(small_collection: Path, tmp_path: Path) -> None:
    collection = Collection.open(small_collection)
    alone = gather_validation_triplets([collection], None)
    assert alone == gather_triplets([collection], "validation", None)
    tested = sorted(set(alone.artists.values()))[0]
    shutil.copytree(small_collection, tmp_path / "other")
    table = pd.read_csv(tmp_path / "other" / CLEAN_FILES["test"], dtype=str)
    table.loc[0, "artist"] = tested.upper()  # another spelling
    table.to_csv(tmp_path / "other" / CLEAN_FILES["test"], index=False)
    with pytest.raises(NotEnoughDataError, match="is a test artist of another"):  # it has two validation artists
        gather_validation_triplets([collection, Collection.open(tmp_path / "other")], None)


def test_artists_tested_in_another_collection_are_in_no_training_triplet(
    small_collection: Path, tmp_path: Path
) -> None:
    collection = Collection.open(small_collection)
    alone = gather_triplets([collection], "train", None)
    assert gather_training_triplets([collection], set()) == alone
    artists = sorted(set(alone.artists.values()))
    shutil.copytree(small_collection, tmp_path / "other")
    table = pd.read_csv(tmp_path / "other" / CLEAN_FILES["test"], dtype=str)
    table.loc[0, "artist"] = artists[0].upper()  # another spelling
    table.to_csv(tmp_path / "other" / CLEAN_FILES["test"], index=False)
    both = [collection, Collection.open(tmp_path / "other")]
    assert set(gather_training_triplets(both, set()).artists.values()) == set(artists[1:])
    with pytest.raises(NotEnoughDataError, match="every training triplet has an artist who is validated or tested on"):
        gather_training_triplets(both, set(artists[2:]))


def test_report_triplets_of_a_file_are_taken_as_they_are_and_others_without_measured_artists(
    small_collection: Path, tmp_path: Path
) -> None:
    collection = Collection.open(small_collection)
    collection.triplets("train").head(1).to_csv(tmp_path / "triplets.csv", index=False)
    table = pd.read_csv(tmp_path / "triplets.csv", dtype=str)
    validation = gather_triplets([collection], "validation", table)
    config = TrainConfig(recipe="report", data=(small_collection,))
    data = TrainingData([collection], validation)
    measured = set(validation.artists.values())
    assert not measured & set(report_triplets(config, data).artists.values())
    from_file = replace(config, train_triplets=tmp_path / "triplets.csv")
    assert set(report_triplets(from_file, data).artists.values()) == measured


def test_without_leaves_out_artists_under_any_spelling() -> None:
    artists = {Path(f"{name}{work}.jpg"): name for name in ("Claude Monet", "Ada", "Bo") for work in range(3)}
    paths = sorted(artists)
    triplets = TripletPaths([(a, b, c) for a in paths for b in paths for c in paths if len({a, b, c}) == 3], artists)
    kept = triplets.without({"Monet, Claude", "Somebody"})
    assert set(kept.artists.values()) == {"Ada", "Bo"}
    assert kept.paths == [
        triplet for triplet in triplets.paths if not {artists[path] for path in triplet} & {"Claude Monet"}
    ]


def test_artists_of_a_file_of_test_triplets_are_not_trained_on(small_collection: Path, tmp_path: Path) -> None:
    collection = Collection.open(small_collection)
    collection.triplets("train").head(1).to_csv(tmp_path / "triplets.csv", index=False)
    config = TrainConfig(data=(small_collection,), test_triplets=tmp_path / "triplets.csv")
    validation = gather_validation_triplets([collection], None)
    test = gather_test_triplets([collection], config.test_triplets)
    assert test is not None
    (without,) = gather_works([collection], TrainingData([collection], validation).measured_artists())
    (works,) = gather_works([collection], TrainingData([collection], validation, test).measured_artists())
    tested = set(test.artists.values())
    assert tested & set(without)
    assert set(works) == set(without) - tested


def test_triplets_of_a_file_may_be_written_with_backslashes(small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    table = collection.triplets("train")
    written = table.map(lambda file: ".\\" + file.replace("/", "\\"))
    assert gather_triplets([collection], "train", written).paths == gather_triplets([collection], "train", table).paths
