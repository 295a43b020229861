"""Leaving each work out in turn and asking its neighbours."""

from __future__ import annotations

from collections import Counter

import numpy as np

from painter_search.retrieval.doubts import AGREEING, NEAREST, count_votes, find_doubts
from painter_search.retrieval.painting_index import PaintingIndex


def naive(neighbours: list[int], own: int) -> tuple[int, int, bool]:
    named = [artist for artist in neighbours if artist >= 0]
    most = max(Counter(named).values())
    return next(artist for artist in named if Counter(named)[artist] == most), most, own not in named


def test_votes_are_those_of_a_naive_count() -> None:
    rng = np.random.default_rng(3)
    neighbours = rng.integers(0, 4, (400, 5))
    neighbours[rng.random((400, 5)) < 0.1] = -1
    neighbours[:, 0] = rng.integers(0, 4, 400)
    own = rng.integers(0, 4, 400)
    said, votes, alone = count_votes(neighbours, own)
    expected = [naive(row, int(artist)) for row, artist in zip(neighbours.tolist(), own, strict=True)]
    assert list(zip(said.tolist(), votes.tolist(), alone.tolist(), strict=True)) == expected


def test_a_work_without_neighbours_is_in_no_doubt() -> None:
    assert count_votes(np.full((1, 5), -1), np.array([0]))[2].tolist() == [False]


def test_doubts_of_an_index_are_those_of_a_naive_loop(small_index: PaintingIndex) -> None:
    ids, numbers, artists = small_index.artists
    vectors = small_index.vectors(ids).astype(np.float64)
    twins = {1: {2}, 2: {1}}
    listed, alone = {}, 0
    for row, id in enumerate(ids.tolist()):
        away = np.linalg.norm(vectors - vectors[row], axis=1)
        others = [n for n in np.argsort(away) if n != row and int(ids[n]) not in twins.get(id, ())][:NEAREST]
        said, votes, is_alone = naive([int(numbers[n]) for n in others], int(numbers[row]))
        alone += is_alone
        if is_alone and votes >= AGREEING:
            listed[small_index.works.get([id])[0].name] = (artists[said], votes)
    found = find_doubts(small_index, twins)
    assert found.asked == len(ids)
    assert found.alone == alone
    assert {doubt.work.name: (doubt.says, doubt.votes) for doubt in found.listed} == listed


def test_the_only_other_work_of_an_artist_being_the_same_picture_leaves_nobody_to_ask(
    small_index: PaintingIndex,
) -> None:
    ids, numbers, _ = small_index.artists
    mine = ids[numbers == 0].tolist()
    twins = {id: set(mine) - {id} for id in mine}
    assert find_doubts(small_index, twins).asked == len(ids) - len(mine)
