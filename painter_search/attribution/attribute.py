"""Attribution of paintings: framed, embedded, and compared with the works of an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.attribution.answers import Answer, Answers, ArtistMatch, Attribution, FailedQuery, Neighbour
from painter_search.attribution.config import QueryConfig
from painter_search.attribution.query_inputs import PaintingInputs, read_query_inputs
from painter_search.attribution.query_list import read_list
from painter_search.common.cores import available_cores
from painter_search.common.progress import track
from painter_search.encoder.embedding import embed_views
from painter_search.encoder.views import make_views
from painter_search.images.decode_pool import frame_file, frame_with_timeout
from painter_search.images.fingerprint import fingerprint, same_picture
from painter_search.images.framing import Frame, open_frame
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.leave_one_out import OpenSetSignals
from painter_search.metrics.local_scaling import scale_distances

BATCH_SIZE = 32
"""Paintings embedded at once."""


@dataclass(frozen=True)
class PreparedQuery:
    """A query painting, framed and fingerprinted."""

    name: str
    frame: Frame
    fingerprint: bytes
    """Fingerprint of the whole painting."""

    @classmethod
    def of(cls, name: str, frame: Frame, image: Image.Image | None = None) -> PreparedQuery:
        """Fingerprint the painting in a frame; `image` is the frame opened, where the caller has it already."""
        whole = image if image is not None and frame.thumbnail is None else open_frame(frame.thumbnail or frame.jpeg)
        return cls(name, frame, fingerprint(whole))


def attribute(
    index: PaintingIndex,
    paintings: PaintingInputs,
    top_k: int = 5,
    works_per_artist: int = 3,
    *,
    exit_on_timeout: bool = False,
) -> Answers:
    """Rank the artists of an index by nearness in style to each painting.

    Each painting is framed and embedded as the index's works were. The works of an artist that show the painting itself
    take no part in the ranking.

    Args:
        index: The index to search; narrow it first with `index.filtered(WorkFilter(...))` if needed.
        paintings: One painting or many: paths and URLs of files, of folders and of zip archives, the bytes of a file,
            PIL images, arrays uint8 `[height, width, 3]`, or what `read_list` returns. A string is one path or URL.
        top_k: How many artists to rank.
        works_per_artist: How many of its nearest works to name for each.
        exit_on_timeout: End this process if decoding a file hangs, as the `query` command does; see
            `frame_with_timeout`. Otherwise such a file keeps the call waiting.

    Returns:
        One answer per painting, in their order: an `Attribution`, or a `FailedQuery` with the reason for a file that is
        no usable image.

    Raises:
        NotFoundError: A path does not exist.
        InvalidValueError: A folder is empty, or there is no painting.

    Example:
        >>> index = PaintingIndex.load("index")  # doctest: +SKIP
        >>> for answer in attribute(index, ["one.jpg", "folder/of/scans"], top_k=3):  # doctest: +SKIP
        ...     print(answer.painting, answer.verdict if answer.answered else answer.reason)
    """
    queries = read_query_inputs(paintings)
    files, framing = [query.content for query in queries], index.framing
    # One at a time: a large image takes much memory.
    frames = frame_with_timeout(files, framing) if exit_on_timeout else (frame_file(file, framing) for file in files)
    starts = range(0, len(queries), BATCH_SIZE)
    answers = Answers()
    with closing(frames):
        for start in track(starts, "Attributing") if len(starts) > 1 else starts:
            batch = [(query.name, next(frames)) for query in queries[start : start + BATCH_SIZE]]
            answers += _attribute_batch(index, batch, top_k, works_per_artist)
    return answers


def attribute_from_config(index: PaintingIndex, config: QueryConfig) -> Answers:
    """Attribute the paintings that `config` names as paths and in its list; see `attribute`.

    Ends the process if decoding a file hangs. The config's filter is not applied: `index` is narrowed already.
    """
    listed = [] if config.list_file is None else read_list(config.list_file)
    return attribute(index, [*config.paintings, *listed], config.top_k, config.works_per_artist, exit_on_timeout=True)


def _attribute_batch(
    index: PaintingIndex, framed: Sequence[tuple[str, Frame | str]], top_k: int, works_per_artist: int
) -> Iterable[Answer]:
    """Answer queries of a name and a frame, or the reason why there is no frame."""
    queries: list[PreparedQuery] = []
    views: list[list[NDArray[np.uint8]]] = []
    with ThreadPoolExecutor(available_cores()) as threads:  # the views of a painting are cut in parallel
        for name, frame in framed:
            if isinstance(frame, Frame):
                image = open_frame(frame.jpeg)
                queries.append(PreparedQuery.of(name, frame, image))
                views.append(make_views(image, index.encoder_config, threads.map))
    attributions: Iterator[Attribution] = iter(())
    if queries:
        embeddings = embed_views(index.encoder, views)
        attributions = iter(attribute_prepared(index, queries, embeddings, top_k, works_per_artist))
    return [FailedQuery(name, frame) if isinstance(frame, str) else next(attributions) for name, frame in framed]


def attribute_prepared(
    index: PaintingIndex,
    paintings: Sequence[PreparedQuery],
    embeddings: NDArray[np.float32],
    top_k: int = 5,
    works_per_artist: int = 3,
) -> list[Attribution]:
    """Rank the artists for paintings that are framed and embedded already: `embeddings` is `[n, 256]`."""
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
    is_query = same_picture(painting.fingerprint, works.fingerprints, works.reduced)
    rows = np.searchsorted(works.ids, ids)
    same = np.isin(ids, works.ids[is_query])
    artists = works.numbers[rows]
    # The painting's own works do not count towards their artist's size.
    sizes = works.sizes - np.bincount(works.numbers[is_query], minlength=len(works.artists))
    scaled = scale_distances(distances, works.local_scales[rows], index.mean_distance)
    ranked, adjusted = rank_artists(scaled[~same], artists[~same], sizes)
    artist_known, probabilities = _probabilities(index, embedding, adjusted)
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
    return Attribution(
        painting=painting.name,
        same_works=neighbours(index, ids[same], distances[same]),
        artists=tuple(matches),
        artist_known=artist_known,
        named=artist_known is None or index.confidence is None or artist_known >= index.confidence.threshold,
        picture=painting.frame.thumbnail or painting.frame.jpeg,
    )


def _probabilities(
    index: PaintingIndex, embedding: NDArray[np.float32], adjusted: NDArray[np.float64]
) -> tuple[float | None, NDArray[np.float64] | None]:
    """Probability that the query's artist is in the index, and that it is each of the ranked artists `[artists]`."""
    if index.confidence is None or not len(adjusted):
        return None, None
    relative = distance_matrix(embedding[None], index.reference_embeddings)[0] / index.mean_distance
    signals = OpenSetSignals(float(adjusted[0]), float(relative.mean()), float(relative.std()))
    artist_known = index.confidence.artist_known(signals)
    return artist_known, artist_known * index.confidence.artist_shares(adjusted)


def neighbours(index: PaintingIndex, ids: NDArray[np.int64], distances: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    """The works `ids` `[n]` at `distances` `[n]` from a query, with the probability that one artist painted both."""
    works = index.works.get([int(id) for id in ids])
    probabilities: Iterable[float | None] = (
        [None] * len(ids)
        if index.confidence is None
        else index.confidence.same_artist(distances / index.mean_distance).tolist()
    )
    return tuple(
        Neighbour(int(id), work, float(distance), probability)
        for id, work, distance, probability in zip(ids, works, distances, probabilities, strict=True)
    )
