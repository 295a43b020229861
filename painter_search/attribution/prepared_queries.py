"""Paintings that are framed and embedded already, and the ranking of the artists for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.attribution.answers import ArtistMatch, Attribution, Neighbour, QueriedFile
from painter_search.attribution.recognition import recognised_works
from painter_search.images.fingerprint import fingerprint, same_picture
from painter_search.images.framing import Frame, open_frame
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.open_set import OpenSetSignals
from painter_search.metrics.local_scaling import scale_distances


@dataclass(frozen=True)
class PreparedQuery:
    """A query painting, framed and fingerprinted."""

    name: str
    frame: Frame
    fingerprint: bytes
    """Fingerprint of the whole painting."""
    id: int | None = None
    """Its id, if it is a work of the index."""
    sha256: str = ""
    """Digest of the painting's file; empty where it is not known."""

    @classmethod
    def of(cls, name: str, frame: Frame, image: Image.Image | None = None, sha256: str = "") -> PreparedQuery:
        """Fingerprint the painting in a frame; `image` is the frame opened, where the caller has it already."""
        whole = image if image is not None and frame.thumbnail is None else open_frame(frame.thumbnail or frame.jpeg)
        return cls(name, frame, fingerprint(whole), sha256=sha256)


def attribute_readings(
    index: PaintingIndex,
    readings: Sequence[Sequence[PreparedQuery]],
    embeddings: NDArray[np.float32],
    top_k: int,
    works_per_artist: int,
) -> list[tuple[int, Attribution]]:
    """Rank the artists for paintings of which each has one or several readings, see `Frame.readings`.

    `embeddings` is `[n, d]`, of all readings in order. Returns which reading of each painting counts, and its answer:
    the first that is of a work of the index, else the first.
    """
    flat = [reading for of_painting in readings for reading in of_painting]
    attributions = iter(attribute_prepared(index, flat, embeddings, top_k, works_per_artist))
    chosen = []
    for of_painting in readings:
        answers = list(islice(attributions, len(of_painting)))
        number = next((number for number, answer in enumerate(answers) if answer.same_works), 0)
        chosen.append((number, answers[number]))
    return chosen


def attribute_prepared(
    index: PaintingIndex,
    paintings: Sequence[PreparedQuery],
    embeddings: NDArray[np.float32],
    top_k: int,
    works_per_artist: int,
) -> list[Attribution]:
    """Rank the artists for paintings that are framed and embedded already: `embeddings` is `[n, d]`."""
    candidates = index.search_candidates(embeddings)
    return [
        _attribute_one(index, painting, embedding, distances, ids, top_k=top_k, works_per_artist=works_per_artist)
        for painting, embedding, (distances, ids) in zip(paintings, embeddings, candidates, strict=True)
    ]


def _attribute_one(
    index: PaintingIndex,
    painting: PreparedQuery,
    embedding: NDArray[np.float32],
    distances: NDArray[np.float32],
    ids: NDArray[np.int64],
    *,
    top_k: int,
    works_per_artist: int,
) -> Attribution:
    """Rank the artists of the candidate works `ids` `[n]` at `distances` `[n]`."""
    works = index.load_candidates(ids)
    is_query = same_picture(painting.fingerprint, works.fingerprints, works.coarse) | (works.ids == painting.id)
    if painting.id is None:
        is_query |= np.isin(works.ids, recognised_works(index, painting.frame, distances, ids))
    rows = np.searchsorted(works.ids, ids)
    same = np.isin(ids, works.ids[is_query])
    artists = works.numbers[rows]
    # The painting's own works do not count towards their artist's size.
    sizes = works.sizes - np.bincount(works.numbers[is_query], minlength=len(works.artists))
    scaled = scale_distances(distances, works.local_scales[rows], index.mean_distance)
    ranked, adjusted = rank_artists(scaled[~same], artists[~same], sizes)
    artist_known = probabilities = None
    if index.confidence is not None and len(ranked):
        relative = distance_matrix(embedding[None], index.cohort_embeddings)[0] / index.mean_distance
        signals = OpenSetSignals.measured(adjusted, relative)
        log_ratios = index.log_ratios(embedding, works, is_query)
        probabilities = index.confidence.probabilities(
            signals, adjusted, None if log_ratios is None else log_ratios[ranked], index.artist_count
        )
        artist_known = float(probabilities.sum())
        likeliest = np.argsort(-probabilities, kind="stable")
        ranked, adjusted, probabilities = ranked[likeliest], adjusted[likeliest], probabilities[likeliest]
    matches = []
    for rank, artist in enumerate(ranked[:top_k]):
        nearest = np.flatnonzero((artists == artist) & ~same)
        nearest = nearest[np.argsort(distances[nearest], kind="stable")][:works_per_artist]
        matches.append(
            ArtistMatch(
                artist=works.artists[artist],
                works_in_index=int(works.sizes[artist]),
                distance=float(adjusted[rank]),
                probability=None if probabilities is None else float(probabilities[rank]),
                works=neighbours(index, ids[nearest], distances[nearest]),
            )
        )
    photograph = painting.frame.crop or painting.frame
    possible = painting.frame.possible
    return Attribution(
        painting=painting.name,
        same_works=neighbours(index, ids[same], distances[same]),
        artists=tuple(matches),
        artist_known=artist_known,
        named=bool(matches) and (artist_known is None or artist_known >= index.least_named),
        picture=painting.frame.thumbnail or painting.frame.jpeg,
        photograph=QueriedFile(painting.sha256, photograph.width, photograph.height),
        crop=painting.frame.crop,
        possible=possible.crop.corners if possible and possible.crop and not same.any() else None,
        larger=painting.frame.picture,
    )


def neighbours(index: PaintingIndex, ids: NDArray[np.int64], distances: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    """The works `ids` `[n]` at `distances` `[n]` from a query, with the probability that one artist painted both."""
    works = index.works.get([int(id) for id in ids])
    found = index.same_artist(distances)
    probabilities: Iterable[float | None] = [None] * len(ids) if found is None else found.tolist()
    return tuple(
        Neighbour(int(id), work, float(distance), probability)
        for id, work, distance, probability in zip(ids, works, distances, probabilities, strict=True)
    )
