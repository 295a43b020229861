"""PLDA of an index without some of its works, which do not move its centre either: as if it never had them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from painter_search.metrics.distances import FloatArray, IntArray
from painter_search.metrics.identification.plda import PLDA, PRIOR_ARTISTS, artist_sums

EPSILON = 1e-18
"""No squared length is smaller."""


class PLDALeftOut:
    """The likelihood ratios of an index's works under its artists, with works left out.

    Left in the centre, an artist's own works would make all other artists look less like them than they look to a
    stranger's, and strangers would seem easier to tell than they are. To project an index anew for every query would
    take minutes; but a centre moves all works alike: a work around it is the work less the centre, at another length.
    """

    def __init__(self, plda: PLDA, embeddings: FloatArray, artists: IntArray) -> None:
        """Prepare to leave out works.

        Args:
            plda: The model as it was fitted, not around this index.
            embeddings: The works, `[n, d]`.
            artists: Their artists, `[n]`, numbered from 0 without gaps.
        """
        self._plda = plda
        self._artists = artists
        # Around the model's own centre, and not yet at the length that the model expects.
        self._works = (embeddings - plda.mean.astype(np.float64)) @ plda.transform.T.astype(np.float64)
        self._variance = 1 + plda.between.astype(np.float64)
        self._squares = (self._works**2 / self._variance).sum(axis=1)
        self._sums, self._sizes = artist_sums(self._works, artists)

    def log_ratios(self, query: int, left_out: NDArray[np.bool_]) -> NDArray[np.float64]:
        """log p(the query | an artist painted it) - log p(it | an unknown artist did), of every artist: `[artists]`.

        Args:
            query: Its row.
            left_out: The works that the index does not have, `[n]`. An artist of no others has no meaningful ratio.
        """
        from scipy.sparse import csr_array  # here: queries, which import this module, need none

        gone_sums, gone_sizes = artist_sums(self._works[left_out], self._artists[left_out], len(self._sizes))
        sizes = self._sizes - gone_sizes
        remaining = np.where(sizes[:, None] > 0, self._sums - gone_sums, 0)
        # As in `PLDA.centred_on`, whose prior lies at the origin here.
        centre = (remaining / (sizes[:, None] + 1)).sum(axis=0) / ((sizes / (sizes + 1)).sum() + PRIOR_ARTISTS)
        squares = self._squares - 2 * self._works @ (centre / self._variance) + (centre**2 / self._variance).sum()
        scales = np.sqrt(len(centre) / np.maximum(squares, EPSILON))
        projected = (self._works[query] - centre) * scales[query]
        lengths = csr_array((np.where(left_out, 0, scales), (self._artists, np.arange(len(left_out)))))  # by artist
        left = np.maximum(sizes, 1)[:, None]
        means = (lengths @ self._works - lengths.sum(axis=1)[:, None] * centre) / left
        return self._plda.log_likelihood_ratios(projected[None], means, left[:, 0]).ravel()
