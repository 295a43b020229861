from collections import Counter
from copy import copy
from types import SimpleNamespace

import numpy as np
import pytest

from painter_search.analysis.confusions import confused_artists, draw_works
from painter_search.common.errors import UnknownWorkError
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.works_db import WorksDB


def confusions_by_loop(index: PaintingIndex, artist: str) -> tuple[int, Counter]:
    """One work after another, one artist after another: the mean of its three nearest, times size^(1/40)."""
    ids, numbers, names = index.artists.ids, index.artists.numbers, index.artists.names
    vectors = index.embeddings(ids).astype(np.float64)
    own, first = 0, Counter()
    for work in range(len(ids)):
        if names[numbers[work]] != artist:
            continue
        scores = {}
        for number, name in enumerate(names):
            others = [other for other in range(len(ids)) if numbers[other] == number and other != work]
            far = sorted(
                np.linalg.norm(vectors[work] - vectors[other])
                / np.sqrt(index.local_scales[other] * index.mean_distance)
                for other in others
            )
            if far:
                scores[name] = np.mean(far[:3]) * len(others) ** (1 / 40)
        own += min(scores, key=lambda name: scores[name]) == artist
        scores.pop(artist, None)
        first[min(scores, key=lambda name: scores[name])] += 1
    return own, first


@pytest.mark.parametrize("painter", range(8, 12))
def test_confused_artists_equal_loop(small_index: PaintingIndex, painter: int) -> None:
    found = confused_artists(small_index, f"Painter {painter}", top_k=10)
    own, first = confusions_by_loop(small_index, found.artist)
    assert (found.works, found.own) == (4, own)
    assert dict(found.others) == {name: count / 4 for name, count in first.items()}
    shares = [share for _, share in found.others]
    assert shares == sorted(shares, reverse=True)


def test_confused_artists_respect_filter_and_single_work_has_no_own_count(small_index: PaintingIndex) -> None:
    narrowed = small_index.filtered(WorkFilter("artist <> 'Painter 9' AND (artist <> 'Painter 8' OR title = 'No. 0')"))
    found = confused_artists(narrowed, "Painter 8")
    assert (found.works, found.own) == (1, None)
    assert set(dict(found.others)) <= {"Painter 10", "Painter 11"}


def test_confused_artists_draw_queries_of_artist_with_many_works(small_index: PaintingIndex) -> None:
    found = confused_artists(small_index, "Painter 8", top_k=10, max_queries=2)
    assert found.works == 2
    assert sum(share for _, share in found.others) == 1


def test_other_files_of_a_work_are_no_neighbours_of_it(
    small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every work of an artist shows one picture: another artist ranks first for each."""
    artists = small_index.artists
    pictures = small_index.fingerprints.copy()
    of_artist = np.array([artists.names[number] == "Painter 8" for number in artists.numbers])
    pictures[of_artist] = pictures[of_artist][0]
    index = copy(small_index)
    monkeypatch.setattr(WorksDB, "fingerprints", lambda _works: pictures)
    rows = [SimpleNamespace(fingerprint=picture.tobytes()) for picture in pictures[of_artist]]
    monkeypatch.setattr(WorksDB, "candidate_rows", lambda _works, _ids: rows)
    for name in ("fingerprints", "_all_candidates"):
        index.__dict__.pop(name, None)
    assert confused_artists(index, "Painter 8").own == 0


def test_confused_artists_draw_the_same_works_of_all(small_index: PaintingIndex) -> None:
    rows = np.arange(100, 400)
    drawn = draw_works(rows, 50)
    assert len(np.unique(drawn)) == 50
    assert (drawn > 250).any()
    np.testing.assert_array_equal(drawn, draw_works(rows, 50))
    np.testing.assert_array_equal(draw_works(rows[:50], 50), rows[:50])


def test_confused_artists_refuse_unknown_artist(small_index: PaintingIndex) -> None:
    with pytest.raises(UnknownWorkError, match="no work by 'Nobody'"):
        confused_artists(small_index, "Nobody")
