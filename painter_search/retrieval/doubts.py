"""Works whose nearest neighbours all say another artist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.work import Work
from painter_search.progress import track
from painter_search.retrieval.attribution import Neighbour
from painter_search.retrieval.painting_index import PaintingIndex

NEAREST = 5
"""Neighbours that are asked about each work."""
AGREEING = 3
"""Of these, how many must name the same other artist for a work to be listed."""
BLOCK = 1024
"""Works that are asked about at once."""


@dataclass(frozen=True)
class Doubt:
    """A work none of whose nearest neighbours is by its artist, while most of them are by one other."""

    work: Work
    says: str
    """The artist that most of them are by."""
    votes: int
    """How many of the nearest are."""
    neighbours: tuple[Neighbour, ...]
    """The nearest works, nearest first; the work itself and other files of its picture are not among them."""


@dataclass(frozen=True)
class Doubts:
    """What leaving each work of an index out in turn, and asking its neighbours, came to."""

    asked: int
    """Works whose artist has another work in the index; the others cannot be told."""
    alone: int
    """Of these, works none of whose nearest neighbours is by their artist."""
    listed: tuple[Doubt, ...]
    """Of these, works whose neighbours agree on another artist: the most agreed on first, then the nearest."""


def find_doubts(index: PaintingIndex, twins: Mapping[int, set[int]]) -> Doubts:
    """Ask the `NEAREST` neighbours of every work in the index; `twins` names other files of a work's picture by id."""
    ids, numbers, artists = index.artists
    places = {int(id): place for place, id in enumerate(ids)}
    depth = NEAREST + 1 + max((len(others) for others in twins.values()), default=0)
    nearest = np.full((len(ids), NEAREST), -1, np.int64)
    distances = np.full((len(ids), NEAREST), np.inf, np.float32)
    starts = range(0, len(ids), BLOCK)
    for start in track(starts, "Asking neighbours") if len(starts) > 2 else starts:
        rows = range(start, min(start + BLOCK, len(ids)))
        for row, away, found in zip(rows, *index.search(index.vectors(ids[rows]), depth), strict=True):
            own = {-1, int(ids[row]), *twins.get(int(ids[row]), ())}
            others = np.array([int(id) not in own for id in found])
            kept = [places[int(id)] for id in found[others][:NEAREST]]
            nearest[row, : len(kept)], distances[row, : len(kept)] = kept, away[others][: len(kept)]
    works = np.bincount(numbers, minlength=len(artists))
    repeated = np.array([sum(numbers[places[other]] == numbers[row] for other in twins.get(int(id), ()))
                         for row, id in enumerate(ids)])  # fmt: skip
    asked = works[numbers] - repeated > 1
    said, votes, alone = count_votes(np.where(nearest < 0, -1, numbers[nearest]), numbers)
    listed = np.flatnonzero(asked & alone & (votes >= AGREEING))
    listed = listed[np.lexsort((distances[listed].min(axis=1), -votes[listed]))]
    named = index.works.get([int(id) for id in ids]) if len(listed) else []
    return Doubts(
        int(asked.sum()),
        int((asked & alone).sum()),
        tuple(
            Doubt(
                named[row],
                artists[said[row]],
                int(votes[row]),
                tuple(
                    Neighbour(int(ids[place]), named[place], float(distance))
                    for place, distance in zip(nearest[row], distances[row], strict=True)
                    if place >= 0
                ),
            )
            for row in listed
        ),
    )


def count_votes(
    neighbours: NDArray[np.integer], own: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """What neighbours say.

    `neighbours` `[n, k]` numbers their artists, nearest first (-1: none); `own` `[n]` numbers the works' own. Returns
    the artist whom most of them name (of equals the nearest), how many do, and whether none names the work's own:
    `[n]` each.
    """
    valid = neighbours >= 0
    times = ((neighbours[:, :, None] == neighbours[:, None, :]) & valid[:, None, :]).sum(axis=2) * valid
    first = times.argmax(axis=1)
    rows = np.arange(len(neighbours))
    alone = ~(neighbours == own[:, None]).any(axis=1) & valid.any(axis=1)
    return neighbours[rows, first].astype(np.int64), times[rows, first].astype(np.int64), alone
