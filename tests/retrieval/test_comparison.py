import json
import zipfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from small_world import paint

from painter_search.encoder.embedding import embed_all
from painter_search.errors import UserError
from painter_search.retrieval import yardstick
from painter_search.retrieval.comparison import GroupComparison, PairComparison, compare_paintings, nearest_pairs
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.yardstick import same_artist, standing_of


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Works of two painters, five and four, and one by a third."""
    folder = tmp_path_factory.mktemp("groups")
    for painter, count in ((30, 5), (31, 4)):
        (folder / f"painter {painter}").mkdir()
        for work in range(count):
            paint(painter, work).save(folder / f"painter {painter}" / f"{work}.jpg", quality=92)
    paint(32, 0).save(folder / "alone.jpg", quality=92)
    return folder


class EvenOdds:
    """A calibration as simple as can be."""

    def same_artist(self, distances: np.ndarray) -> np.ndarray:
        return np.asarray(1 / (1 + distances))


def test_a_pair_is_as_far_apart_as_its_embeddings(small_index: PaintingIndex, groups: Path) -> None:
    one, other = groups / "alone.jpg", groups / "painter 30" / "0.jpg"
    found = compare_paintings(small_index, one, str(other))
    assert isinstance(found, PairComparison)
    a, b = embed_all(small_index.encoder, [one, other])
    assert found.distance == pytest.approx(np.linalg.norm(a - b), rel=1e-4)
    assert (found.one.name, found.other.name) == ("alone.jpg", "0.jpg")
    assert found.same_artist is None
    assert not found.same_picture
    assert found.parts is not None
    assert json.dumps(found.as_json())


def test_one_picture_twice_is_known_for_what_it_is(small_index: PaintingIndex, groups: Path, tmp_path: Path) -> None:
    paint(32, 0).save(tmp_path / "again.png")
    found = compare_paintings(small_index, groups / "alone.jpg", tmp_path / "again.png")
    assert isinstance(found, PairComparison)
    assert found.same_picture


def test_the_standing_is_a_count_over_pairs(small_index: PaintingIndex) -> None:
    ids, artists, _ = small_index.artists
    vectors = small_index.vectors(ids)
    far = {False: [], True: []}
    for a, b in combinations(range(len(ids)), 2):
        far[bool(artists[a] == artists[b])].append(np.linalg.norm(vectors[a] - vectors[b]))
    for distance in (0.0, float(np.median(far[False])) + 1e-4, 1e6):
        found = standing_of(small_index, distance)
        assert found.nearer_than_different == pytest.approx(np.mean(np.array(far[False]) > distance))
        assert found.nearer_than_same == pytest.approx(np.mean(np.array(far[True]) > distance), abs=0.02)
        assert (found.pairs_different, found.pairs_same) == (len(far[False]), len(far[True]))


def test_a_large_index_is_sampled_and_the_sample_is_always_the_same(
    small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, artists, _ = small_index.artists
    monkeypatch.setattr(yardstick, "SAMPLE", 8)
    found = standing_of(small_index, 1.0)
    assert found == standing_of(small_index, 1.0)
    assert 0 < found.pairs_different <= 28
    assert 0 < found.pairs_same <= 8
    for seed in range(20):
        chosen, pairs = yardstick._sample(artists, seed)
        assert len(set(chosen)) == 8
        assert set(pairs[:, 0]) <= set(chosen)
        assert (artists[pairs[:, 0]] == artists[pairs[:, 1]]).all()
        assert (pairs[:, 0] != pairs[:, 1]).all()
        assert pairs.max() < len(ids)


def test_a_calibration_gives_probabilities_in_any_shape(
    small_index: PaintingIndex, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(small_index), "confidence", EvenOdds())
    monkeypatch.setattr(PaintingIndex, "typical", 1.0)
    distances = np.array([[0.0, 1.0, 3.0]])
    np.testing.assert_allclose(same_artist(small_index, distances), [[1, 0.5, 0.25]])
    pair = compare_paintings(small_index, groups / "alone.jpg", groups / "painter 30" / "0.jpg")
    assert isinstance(pair, PairComparison)
    assert pair.same_artist == pytest.approx(1 / (1 + pair.distance))
    both = compare_paintings(small_index, groups / "painter 30", groups / "painter 31")
    assert isinstance(both, GroupComparison)
    assert both.probabilities is not None
    np.testing.assert_allclose(both.probabilities, 1 / (1 + both.distances), rtol=1e-5)
    assert both.between.same_artist == pytest.approx(both.probabilities.mean())


def test_groups_are_compared_work_by_work(small_index: PaintingIndex, groups: Path) -> None:
    found = compare_paintings(small_index, groups / "painter 30", groups / "painter 31")
    assert isinstance(found, GroupComparison)
    first = embed_all(small_index.encoder, [groups / "painter 30" / f"{work}.jpg" for work in range(5)])
    second = embed_all(small_index.encoder, [groups / "painter 31" / f"{work}.jpg" for work in range(4)])
    between = np.linalg.norm(first[:, None] - second[None], axis=2)
    np.testing.assert_allclose(found.distances, between, rtol=1e-3)
    assert found.between.distance == pytest.approx(between.mean(), rel=1e-3)
    within = [np.linalg.norm(a - b) for a, b in combinations(first, 2)]
    assert found.within_one.distance == pytest.approx(np.mean(within), rel=1e-3)
    assert (found.within_one.pairs, found.within_other.pairs, found.between.pairs) == (10, 6, 20)
    for work, placing in enumerate(found.placings[0]):
        own = np.mean([np.linalg.norm(first[work] - first[i]) for i in range(5) if i != work])
        assert placing.name == f"{work}.jpg"
        assert placing.own == pytest.approx(own, rel=1e-3)
        assert placing.other == pytest.approx(between[work].mean(), rel=1e-3)
        assert placing.stays == (placing.own < placing.other)
    assert found.test is not None
    assert found.fit is None
    assert found.complete
    nearest = nearest_pairs(found, 2)
    assert nearest[0][2] == found.distances.min()
    a, b = np.unravel_index(found.distances.argmin(), found.distances.shape)
    assert (nearest[0][0].name, nearest[0][1].name) == (f"{a}.jpg", f"{b}.jpg")
    assert json.dumps(found.as_json())


def test_a_painting_is_asked_about_before_the_group_whichever_comes_first(
    small_index: PaintingIndex, groups: Path
) -> None:
    forth = compare_paintings(small_index, groups / "alone.jpg", groups / "painter 30")
    back = compare_paintings(small_index, groups / "painter 30", groups / "alone.jpg")
    assert isinstance(forth, GroupComparison)
    assert forth.as_json() == back.as_json()
    assert forth.one.name == "alone.jpg"
    assert forth.test is None
    assert forth.fit is not None
    assert 1 / 6 <= forth.fit <= 1
    assert all(placing.stays is None for placings in forth.placings for placing in placings)


def test_a_painting_that_is_in_the_group_is_compared_with_the_others(small_index: PaintingIndex, groups: Path) -> None:
    found = compare_paintings(small_index, groups / "painter 30" / "2.jpg", groups / "painter 30")
    assert isinstance(found, GroupComparison)
    assert [painting.name for painting in found.other.paintings] == ["0.jpg", "1.jpg", "3.jpg", "4.jpg"]
    assert [(left.painting, left.reason) for left in found.left_out] == [
        ("painter 30/2.jpg", "the same picture as 2.jpg")
    ]
    assert found.complete


def test_a_bad_file_is_one_row_and_an_archive_is_a_group(
    small_index: PaintingIndex, groups: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for work in range(3):
            archive.write(groups / "painter 31" / f"{work}.jpg", f"{work}.jpg")
        archive.writestr("notes.txt", "no painting")
    found = compare_paintings(small_index, groups / "painter 30", tmp_path / "scans.zip")
    assert isinstance(found, GroupComparison)
    assert len(found.other.paintings) == 3
    assert [(left.painting, left.reason) for left in found.left_out] == [("scans.zip/notes.txt", "not an image")]
    assert not found.complete


def test_mistakes_are_named(small_index: PaintingIndex, groups: Path, tmp_path: Path) -> None:
    good, bad = groups / "alone.jpg", tmp_path / "bad.jpg"
    bad.write_text("no image")
    with pytest.raises(UserError, match=r"nowhere.jpg does not exist"):
        compare_paintings(small_index, good, "nowhere.jpg")
    with pytest.raises(UserError, match=r"bad.jpg: not an image"):
        compare_paintings(small_index, good, bad)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty is empty"):
        compare_paintings(small_index, good, tmp_path / "empty")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "notes.txt").write_text("no image")
    with pytest.raises(UserError, match=r"bad holds no painting to compare .*notes.txt: not an image"):
        compare_paintings(small_index, good, tmp_path / "bad")
    with pytest.raises(UserError, match=r"painter 30 holds no painting to compare .*same picture"):
        compare_paintings(small_index, groups / "painter 30", groups / "painter 30")
