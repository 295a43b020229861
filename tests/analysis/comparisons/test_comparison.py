import json
import shutil
import zipfile
from itertools import combinations
from pathlib import Path, PurePath

import fsspec
import numpy as np
import pytest
from PIL import Image
from small_world import paint

from painter_search.analysis.comparisons.comparison import compare_paintings
from painter_search.analysis.comparisons.comparison_inputs import is_painting_group
from painter_search.analysis.comparisons.group_comparison import GroupComparison
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotEnoughDataError, NotFoundError
from painter_search.encoder.inference.embedding import embed_all
from painter_search.index.painting_index import PaintingIndex


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


class StubConfidence:
    """A simple calibration."""

    def same_artist(self, distances: np.ndarray) -> np.ndarray:
        return np.asarray(1 / (1 + distances))


def test_compare_paintings_measures_distance_of_embeddings(small_index: PaintingIndex, groups: Path) -> None:
    one, other = groups / "alone.jpg", groups / "painter 30" / "0.jpg"
    found = compare_paintings(small_index, one, str(other))
    assert isinstance(found, PairComparison)
    a, b = embed_all(small_index.encoder, [one, other])
    assert found.distance == pytest.approx(np.linalg.norm(a - b), rel=1e-4)
    assert (found.one.name, found.other.name) == ("alone.jpg", "0.jpg")
    assert found.same_artist is None
    assert not found.same_picture
    assert found.parts is not None
    assert json.dumps(found.to_dict())


def test_compare_paintings_recognises_same_picture(small_index: PaintingIndex, groups: Path, tmp_path: Path) -> None:
    paint(32, 0).save(tmp_path / "again.png")
    found = compare_paintings(small_index, groups / "alone.jpg", tmp_path / "again.png")
    assert isinstance(found, PairComparison)
    assert found.same_picture


def test_same_artist_gives_probabilities_of_any_shape(
    small_index: PaintingIndex, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaintingIndex, "confidence", StubConfidence())
    monkeypatch.setattr(PaintingIndex, "mean_distance", 1.0)
    distances = np.array([[0.0, 1.0, 3.0]])
    np.testing.assert_allclose(small_index.same_artist(distances), [[1, 0.5, 0.25]])
    pair = compare_paintings(small_index, groups / "alone.jpg", groups / "painter 30" / "0.jpg")
    assert isinstance(pair, PairComparison)
    assert pair.same_artist == pytest.approx(1 / (1 + pair.distance))
    both = compare_paintings(small_index, groups / "painter 30", groups / "painter 31")
    assert isinstance(both, GroupComparison)
    assert both.probabilities is not None
    np.testing.assert_allclose(both.probabilities, 1 / (1 + both.distances), rtol=1e-5)
    assert both.between.same_artist == pytest.approx(both.probabilities.mean())


def test_group_comparison_equals_loop(small_index: PaintingIndex, groups: Path) -> None:
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
    for work, placement in enumerate(found.placements[0]):
        own = np.mean([np.linalg.norm(first[work] - first[i]) for i in range(5) if i != work])
        assert placement.name == f"{work}.jpg"
        assert placement.own == pytest.approx(own, rel=1e-3)
        assert placement.other == pytest.approx(between[work].mean(), rel=1e-3)
        assert placement.stays == (placement.own < placement.other)
    assert found.test is not None
    assert found.conformal_p is None
    assert found.complete
    nearest = found.nearest_pairs(2)[0]
    assert nearest.distance == found.distances.min()
    a, b = np.unravel_index(found.distances.argmin(), found.distances.shape)
    assert (nearest.one.name, nearest.other.name) == (f"{a}.jpg", f"{b}.jpg")
    assert json.dumps(found.to_dict())


def test_compare_paintings_puts_single_painting_first(small_index: PaintingIndex, groups: Path) -> None:
    forth = compare_paintings(small_index, groups / "alone.jpg", groups / "painter 30")
    back = compare_paintings(small_index, groups / "painter 30", groups / "alone.jpg")
    assert isinstance(forth, GroupComparison)
    assert forth.to_dict() == back.to_dict()
    assert forth.one.name == "alone.jpg"
    assert forth.test is None
    assert forth.conformal_p is not None
    assert 1 / 6 <= forth.conformal_p <= 1
    assert all(placement.stays is None for placements in forth.placements for placement in placements)


def test_compare_paintings_leaves_painting_out_of_its_group(small_index: PaintingIndex, groups: Path) -> None:
    found = compare_paintings(small_index, groups / "painter 30" / "2.jpg", groups / "painter 30")
    assert isinstance(found, GroupComparison)
    assert [painting.name for painting in found.other.paintings] == ["0.jpg", "1.jpg", "3.jpg", "4.jpg"]
    assert [(left.painting, left.reason) for left in found.left_out] == [
        ("painter 30/2.jpg", "the same picture as 2.jpg")
    ]
    assert found.complete


def test_compare_paintings_reads_archive_and_reports_unusable_files(
    small_index: PaintingIndex, groups: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for work in range(3):
            archive.write(groups / "painter 31" / f"{work}.jpg", f"{work}.jpg")
        archive.writestr("notes.txt", "no painting")
    found = compare_paintings(small_index, groups / "painter 30", tmp_path / "scans.zip")
    assert isinstance(found, GroupComparison)
    assert len(found.other.paintings) == 3
    assert [(left.painting, left.reason) for left in found.left_out] == [
        ("scans.zip/notes.txt", "a text file, not an image")
    ]
    assert not found.complete


def test_is_painting_group_takes_every_kind_of_path(groups: Path) -> None:
    assert is_painting_group(PurePath(groups / "painter 30"))
    assert not is_painting_group(PurePath(groups / "alone.jpg"))


def test_compare_paintings_refuses_unusable_inputs(small_index: PaintingIndex, groups: Path, tmp_path: Path) -> None:
    good, bad = groups / "alone.jpg", tmp_path / "bad.jpg"
    bad.write_text("no image")
    with pytest.raises(NotFoundError, match=r"nowhere.jpg does not exist"):
        compare_paintings(small_index, good, "nowhere.jpg")
    with pytest.raises(DamagedFileError, match=r"bad.jpg: a text file, not an image"):
        compare_paintings(small_index, good, bad)
    with pytest.raises(DamagedFileError, match=r"painting 2: a text file, not an image"):
        compare_paintings(small_index, good, b"no image")
    with pytest.raises(InvalidValueError, match=r"^a list is not a painting; give a group as the path of a folder"):
        compare_paintings(small_index, ["one.jpg"], ["other.jpg"])  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="'index' is not an opened index"):
        compare_paintings("index", "one.jpg", "other.jpg")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"^painting 2 is missing"):
        compare_paintings(small_index, good, None)  # type: ignore[arg-type]
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotEnoughDataError, match="empty is empty"):
        compare_paintings(small_index, good, tmp_path / "empty")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "notes.txt").write_text("no image")
    with pytest.raises(
        NotEnoughDataError, match=r"bad holds no painting to compare .*notes.txt: a text file, not an image"
    ):
        compare_paintings(small_index, good, tmp_path / "bad")
    with pytest.raises(NotEnoughDataError, match=r"painter 30 holds no painting to compare .*same picture"):
        compare_paintings(small_index, groups / "painter 30", groups / "painter 30")


def test_compare_paintings_accepts_bytes_images_and_arrays(small_index: PaintingIndex, groups: Path) -> None:
    path = groups / "alone.jpg"
    image = Image.open(path)
    for same in (path.read_bytes(), image, np.asarray(image)):
        found = compare_paintings(small_index, path, same)
        assert isinstance(found, PairComparison)
        assert found.same_picture
        assert found.distance < 0.05  # an image is encoded as a frame once more
    against_group = compare_paintings(small_index, groups / "painter 30", path.read_bytes())
    assert against_group.one.name == "painting 1"


@pytest.mark.parametrize(("one", "other", "can_tell"), [(2, 2, False), (3, 3, False), (4, 3, True), (5, 4, True)])
def test_too_few_works_are_not_said_to_be_alike(
    small_index: PaintingIndex, groups: Path, tmp_path: Path, one: int, other: int, can_tell: bool
) -> None:
    for painter, count in ((30, one), (31, other)):
        (tmp_path / str(painter)).mkdir()
        for work in range(count):
            shutil.copy(groups / f"painter {painter}" / f"{work}.jpg", tmp_path / str(painter))
    comparison = compare_paintings(small_index, tmp_path / "30", tmp_path / "31")
    assert isinstance(comparison, GroupComparison)
    (sentence,) = comparison.conclusions()
    assert sentence.startswith("The groups differ by" if can_tell else "So few works cannot show")


def test_comparisons_share_interface(small_index: PaintingIndex, groups: Path) -> None:
    pair = compare_paintings(small_index, groups / "alone.jpg", groups / "painter 30" / "0.jpg")
    both = compare_paintings(small_index, groups / "painter 30", groups / "painter 31")
    assert (pair.kind, both.kind) == ("pair", "groups")
    assert (pair.complete, both.complete) == (True, True)
    assert len(pair.to_frame()) == 1
    assert list(pair.to_frame().columns) == [
        "one", "other", "distance", "same_artist", "nearer_than_different", "nearer_than_same",
    ]  # fmt: skip
    assert isinstance(both, GroupComparison)
    assert list(both.to_frame().columns) == ["one", "other", "distance", "same_artist"]
    np.testing.assert_allclose(both.to_frame()["distance"], both.distances.ravel())
    assert pair._repr_html_().count("<img ") == 2
    assert both._repr_html_().count("<img ") == 9


def test_compare_paintings_takes_folders_at_urls_for_groups(
    small_index: PaintingIndex, groups: Path, tmp_path: Path
) -> None:
    system = fsspec.filesystem("memory")
    for path in groups.rglob("*.jpg"):
        system.pipe_file(f"/{tmp_path.name}/{path.relative_to(groups).as_posix()}", path.read_bytes())
    home = f"memory://{tmp_path.name}"
    found = compare_paintings(small_index, f"{home}/painter 30", f"{home}/painter 31")
    assert isinstance(found, GroupComparison)
    local = compare_paintings(small_index, groups / "painter 30", groups / "painter 31")
    assert isinstance(local, GroupComparison)
    assert (len(found.one.paintings), len(found.other.paintings)) == (5, 4)
    assert found.to_dict() == local.to_dict()
    single = compare_paintings(small_index, f"{home}/alone.jpg", groups / "alone.jpg")
    assert isinstance(single, PairComparison)
    assert single.distance == 0


def test_group_that_is_no_archive_points_to_the_command_instead_of_a_flag_it_lacks(
    small_index: PaintingIndex, groups: Path
) -> None:
    fsspec.filesystem("memory").pipe("/none.zip", b"no archive")
    with pytest.raises(DamagedFileError, match=r"nor a whole zip archive; `compare` takes those two\.$"):
        compare_paintings(small_index, "memory://none.zip", groups / "alone.jpg")
