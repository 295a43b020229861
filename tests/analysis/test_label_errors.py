"""Votes of nearest neighbours, against plain loops."""

from __future__ import annotations

from collections import Counter

import numpy as np

from painter_search.analysis.label_errors import MIN_VOTES, NEIGHBOURS, count_votes, find_label_errors
from painter_search.index.painting_index import PaintingIndex


def votes_by_loop(neighbours: list[int], own: int) -> tuple[int, int, bool]:
    named = [artist for artist in neighbours if artist >= 0]
    most = max(Counter(named).values())
    return next(artist for artist in named if Counter(named)[artist] == most), most, own not in named


def test_count_votes_equals_loop() -> None:
    rng = np.random.default_rng(3)
    neighbours = rng.integers(0, 4, (400, 5))
    neighbours[rng.random((400, 5)) < 0.1] = -1
    neighbours[:, 0] = rng.integers(0, 4, 400)
    own = rng.integers(0, 4, 400)
    suggested, votes, contradicted = count_votes(neighbours, own)
    expected = [votes_by_loop(row, int(artist)) for row, artist in zip(neighbours.tolist(), own, strict=True)]
    assert list(zip(suggested.tolist(), votes.tolist(), contradicted.tolist(), strict=True)) == expected


def test_count_votes_does_not_contradict_work_without_neighbours() -> None:
    assert count_votes(np.full((1, 5), -1), np.array([0]))[2].tolist() == [False]


def test_find_label_errors_equals_loop(small_index: PaintingIndex) -> None:
    ids, numbers, artists = small_index.artists.ids, small_index.artists.numbers, small_index.artists.names
    vectors = small_index.embeddings(ids).astype(np.float64)
    duplicates = {1: {2}, 2: {1}}
    listed, contradicted = {}, 0
    for row, id in enumerate(ids.tolist()):
        away = np.linalg.norm(vectors - vectors[row], axis=1)
        others = [n for n in np.argsort(away) if n != row and int(ids[n]) not in duplicates.get(id, ())][:NEIGHBOURS]
        suggested, votes, is_contradicted = votes_by_loop([int(numbers[n]) for n in others], int(numbers[row]))
        contradicted += is_contradicted
        if is_contradicted and votes >= MIN_VOTES:
            listed[small_index.works.get([id])[0].name] = (artists[suggested], votes)
    found = find_label_errors(small_index, duplicates)
    assert found.checked == len(ids)
    assert found.contradicted == contradicted
    assert list(found.to_dict()) == ["asked", "alone", "listed"]
    assert all(list(error) == ["work", "says", "votes", "neighbours"] for error in found.to_dict()["listed"])
    assert {error.work.name: (error.suggested_artist, error.votes) for error in found.listed} == listed


def test_find_label_errors_skips_artist_whose_other_works_are_duplicates(
    small_index: PaintingIndex,
) -> None:
    ids, numbers = small_index.artists.ids, small_index.artists.numbers
    mine = ids[numbers == 0].tolist()
    duplicates = {id: set(mine) - {id} for id in mine}
    assert find_label_errors(small_index, duplicates).checked == len(ids) - len(mine)
