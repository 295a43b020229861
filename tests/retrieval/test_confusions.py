from collections import Counter

import numpy as np
import pytest

from painter_search.retrieval import confusions as module
from painter_search.retrieval.confusions import easily_confused
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.painting_index import PaintingIndex


def naive(index: PaintingIndex, artist: str) -> tuple[int, Counter]:
    """One work after another, one artist after another: the mean of its three nearest, times size^(1/40)."""
    ids, numbers, names = index.artists
    vectors = index.vectors(ids).astype(np.float64)
    own, first = 0, Counter()
    for work in range(len(ids)):
        if names[numbers[work]] != artist:
            continue
        scores = {}
        for number, name in enumerate(names):
            others = [other for other in range(len(ids)) if numbers[other] == number and other != work]
            far = sorted(
                np.linalg.norm(vectors[work] - vectors[other]) / np.sqrt(index.isolations[other] * index.typical)
                for other in others
            )
            if far:
                scores[name] = np.mean(far[:3]) * len(others) ** (1 / 40)
        own += min(scores, key=lambda name: scores[name]) == artist
        scores.pop(artist, None)
        first[min(scores, key=lambda name: scores[name])] += 1
    return own, first


@pytest.mark.parametrize("painter", range(8, 12))
def test_confusions_equal_a_naive_loop(small_index: PaintingIndex, painter: int) -> None:
    found = easily_confused(small_index, f"Painter {painter}", top=10)
    own, first = naive(small_index, found.artist)
    assert (found.works, found.own) == (4, own)
    assert dict(found.others) == {name: count / 4 for name, count in first.items()}
    shares = [share for _, share in found.others]
    assert shares == sorted(shares, reverse=True)


def test_a_filter_holds_and_a_single_work_tells_nothing_of_its_own(small_index: PaintingIndex) -> None:
    narrowed = small_index.filtered(WorkFilter("artist <> 'Painter 9' AND (artist <> 'Painter 8' OR title = 'No. 0')"))
    found = easily_confused(narrowed, "Painter 8")
    assert (found.works, found.own) == (1, None)
    assert set(dict(found.others)) <= {"Painter 10", "Painter 11"}


def test_of_many_works_some_are_drawn(small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASKED", 2)
    found = easily_confused(small_index, "Painter 8", top=10)
    assert found.works == 2
    assert sum(share for _, share in found.others) == 1
