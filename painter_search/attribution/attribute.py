"""Attribution of paintings: framed, embedded, and compared with the works of an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from painter_search.attribution.answers import Answer, Answers, Attribution, FailedQuery
from painter_search.attribution.config import QueryConfig, check_counts
from painter_search.attribution.prepared_queries import PreparedQuery, attribute_prepared, attribute_readings
from painter_search.attribution.query_inputs import PaintingInputs, QueryInput, WorkId, read_query_inputs
from painter_search.attribution.query_list import read_list
from painter_search.common.machine.cores import available_cores
from painter_search.common.progress import track
from painter_search.encoder.inference.embedding import embed_views
from painter_search.encoder.views import make_views
from painter_search.images.decode_pool import frame_in_threads, frame_with_timeout
from painter_search.images.framing import Frame, open_frame
from painter_search.images.photographs.crop import CropInput, parse_crop
from painter_search.index.painting_index import PaintingIndex, check_opened

BATCH_SIZE = 32
"""Paintings embedded at once."""


def attribute(
    index: PaintingIndex,
    paintings: PaintingInputs,
    top_k: int = 5,
    works_per_artist: int = 3,
    *,
    crop: CropInput = "auto",
    pictures: bool = True,
    exit_on_timeout: bool = False,
) -> Answers:
    """Rank the artists of an index by nearness in style to each painting.

    Each painting is framed and embedded as the index's works were. The works of an artist that show the painting itself
    take no part in the ranking. What may be a painting in a photograph is cropped to if it proves to be a work of the
    index.

    Args:
        index: The index to search; narrow it first with `index.filtered(WorkFilter(...))` if needed.
        paintings: One painting or many: paths and URLs of files, of folders and of zip archives, the bytes of a file,
            open files, PIL images, arrays uint8 `[height, width, 3]`, or what `read_list` returns. A string is one path
            or URL, or `"#17"`, the work of the index with this id.
        top_k: How many artists to rank.
        works_per_artist: How many of its nearest works to name for each.
        crop: What of each photograph is used: `auto` (the painting in it, where one is found for sure or is a work of
            the index), `none` (all of it), or left, top, width and height of a rectangle, as fractions or in pixels;
            see `parse_crop`.
        pictures: Whether the answers keep the paintings' pictures; without, those of 100,000 take no gigabytes.
        exit_on_timeout: End this process if decoding a file hangs, as the `query` command does; see
            `frame_with_timeout`. Otherwise such a file keeps the call waiting.

    Returns:
        One answer per painting, in their order: an `Attribution`, its artists likeliest first (without calibration,
        nearest first), or a `FailedQuery` with the reason for a file that is not a usable image.

    Raises:
        NotFoundError: The only path does not exist.
        InvalidValueError: A folder is empty, an object is not a painting, there is none, or `top_k` or
            `works_per_artist` is not a whole number from 1.
        UnknownWorkError: The index has no work of an id.

    Example:
        >>> index = PaintingIndex.load("index")  # doctest: +SKIP
        >>> for answer in attribute(index, ["one.jpg", "folder/of/scans"], top_k=3):  # doctest: +SKIP
        ...     print(answer.painting, answer.verdict if answer.answered else answer.reason)
    """
    check_opened(index)
    check_counts(top_k, works_per_artist)
    queries = read_query_inputs(paintings)
    files = [query.content for query in queries if not isinstance(query.content, WorkId)]
    framing, part = index.framing, parse_crop(crop)
    asked = [query.content.id for query in queries if isinstance(query.content, WorkId)]
    index.works.get(asked)  # an unknown id is refused before anything is computed
    if files and index.encoder_digest is None:
        _ = index.encoder  # raises the error that says what to do
    frame_files = frame_with_timeout if exit_on_timeout else frame_in_threads
    frames = frame_files(files, framing, part)
    starts = range(0, len(queries), BATCH_SIZE)
    answers = Answers()
    with closing(frames):
        for start in track(starts, "Attributing") if len(starts) > 1 else starts:
            batch = [
                (query, query.content if isinstance(query.content, WorkId) else next(frames))
                for query in queries[start : start + BATCH_SIZE]
            ]
            answered = _attribute_batch(index, batch, top_k, works_per_artist)
            answers += answered if pictures else map(_without_pictures, answered)
    return answers


def attribute_from_config(index: PaintingIndex, config: QueryConfig) -> Answers:
    """Attribute the paintings that `config` names as paths and in its list; see `attribute`.

    Ends the process if decoding a file hangs. The config's filter is not applied: `index` is narrowed already.
    """
    listed = [] if config.list_file is None else read_list(config.list_file)
    return attribute(
        index,
        [*config.paintings, *listed],
        config.top_k,
        config.works_per_artist,
        crop=config.crop,
        pictures=config.page is not None,
        exit_on_timeout=True,
    )


def _without_pictures(answer: Answer) -> Answer:
    if not answer.answered:
        return answer
    crop = answer.crop and replace(answer.crop, photograph=b"")
    return replace(answer, picture=b"", larger=None, crop=crop)


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
    (work,) = index.works.get([id])
    thumbnail = index.works.thumbnail(id)
    image = open_frame(thumbnail)
    frame = Frame(thumbnail, None, image.width, image.height, enlarged=False)
    fingerprint = index.works.candidate_rows(np.array([id]))[0].fingerprint
    query = PreparedQuery(f"#{id} {work.caption}", frame, fingerprint, id=id)
    return attribute_prepared(index, [query], index.embeddings([id]), top_k, works_per_artist)[0]
