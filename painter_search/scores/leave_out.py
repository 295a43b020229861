"""Asking an index about its own works: once without the work, and once without any work of its artist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from painter_search.scores.artists import (
    ISOLATING_WORKS,
    mean_between_artists,
    mean_of_nearest,
    rank_artists,
    relative_distances,
)
from painter_search.scores.triplets import FloatArray, IntArray, distance_matrix

REMEMBERED = 80
"""Nearest works by others that are kept of each work, so that its isolation can be told without those left out."""


@dataclass(frozen=True)
class Trial:
    """What an index says of a work when the work, or its artist, is not in it."""

    artists: NDArray[np.float64]
    """The distances of the artists, nearest first."""
    true: int | None
    """The place of the work's artist among them; None where the artist was left out."""
    signs: tuple[float, float, float]
    """What tells whether the artist is known: the nearest artist's distance, the mean of the distances to all works as
    a multiple of the typical one, and their deviation."""
    nearest_work: float
    """The distance of the nearest work, likewise."""

    @property
    def right(self) -> bool:
        """Whether the nearest artist is the true one."""
        return self.true == 0


def leave_out(embeddings: FloatArray, artists: IntArray, queries: Iterable[int]) -> list[Trial]:
    """Ask about works of an index: embeddings `[n, d]`, artists `[n]` numbered from 0, and the rows to ask about `[q]`.

    Two trials a query: first without the work itself, then without its artist. What an index knows of itself (how
    isolated a work lies) is told each time without what was left out, which would otherwise give the answer away.
    """
    distances = distance_matrix(embeddings, embeddings)
    typical = mean_between_artists(distances, artists)
    others = np.where(artists[:, None] == artists[None, :], np.inf, distances)
    width = min(REMEMBERED, len(artists))
    near = np.argpartition(others, width - 1, axis=1)[:, :width]
    near = np.take_along_axis(near, np.argsort(np.take_along_axis(others, near, 1), axis=1, kind="stable"), 1)
    apart = np.take_along_axis(others, near, 1)
    whole = mean_of_nearest(apart)
    trials = []
    for query in queries:
        for gone in (np.arange(len(artists)) == query, artists == artists[query]):
            kept = ~gone
            if not kept.any():
                continue
            isolations = whole.copy()
            touched = gone[near[:, :ISOLATING_WORKS]].any(axis=1)  # nothing changes for the others
            isolations[touched] = mean_of_nearest(np.where(gone[near[touched]], np.inf, apart[touched]))
            isolations = isolations[kept]
            row, owners = distances[query, kept], artists[kept]
            sizes = np.bincount(owners, minlength=int(artists.max()) + 1)
            ranked, adjusted = rank_artists(relative_distances(row, isolations, typical), owners, sizes)
            place = np.flatnonzero(ranked == artists[query])
            scaled = row / typical
            trials.append(
                Trial(
                    adjusted,
                    int(place[0]) if len(place) else None,
                    (float(adjusted[0]), float(scaled.mean()), float(scaled.std())),
                    float(scaled.min()),
                )
            )
    return trials
