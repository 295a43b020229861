"""An index asked about works of its own: each first without the work itself, and then without any by its artist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from painter_search.images.fingerprint import same_picture, stack_fingerprints
from painter_search.index.attribution_data import MAX_CANDIDATES, AttributionData, Candidates
from painter_search.index.index_statistics import draw_references, scale_correction
from painter_search.index.vector_store.base import EXACT_UP_TO
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.distances import FloatArray, IntArray, distance_matrix
from painter_search.metrics.identification.naming_threshold import LEAST_WORKS
from painter_search.metrics.identification.open_set import OpenSetSignals
from painter_search.metrics.identification.plda import EmbeddedWorks
from painter_search.metrics.leave_one_out import LeaveOneOutQuery, draw_artists, leave_one_out
from painter_search.metrics.local_scaling import ReferenceWorks, scale_distances

MANY_QUERIES = 300
"""Works, at most, that an index of many is queried with: half a minute or so."""
NEAR_WORKS = 64
"""Works nearest to a query whose local scales are measured without what is left out. Others seldom decide."""
MAX_FOUND = 16 * MAX_CANDIDATES
"""Works that an approximate index is searched for, at most, to have enough without those of a prolific artist."""
BLOCK = 32
"""Queries whose candidates are looked for at once."""


class LeaveOneOutIndex:
    """An index queried with its works, each ranked among all the others.

    Of a few works, all that is measured of an index (local scales, mean distance, PLDA's centre) is measured each time
    without what is left out, which would otherwise give the answer away. Of many, only the local scales near the query
    are: one artist of many hardly moves the rest.

    Attributes:
        few: Whether the works are few.
        sample: Works by drawn artists, each picture once, and the numbers of their artists; all works if they are few.
        queried_sample: Those of the sample by artists whose works it is queried with.
        numbers: The artist of each row that may be queried with, `[n]`: of the sample if few, else of the index.
    """

    def __init__(
        self, index: AttributionData, max_works: int, rng: np.random.Generator, unqueried: Set[str] = frozenset()
    ) -> None:
        """Draw the sample.

        Args:
            index: The index.
            max_works: So many works are few; of more, about so many are drawn.
            rng: Draws them.
            unqueried: Artists whose works it is not queried with; they are found all the same.
        """
        self._index = index
        ids, numbers = index.artists.ids, index.artists.numbers
        self.few = len(ids) <= max_works
        drawn = draw_artists(numbers, max_works, rng)
        drawn = drawn[index.works.first_of_each_picture(ids[drawn])]  # other files of a picture are no answer to it
        artists = np.unique(numbers[drawn], return_inverse=True)[1]
        self.sample = EmbeddedWorks(index.embeddings(ids[drawn]), artists)
        self.numbers: IntArray = artists if self.few else numbers
        is_queried = np.array([name not in unqueried for name in index.artists.names])[numbers]
        self.queried_sample = EmbeddedWorks(*(values[is_queried[drawn]] for values in self.sample))
        self._is_queried = is_queried[drawn] if self.few else is_queried

    @property
    def answerable(self) -> NDArray[np.int64]:
        """Rows of the works to query with whose artist has another."""
        return np.flatnonzero((np.bincount(self.numbers)[self.numbers] > 1) & self._is_queried)

    def draw(self, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Ascending rows of at most so many works whose artist has another picture; fewer of many works."""
        answerable = self.answerable
        if not self.few:
            most = min(most, MANY_QUERIES)
            if self._index.exact:  # a query is compared with every work
                most = min(most, max(LEAST_WORKS, MANY_QUERIES * EXACT_UP_TO // len(self.numbers)))
        rows = np.sort(rng.choice(answerable, min(most, len(answerable)), replace=False))
        return rows if self.few else rows[[self._has_another_picture(row) for row in rows]]

    def query(self, rows: Iterable[int]) -> list[LeaveOneOutQuery]:
        """Two results for each row, as of an index without the work, and without its artist."""
        if self.few:
            return leave_one_out(*self.sample, rows, self._index.fitted_plda)
        return list(_ManyWorks(self._index).query(rows))

    def _has_another_picture(self, row: int) -> bool:
        of_artist = self._index.artists.ids[self.numbers == self.numbers[row]]
        prints = stack_fingerprints(one.fingerprint for one in self._index.works.candidate_rows(of_artist))
        own = of_artist == self._index.artists.ids[row]
        return not (own | same_picture(prints[own].tobytes(), prints)).all()


class _ManyWorks:
    """An index asked about its works as it is, without them and their copies."""

    def __init__(self, index: AttributionData) -> None:
        self._index = index
        self._ids, self._artists = index.artists.ids, index.artists.numbers
        rows = draw_references(len(self._ids), index.search_settings)
        self._reference_ids, self._reference_artists = self._ids[rows], self._artists[rows]
        self._references = ReferenceWorks(index.embeddings(self._reference_ids), self._reference_artists)
        self._correction = scale_correction(len(rows), len(self._ids))

    def query(self, rows: Iterable[int]) -> Iterator[LeaveOneOutQuery]:
        rows = iter(rows)
        while block := list(islice(rows, BLOCK)):
            embeddings = self._index.embeddings(self._ids[block])
            most = max(int((self._artists == self._artists[row]).sum()) for row in block)
            found = self._index.search_candidates(embeddings, min(MAX_CANDIDATES + most, MAX_FOUND))
            for row, embedding, candidates in zip(block, embeddings, found, strict=True):
                yield from self._query_one(row, embedding, candidates)

    def _query_one(self, row: int, embedding: FloatArray, found: Candidates) -> Iterator[LeaveOneOutQuery]:
        index, id, artist = self._index, self._ids[row], self._artists[row]
        works = index.load_candidates(found.ids)
        candidates, artists = np.searchsorted(works.ids, found.ids), self._artists_of(works.ids)
        fingerprint = index.works.candidate_rows(np.array([id]))[0].fingerprint
        copies = same_picture(fingerprint, works.fingerprints, works.coarse) | (works.ids == id)
        reference_copies = np.isin(self._reference_ids, [id, *works.ids[copies]])
        relative = distance_matrix(embedding[None], index.cohort_embeddings)[0] / index.mean_distance
        log_ratios = index.log_ratios(embedding, works, copies)
        for left_out, left_out_references, artist_left in (
            (copies, reference_copies, True),
            (copies | (artists == artist), reference_copies | (self._reference_artists == artist), False),
        ):
            remaining = ~left_out[candidates]
            distances, rows = found.distances[remaining], candidates[remaining]
            if not index.exact:  # found nearest first
                distances, rows = distances[:MAX_CANDIDATES], rows[:MAX_CANDIDATES]
            if not len(rows):
                continue
            scales = works.local_scales[rows]
            if left_out_references.any():
                near = np.argsort(distances, kind="stable")[:NEAR_WORKS]
                scales[near] = self._local_scales(works.ids[rows[near]], left_out_references)
            sizes = works.sizes - np.bincount(works.numbers[left_out], minlength=len(works.artists))
            scaled = scale_distances(distances, scales, index.mean_distance)
            ranked, adjusted = rank_artists(scaled, works.numbers[rows], sizes)
            places = np.flatnonzero(np.isin(ranked, works.numbers[artists == artist]))
            yield LeaveOneOutQuery(
                artist_distances=adjusted,
                # An artist without a work among the candidates ranks after those with one.
                true_rank=None if not artist_left else int(places[0]) if len(places) else len(ranked),
                signals=OpenSetSignals.measured(adjusted, relative),
                artists=index.artist_count,
                nearest_work_distance=float(distances.min()) / index.mean_distance,
                nearest_is_by_artist=bool(artists[rows[distances.argmin()]] == artist),
                log_ratios=None if log_ratios is None else log_ratios[ranked],
            )

    def _local_scales(self, ids: NDArray[np.int64], left_out: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The local scales of works without the reference works that are `left_out`."""
        embeddings, artists = self._index.embeddings(ids), self._artists_of(ids)
        return np.float32(self._correction) * self._references.local_scales(embeddings, artists, left_out)

    def _artists_of(self, ids: NDArray[np.int64]) -> IntArray:
        """The numbers of works' artists in the whole index; candidates number those among themselves."""
        return self._artists[np.searchsorted(self._ids, ids)]
