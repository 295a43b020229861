"""Label errors: works whose nearest neighbours are all by other artists, most of them by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.attribution.answers import Neighbour
from painter_search.collection.work import Work
from painter_search.common.files.stored import to_stored
from painter_search.common.progress import track
from painter_search.index.painting_index import PaintingIndex

NEIGHBOURS = 5
"""Nearest neighbours that vote on each work."""
MIN_VOTES = 3
"""Of these, how many must be by the same other artist for a work to be listed."""
BATCH_SIZE = 1024
"""Works whose neighbours are looked up at once."""


@dataclass(frozen=True)
class LabelError:
    """A work none of whose nearest neighbours is by its artist, while most are by one other artist."""

    work: Work
    suggested_artist: str = field(metadata={"stored": "says"})
    """The artist that most of the neighbours are by."""
    votes: int
    """How many of the neighbours are by that artist."""
    neighbours: tuple[Neighbour, ...]
    """The nearest works, nearest first, without the work itself and other files of its picture."""


@dataclass(frozen=True)
class LabelErrors:
    """Result of comparing every work of an index with its nearest neighbours."""

    checked: int
    """Works whose artist has another work in the index; others cannot be checked."""
    contradicted: int
    """Of these, works none of whose nearest neighbours is by their artist."""
    listed: tuple[LabelError, ...]
    """Of these, works whose neighbours agree on another artist: most votes first, then nearest first."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "doubts" in what `audit --json` prints."""
        return {
            "asked": self.checked,
            "alone": self.contradicted,
            "listed": [to_stored(error) for error in self.listed],
        }


def find_label_errors(index: PaintingIndex, duplicates: Mapping[int, set[int]]) -> LabelErrors:
    """Compare every work of an index with its `NEIGHBOURS` nearest neighbours.

    Args:
        index: The index.
        duplicates: By id of a work the ids of other files of its picture; these have no vote on it.
    """
    ids, numbers, artists = index.artists.ids, index.artists.numbers, index.artists.names
    row_of = {int(id): row for row, id in enumerate(ids)}
    depth = NEIGHBOURS + 1 + max((len(others) for others in duplicates.values()), default=0)
    nearest = np.full((len(ids), NEIGHBOURS), -1, np.int64)
    distances = np.full((len(ids), NEIGHBOURS), np.inf, np.float32)
    starts = range(0, len(ids), BATCH_SIZE)
    for start in track(starts, "Looking up neighbours") if len(starts) > 2 else starts:
        rows = range(start, min(start + BATCH_SIZE, len(ids)))
        for row, row_distances, row_ids in zip(rows, *index.search(index.embeddings(ids[rows]), depth), strict=True):
            excluded = {-1, int(ids[row]), *duplicates.get(int(ids[row]), ())}
            voting = np.array([int(id) not in excluded for id in row_ids])
            voters = [row_of[int(id)] for id in row_ids[voting][:NEIGHBOURS]]
            nearest[row, : len(voters)] = voters
            distances[row, : len(voters)] = row_distances[voting][: len(voters)]
    sizes = np.bincount(numbers, minlength=len(artists))
    own_duplicates = np.array(
        [
            sum(numbers[row_of[other]] == numbers[row] for other in duplicates.get(int(id), ()))
            for row, id in enumerate(ids)
        ]
    )
    checked = sizes[numbers] - own_duplicates > 1
    suggested, votes, contradicted = count_votes(np.where(nearest < 0, -1, numbers[nearest]), numbers)
    listed = np.flatnonzero(checked & contradicted & (votes >= MIN_VOTES))
    listed = listed[np.lexsort((distances[listed].min(axis=1), -votes[listed]))]
    works = index.works.get([int(id) for id in ids]) if len(listed) else []
    return LabelErrors(
        checked=int(checked.sum()),
        contradicted=int((checked & contradicted).sum()),
        listed=tuple(
            LabelError(
                work=works[row],
                suggested_artist=artists[suggested[row]],
                votes=int(votes[row]),
                neighbours=tuple(
                    Neighbour(int(ids[other]), works[other], float(distance))
                    for other, distance in zip(nearest[row], distances[row], strict=True)
                    if other >= 0
                ),
            )
            for row in listed
        ),
    )


def count_votes(
    neighbours: NDArray[np.integer], own: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Count the artists of each work's neighbours.

    Args:
        neighbours: Artist of each neighbour, `[n, k]`, nearest first; -1 for none.
        own: Artist of each work, `[n]`.

    Returns:
        The most frequent artist (of equally frequent ones the nearest), how often it occurs, and whether there are
        neighbours but none is by the work's own artist: `[n]` each.
    """
    valid = neighbours >= 0
    counts = ((neighbours[:, :, None] == neighbours[:, None, :]) & valid[:, None, :]).sum(axis=2) * valid
    first = counts.argmax(axis=1)
    rows = np.arange(len(neighbours))
    contradicted = ~(neighbours == own[:, None]).any(axis=1) & valid.any(axis=1)
    return neighbours[rows, first].astype(np.int64), counts[rows, first].astype(np.int64), contradicted
