"""Attribution of paintings: framed, embedded, and compared with the works of an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.attribution.answers import (
    Answer,
    Answers,
    ArtistMatch,
    Attribution,
    FailedQuery,
    Neighbour,
    Photograph,
)
from painter_search.attribution.config import QueryConfig
from painter_search.attribution.query_inputs import PaintingInputs, QueryInput, WorkId, read_query_inputs
from painter_search.attribution.query_list import read_list
from painter_search.attribution.recognition import recognised_works
from painter_search.common.errors import UnknownWorkError
from painter_search.common.machine.cores import available_cores
from painter_search.common.progress import track
from painter_search.encoder.inference.embedding import embed_views
from painter_search.encoder.views import make_views
from painter_search.images.decode_pool import frame_file, frame_with_timeout
from painter_search.images.fingerprint import fingerprint, same_picture
from painter_search.images.framing import Frame, open_frame
from painter_search.images.photographs.crop import CropInput, parse_crop
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.works.work_tables import CandidateWorks
from painter_search.metrics.artist_ranking import rank_artists
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.plda import artist_sums
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
    id: int | None = None
    """Its id, if it is a work of the index."""
    sha256: str = ""
    """Digest of the painting's file; empty where it is not known."""

    @classmethod
    def of(cls, name: str, frame: Frame, image: Image.Image | None = None, sha256: str = "") -> PreparedQuery:
        """Fingerprint the painting in a frame; `image` is the frame opened, where the caller has it already."""
        whole = image if image is not None and frame.thumbnail is None else open_frame(frame.thumbnail or frame.jpeg)
        return cls(name, frame, fingerprint(whole), sha256=sha256)


def attribute(
    index: PaintingIndex,
    paintings: PaintingInputs,
    top_k: int = 5,
    works_per_artist: int = 3,
    *,
    crop: CropInput = "auto",
    exit_on_timeout: bool = False,
) -> Answers:
    """Rank the artists of an index by nearness in style to each painting.

    Each painting is framed and embedded as the index's works were. The works of an artist that show the painting itself
    take no part in the ranking. What may be a painting in a photograph is cropped to if it proves to be a work of the
    index.

    Args:
        index: The index to search; narrow it first with `index.filtered(WorkFilter(...))` if needed.
        paintings: One painting or many: paths and URLs of files, of folders and of zip archives, the bytes of a file,
            PIL images, arrays uint8 `[height, width, 3]`, or what `read_list` returns. A string is one path or URL.
        top_k: How many artists to rank.
        works_per_artist: How many of its nearest works to name for each.
        crop: What of each photograph is used: `auto` (the painting in it, where one is found for sure or is a work of
            the index), `none` (all of it), or left, top, width and height of a rectangle, as fractions or in pixels;
            see `parse_crop`.
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
    files = [query.content for query in queries if not isinstance(query.content, WorkId)]
    framing, part = index.framing, parse_crop(crop)
    if files and index.encoder_digest is None:
        _ = index.encoder  # raises the error that says what to do
    # One at a time: a large image takes much memory.
    frames = (
        frame_with_timeout(files, framing, part)
        if exit_on_timeout
        else (frame_file(file, framing, part) for file in files)
    )
    starts = range(0, len(queries), BATCH_SIZE)
    answers = Answers()
    with closing(frames):
        for start in track(starts, "Attributing") if len(starts) > 1 else starts:
            batch = [
                (query, query.content if isinstance(query.content, WorkId) else next(frames))
                for query in queries[start : start + BATCH_SIZE]
            ]
            answers += _attribute_batch(index, batch, top_k, works_per_artist)
    return answers


def attribute_from_config(index: PaintingIndex, config: QueryConfig) -> Answers:
    """Attribute the paintings that `config` names as paths and in its list; see `attribute`.

    Ends the process if decoding a file hangs. The config's filter is not applied: `index` is narrowed already.
    """
    listed = [] if config.list_file is None else read_list(config.list_file)
    paintings, crop = [*config.paintings, *listed], config.crop
    return attribute(index, paintings, config.top_k, config.works_per_artist, crop=crop, exit_on_timeout=True)


def _attribute_batch(
    index: PaintingIndex,
    framed: Sequence[tuple[QueryInput, Frame | WorkId | str]],
    top_k: int,
    works_per_artist: int,
) -> Iterable[Answer]:
    """Answer queries with their frames, or a work of the index, or the reasons why there is no frame."""
    readings: list[list[PreparedQuery]] = []
    views: list[list[NDArray[np.uint8]]] = []
    with ThreadPoolExecutor(available_cores()) as threads:  # the views of a painting are cut in parallel
        for query, frame in framed:
            if isinstance(frame, Frame):
                images = [open_frame(reading.jpeg) for reading in frame.readings]
                readings.append(
                    [
                        PreparedQuery.of(query.name, reading, image, query.sha256())
                        for reading, image in zip(frame.readings, images, strict=True)
                    ]
                )
                views += [make_views(image, index.encoder_config, threads.map) for image in images]
    attributions: Iterator[tuple[int, Attribution]] = iter(())
    if readings:
        embeddings = embed_views(index.encoder, views)
        attributions = iter(attribute_readings(index, readings, embeddings, top_k, works_per_artist))
    return [
        FailedQuery(query.name, frame)
        if isinstance(frame, str)
        else attribute_work(index, frame.id, top_k, works_per_artist)
        if isinstance(frame, WorkId)
        else next(attributions)[1]
        for query, frame in framed
    ]


def attribute_work(index: PaintingIndex, id: int, top_k: int = 5, works_per_artist: int = 3) -> Attribution:
    """Rank the artists for a work of the index, which takes no part in the ranking itself; no encoder is needed.

    Raises `UnknownWorkError` if the index has no work with this id.
    """
    try:
        (work,) = index.works.get([id])
    except KeyError:
        raise UnknownWorkError(f"the index has no work {id}; `build-index list` names the ids.") from None
    thumbnail = index.works.thumbnail(id)
    image = open_frame(thumbnail)
    frame = Frame(thumbnail, None, image.width, image.height, enlarged=False)
    fingerprint = index.works.candidate_rows(np.array([id]))[0].fingerprint
    query = PreparedQuery(f"#{id} {work.title or work.file}", frame, fingerprint, id=id)
    return attribute_prepared(index, [query], index.embeddings([id]), top_k, works_per_artist)[0]


def attribute_readings(
    index: PaintingIndex,
    readings: Sequence[Sequence[PreparedQuery]],
    embeddings: NDArray[np.float32],
    top_k: int = 5,
    works_per_artist: int = 3,
) -> list[tuple[int, Attribution]]:
    """Rank the artists for paintings of which each has one or several readings, see `Frame.readings`.

    `embeddings` is `[n, 256]`, of all readings in order. Returns which reading of each painting counts, and its answer:
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
    is_query = same_picture(painting.fingerprint, works.fingerprints, works.reduced) | (works.ids == painting.id)
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
        relative = distance_matrix(embedding[None], index.reference_embeddings)[0] / index.mean_distance
        signals = OpenSetSignals(float(adjusted[0]), float(relative.mean()), float(relative.std()))
        log_ratios = _log_ratios(index, embedding, works, is_query)
        probabilities = index.confidence.probabilities(
            signals, adjusted, None if log_ratios is None else log_ratios[ranked], index.count_artists(works)
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
        named=artist_known is None or artist_known >= index.least_named,
        picture=painting.frame.thumbnail or painting.frame.jpeg,
        photograph=Photograph(painting.sha256, photograph.width, photograph.height),
        crop=painting.frame.crop,
        possible=possible.crop.corners if possible and possible.crop and not same.any() else None,
        larger=painting.frame.picture,
    )


def _log_ratios(
    index: PaintingIndex, embedding: NDArray[np.float32], works: CandidateWorks, is_query: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Of each artist by number, without the works that are the query's own; None where the index has no PLDA."""
    if index.plda is None:
        return None
    sums, sizes = index.artist_sums(index.plda, works)
    if is_query.any():
        own = index.plda.project(index.embeddings(works.ids[is_query]))
        own_sums, own_sizes = artist_sums(own, works.numbers[is_query], len(works.artists))
        sums, sizes = sums - own_sums, sizes - own_sizes
    left = np.maximum(sizes, 1)
    query = index.plda.project(embedding[None])
    return index.plda.log_likelihood_ratios(query, sums / left[:, None], left).ravel()


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
