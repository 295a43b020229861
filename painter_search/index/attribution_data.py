"""What attribution needs of an index: its works as candidates, of all or of a selection, and its calibration."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import InvalidValueError
from painter_search.encoder.files.names import PLDA_FILE
from painter_search.encoder.files.plda_file import read_plda
from painter_search.index.config import check_false_names
from painter_search.index.index_reader import IndexReader
from painter_search.index.manifest import Manifest
from painter_search.index.works.filters import Selection
from painter_search.index.works.work_tables import ArtistTable, CandidateWorks, read_candidate_works
from painter_search.metrics.artist_ranking import rank_within_artist
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.naming_threshold import NamingThreshold
from painter_search.metrics.identification.plda import PLDA, artist_sums

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_CANDIDATES = 1024
"""Nearest works among which an approximate index ranks artists."""
SUMMED_WORKS = 32
"""Works, at most, that stand for all that a filter leaves of an artist some of whose works it leaves out."""
COHORT_WORKS = 1024
"""Random works, at most, of the cohort: they stand for all when the distance of a query to works in general is
measured."""


class Candidates(NamedTuple):
    """The works that a query is compared with when artists are ranked, `[m]` each."""

    distances: NDArray[np.float32]
    ids: NDArray[np.int64]


class AttributionData(IndexReader):
    """An open index, or a selection of its works, with what artists are ranked and named by.

    Attributes:
        selection: The works that a filter left; None for the whole index.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        super().__init__(folder, manifest)
        self.selection: Selection | None = None
        self._unfiltered: Self | None = None
        self._threshold: NamingThreshold | None = None

    @property
    def unfiltered(self) -> Self:
        """The index that this one was narrowed from, with all works; itself if it was not."""
        return self if self._unfiltered is None else self._unfiltered

    @property
    def confidence(self) -> Confidence | None:
        """Turns distances into probabilities; None for an encoder without calibration."""
        return self.manifest.confidence

    def naming(self, false_names: float | None) -> Self:
        """The same index with another threshold for naming artists; unchanged with None.

        Args:
            false_names: Per cent of works by artists not in the index that may be given a name: more than 0, below 100.

        Raises:
            InvalidValueError: The number is another one, or the costs of a threshold were not measured.

        Example:
            >>> answers = attribute(index.naming(false_names=10), "painting.jpg")  # doctest: +SKIP
        """
        if false_names is None:
            return self
        check_false_names(false_names)
        found = None if self.confidence is None else self.confidence.naming_threshold(false_names / 100)
        if found is None:
            raise InvalidValueError(
                f"--false-names is {false_names}, and {self.folder} does not know what a threshold costs, which needs "
                "40 works by 8 artists to measure, and an encoder with probabilities: build it with --encoder painter, "
                "or train on more artists."
            )
        chosen = copy(self)
        chosen._threshold = found
        return chosen

    @property
    def naming_threshold(self) -> NamingThreshold | None:
        """From which probability on an artist is named, and what that costs; None where that was not measured."""
        if self._threshold is not None or self.confidence is None:
            return self._threshold
        return self.confidence.naming_threshold()

    @property
    def names_by_default(self) -> bool:
        """Whether the threshold is the index's own, with which its error rates were measured."""
        return self._threshold is None

    @property
    def least_named(self) -> float:
        """No artist is named below this probability that the artist is in the index; 0 without calibration."""
        threshold = self.naming_threshold
        if threshold is not None:
            return threshold.probability
        return 0.0 if self.confidence is None else self.confidence.threshold

    @property
    def plda(self) -> PLDA | None:
        """Gives likelihood ratios, around this index's works; None where its calibration uses none."""
        return None if self._pldas is None else self._pldas[1]

    @property
    def fitted_plda(self) -> PLDA | None:
        """The same around the works that the encoder was trained on, as it was fitted."""
        return None if self._pldas is None else self._pldas[0]

    @cached_property
    def _pldas(self) -> tuple[PLDA, PLDA] | None:
        if self.confidence is None or self.confidence.share_weights is None:
            return None
        return read_plda(self._path / PLDA_FILE) if PLDA_FILE in self.manifest.files else None

    def log_ratios(
        self, embedding: NDArray[np.float32], candidates: CandidateWorks, left_out: NDArray[np.bool_]
    ) -> NDArray[np.float64] | None:
        """The log likelihood ratio of each candidate artist for a query `[d]`, without candidates that are left out,
        such as the query itself: `[artists]`; None where the index has no PLDA."""
        if self.plda is None:
            return None
        sums, sizes = self._exact_sums if self.exact else self._sum_works(candidates)
        if left_out.any():
            own = self.plda.project(self.embeddings(candidates.ids[left_out]))
            own_sums, own_sizes = artist_sums(own, candidates.numbers[left_out], len(candidates.artists))
            sums, sizes = sums - own_sums, sizes - own_sizes
        left = np.maximum(sizes, 1)
        query = self.plda.project(embedding[None])
        return self.plda.log_likelihood_ratios(query, sums / left[:, None], left).ravel()

    @cached_property
    def artist_count(self) -> int:
        """How many artists may have painted a query: all of the index, or all that a filter leaves."""
        if self.selection is None:
            return self.manifest.artists
        if self.exact:
            return len(self.artists.names)
        known = self.selection.artists
        return self.works.count_artists(self.selection.ids) if known is None else known

    @cached_property
    def _exact_sums(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The sums of an exact index, whose candidates are always all works."""
        return self._sum_works(self._all_candidates)

    def _sum_works(self, candidates: CandidateWorks) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The sum of each candidate artist's works as PLDA projects them, and their number: `[artists, d]` and
        `[artists]`; of a filtered index, of those works that the filter leaves, estimated from `SUMMED_WORKS`."""
        assert self.plda is not None
        artists, sizes = candidates.artists, candidates.sizes
        sums = self.works.artist_means(artists, self.store.dim).astype(np.float64) * sizes[:, None]
        if self.selection is not None:
            (cut,) = np.nonzero(sizes < self.works.count_by_artist(artists))  # not all of whose works are left
            ids, numbers = self.works.works_of_artists([artists[number] for number in cut], self.selection.ids)
            drawn = np.random.default_rng(0).permutation(len(ids))
            drawn = drawn[rank_within_artist(numbers[drawn]) < SUMMED_WORKS]
            of_drawn, counts = artist_sums(self.plda.project(self.embeddings(ids[drawn])), numbers[drawn], len(cut))
            sums[cut] = of_drawn * (sizes[cut] / counts)[:, None]
        return sums, sizes

    @property
    def mean_distance(self) -> float:
        """The mean distance between works by different artists."""
        return self.manifest.mean_distance

    def same_artist(self, distances: NDArray[np.floating]) -> NDArray[np.float64] | None:
        """Probability that one artist painted both works, for distances of any shape; None without calibration."""
        return None if self.confidence is None else self.confidence.same_artist(distances / self.mean_distance)

    @cached_property
    def artists(self) -> ArtistTable:
        """The artist of each work, by ascending id."""
        if self.selection is not None:
            of_all = self.unfiltered.artists
            kept, numbers = np.unique(of_all.numbers[self._selected_rows], return_inverse=True)
            return ArtistTable(self.selection.ids, numbers.astype(np.int64), [of_all.names[number] for number in kept])
        ids, names = self.works.artists()
        distinct, numbers = np.unique(np.array(names, dtype=object), return_inverse=True)
        return ArtistTable(ids, numbers.astype(np.int64), [str(name) for name in distinct])

    @cached_property
    def local_scales(self) -> NDArray[np.float32]:
        """How isolated each work is, in the order of `artists`: float32 `[n]`; see `metrics/local_scaling.py`."""
        if self.selection is not None:
            return self.unfiltered.local_scales[self._selected_rows]
        return self.works.local_scales()

    @cached_property
    def fingerprints(self) -> NDArray[np.uint8]:
        """The fingerprint of each work, in the order of `artists`: uint8 `[n, FINGERPRINT_BYTES]`."""
        if self.selection is not None:
            return self.unfiltered.fingerprints[self._selected_rows]
        return self.works.fingerprints()

    @cached_property
    def _selected_rows(self) -> NDArray[np.int64]:
        """The rows of the works that a filter left, among those of the whole index."""
        assert self.selection is not None
        return np.searchsorted(self.unfiltered.artists.ids, self.selection.ids)

    @cached_property
    def cohort_embeddings(self) -> NDArray[np.float32]:
        """The embeddings of the cohort, random works that stand for all: float32 `[at most COHORT_WORKS, d]`."""
        if self.selection is not None:
            ids = self.selection.ids
        elif self.exact:
            ids = self.artists.ids
        else:
            found = self.works.draw_ids(COHORT_WORKS, self.next_id - 1)
            if len(found) >= COHORT_WORKS // 2:
                return self.embeddings(found)
            ids = self.works.ids()  # most of the works there once were have been removed
        drawn = np.random.default_rng(0).permutation(len(ids))[:COHORT_WORKS]
        return self.embeddings(ids[np.sort(drawn)])

    def search_candidates(self, embeddings: NDArray[np.float32], most: int = MAX_CANDIDATES) -> list[Candidates]:
        """For each query `[n, d]` the works among which artists are ranked: all works if the index is exact, else the
        `most` nearest, nearest first."""
        if self.exact:
            return [Candidates(row, self.artists.ids) for row in distance_matrix(embeddings, self._all_embeddings)]
        found = self.store.search(embeddings, most, self._among)
        return [Candidates(row[ids >= 0], ids[ids >= 0]) for row, ids in zip(*found, strict=True)]

    def load_candidates(self, ids: NDArray[np.int64]) -> CandidateWorks:
        """What ranking artists needs to know of candidates: of all works if the index is exact, else of those with
        these ids, so that nothing grows with the index."""
        if self.exact:
            return self._all_candidates
        candidates = read_candidate_works(self.works, ids, self._among)
        if len(candidates.ids) != len(ids):
            raise self._inconsistent()
        return candidates

    @cached_property
    def _all_embeddings(self) -> NDArray[np.float32]:
        return self.embeddings(self.artists.ids)

    @cached_property
    def _all_candidates(self) -> CandidateWorks:
        table = self.artists
        return CandidateWorks(
            ids=table.ids,
            numbers=table.numbers,
            artists=table.names,
            sizes=np.bincount(table.numbers, minlength=len(table.names)),
            local_scales=self.local_scales,
            fingerprints=self.fingerprints,
        )

    @property
    def _among(self) -> NDArray[np.int64] | None:
        return None if self.selection is None else self.selection.ids
