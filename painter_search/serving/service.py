"""Answers requests: uploads are decoded in processes, embedded in batches, and attributed or compared in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from painter_search.analysis.comparisons.comparison_inputs import (
    ComparedPainting,
    PaintingGroup,
    choose_reading,
    indexed_painting,
    painting_of,
)
from painter_search.analysis.comparisons.group_comparison import compare_groups
from painter_search.analysis.comparisons.pair_comparison import PairComparison, compare_pair
from painter_search.attribution.answers import Answer, FailedQuery
from painter_search.attribution.prepared_queries import PreparedQuery, attribute_readings
from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.common.files.atomic_io import digest_bytes
from painter_search.display.pages.index_page import index_page_content
from painter_search.images.framing import Frame
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.batching import BatchedEmbedder
from painter_search.serving.current_index import CurrentIndex
from painter_search.serving.decoder_pool import DecodedUpload, DecoderPool
from painter_search.serving.lookups import NotFound
from painter_search.serving.map_cache import MapCache
from painter_search.serving.result_cache import CachedResult, ResultCache
from painter_search.serving.uploads import Upload

THREADS = 4
"""Attribution is short and mostly holds Python's lock, so that more threads would gain nothing."""
ANSWER_BYTES, PAIR_BYTES, GROUPED_WORK_BYTES = 100_000, 2_000_000, 100_000
"""Memory that a cached answer (besides its frame), a pair's comparison and a work of a group take, roughly."""

T = TypeVar("T")


@dataclass(frozen=True)
class ReadUpload:
    """An uploaded file after decoding and embedding."""

    name: str
    query: PreparedQuery | None
    """None if the file is unreadable."""
    embedding: NDArray[np.float32]
    """`[256]`; empty if the file is unreadable."""
    reason: str = ""
    """Why the file is unreadable."""
    possible: ReadUpload | None = None
    """The same of what may be a painting in the photograph; see `Frame`."""

    @property
    def readings(self) -> tuple[ReadUpload, ...]:
        """This painting, and what may be one in its photograph."""
        return (self,) if self.possible is None else (self, self.possible)

    @property
    def queries(self) -> list[PreparedQuery]:
        """Those of its readings; none if the file is unreadable."""
        return [one.query for one in self.readings if one.query]

    @property
    def frames(self) -> list[Frame]:
        """Frames of its readings; none if the file is unreadable."""
        return [query.frame for query in self.queries]

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """Those of its readings: `[n, 256]`."""
        return np.stack([one.embedding for one in self.readings])

    @property
    def compared(self) -> Callable[[], ComparedPainting] | None:
        """Makes the painting as comparisons take it; None if the file is unreadable."""
        if self.query is None:
            return None
        return partial(painting_of, self.name, self.frames, self.embeddings, self.query.sha256)


class Service:
    """Answers requests from the current index. One per server; its methods run in the event loop."""

    def __init__(self, current_index: CurrentIndex, decoders: DecoderPool | None = None) -> None:
        self.current_index = current_index
        self.decoders = decoders or DecoderPool()
        self.embedder = BatchedEmbedder()
        self.results = ResultCache()
        self.maps = MapCache()
        self._index_pages: dict[str, dict[str, Any]] = {}
        self._index_page_lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "service")

    def close(self) -> None:
        """Stop all processes and threads."""
        self.decoders.close()
        self.embedder.close()
        self.maps.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """The result of `work`, computed without blocking other requests."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def open_current(self) -> PaintingIndex:
        """The current index. A new one is opened without blocking other requests."""
        return await self.run_in_thread(self.current_index.get)

    def index_page(self, index: PaintingIndex) -> dict[str, Any]:
        """The content of the index's page. Its measurements take a while and are made once per index."""
        with self._index_page_lock:
            if index.digest not in self._index_pages:
                self._index_pages = {index.digest: index_page_content(index)}
            return self._index_pages[index.digest]

    async def attribute(
        self, uploads: Sequence[Upload], filter: WorkFilter, *, top_k: int, works_per_artist: int
    ) -> CachedResult:
        """Attribute each uploaded painting to the artists of the works that pass the filter."""
        whole = await self.open_current()
        _require_encoder(whole)
        index = await self.run_in_thread(lambda: self.current_index.filtered(whole, filter))
        read = await self._read_uploads(whole, uploads)
        return await self.run_in_thread(lambda: _attribute(index, uploads, read, top_k, works_per_artist))

    async def attribute_again(self, result: CachedResult, upload: Upload) -> CachedResult:
        """Attribute one painting of a result once more, cropped otherwise, in the same index."""
        read = await self._read_uploads(result.index, [upload])
        return await self.run_in_thread(
            lambda: _attribute(self.index_of(result), [upload], read, result.top_k, result.works_per_artist)
        )

    def index_of(self, result: CachedResult) -> PaintingIndex:
        """The index that gave a result, with the works that its filter left."""
        return self.current_index.narrowed(result.index, result.selection)

    async def compare_uploads(self, one: Sequence[Upload], other: Sequence[Upload]) -> CachedResult:
        """Compare two uploaded paintings, or two groups.

        Raises:
            PainterSearchError: A side is empty or has no readable painting.
        """
        index = await self.open_current()
        _require_encoder(index)
        if not one or not other:
            raise InvalidValueError("choose a painting, or several, on either side.")
        read = await self._read_uploads(index, [*one, *other])
        return await self.run_in_thread(lambda: _compare(index, read[: len(one)], read[len(one) :]))

    async def compare_references(self, index: PaintingIndex, references: Sequence[str]) -> PairComparison:
        """Compare two paintings, each named by a work's id or by `RESULT.NUMBER`, a painting of a cached result.

        Raises:
            NotFound: There is no such work, or the result is no longer kept.
        """

        def compare() -> PairComparison:
            one, other = (self.find_painting(index, reference) for reference in references)
            return compare_pair(index, one, other)

        return await self.run_in_thread(compare)

    def index_of_references(self, references: Sequence[str], digest: str = "") -> PaintingIndex:
        """The index, with all its works, that references are to be looked up in.

        It is that of the first cached result among them, or else the one with this digest if it is still open, or else
        the current one.
        """
        for reference in references:
            if not reference.isdecimal() and (result := self.results.get(reference.partition(".")[0])) is not None:
                return result.index
        return self.current_index.by_digest(digest) or self.current_index.get()

    async def _read_uploads(self, index: PaintingIndex, uploads: Sequence[Upload]) -> list[ReadUpload]:
        return list(await asyncio.gather(*(self._read_upload(index, upload) for upload in uploads)))

    async def _read_upload(self, index: PaintingIndex, upload: Upload) -> ReadUpload:
        try:
            decoded = await self.decoders.decode(
                upload.content, index.framing, index.encoder_config, upload.crop, index.picture_size
            )
        except UnreadableImageError as unreadable:
            return ReadUpload(upload.name, None, np.empty(0, np.float32), str(unreadable))
        return await self._embed_upload(index, upload, decoded)

    async def _embed_upload(self, index: PaintingIndex, upload: Upload, decoded: DecodedUpload) -> ReadUpload:
        query = PreparedQuery(upload.name, decoded.frame, decoded.fingerprint, sha256=digest_bytes(upload.content))
        embedding = await self.embedder.embed(index, decoded.views)
        possible = await self._embed_upload(index, upload, decoded.possible) if decoded.possible else None
        return ReadUpload(upload.name, query, embedding, possible=possible)

    def find_painting(self, index: PaintingIndex, reference: str) -> ComparedPainting:
        """The painting that a reference names, as comparisons take it; raises `NotFound`."""
        if reference.isascii() and reference.isdecimal() and len(reference) < 19:  # as SQLite's integers
            try:
                return indexed_painting(index, int(reference))
            except LookupError:
                raise NotFound(f"The index has no work {reference}.") from None
        name, _, number = reference.partition(".")
        result = self.results.get(name)
        if result is not None and number.isascii() and number.isdecimal() and int(number[:4]) < len(result.paintings):
            make_painting = result.paintings[int(number[:4])]
            if make_painting is not None:
                return make_painting()
        raise NotFound("This painting is no longer kept; upload it again.")


def _attribute(
    index: PaintingIndex, uploads: Sequence[Upload], read: Sequence[ReadUpload], top_k: int, works_per_artist: int
) -> CachedResult:
    readable = [one for one in read if one.query]
    queries, embeddings = [one.queries for one in readable], [one.embeddings for one in readable]
    attributions = iter(
        attribute_readings(index, queries, np.concatenate(embeddings), top_k, works_per_artist) if readable else ()
    )
    answers: list[Answer] = []
    compared: list[Callable[[], ComparedPainting] | None] = []
    for one in read:
        if one.query is None:
            answers.append(FailedQuery(one.name, one.reason))
            compared.append(None)
        else:
            number, answer = next(attributions)
            answers.append(answer)
            compared.append(one.readings[number].compared)
    frames = [frame for one in readable for frame in one.frames]
    return CachedResult(
        index.unfiltered,
        selection=index.selection,
        answers=tuple(answers),
        paintings=tuple(compared),
        uploads=tuple(uploads),
        top_k=top_k,
        works_per_artist=works_per_artist,
        size=sum(len(frame.jpeg) + len(frame.picture or b"") + ANSWER_BYTES for frame in frames),
    )


def _require_encoder(index: PaintingIndex) -> None:
    if index.encoder_digest is None:
        raise InvalidValueError("this index has no encoder for new pictures; browse and compare its works.")


def _compare(index: PaintingIndex, one: Sequence[ReadUpload], other: Sequence[ReadUpload]) -> CachedResult:
    if len(one) == len(other) == 1:
        comparison = compare_pair(index, _readable(index, one[0]), _readable(index, other[0]))
        larger = sum(len(side.larger or b"") for side in (comparison.one, comparison.other))
        return CachedResult(index, comparison=comparison, size=PAIR_BYTES + larger)
    if len(other) == 1:  # a single painting goes first
        one, other = other, one
    groups = _group(index, "Group A", one), _group(index, "Group B", other)
    size = GROUPED_WORK_BYTES * (len(one) + len(other))
    return CachedResult(index, comparison=compare_groups(index, *groups), size=size)


def _readable(index: PaintingIndex, upload: ReadUpload) -> ComparedPainting:
    if upload.query is None:
        raise InvalidValueError(f"{upload.name}: {upload.reason}; choose an image.")
    painting = choose_reading(index, upload.name, upload.frames, upload.embeddings)
    return replace(painting, sha256=upload.query.sha256)


def _group(index: PaintingIndex, name: str, uploads: Sequence[ReadUpload]) -> PaintingGroup:
    compared = (_readable(index, upload) for upload in uploads if upload.query)
    paintings = tuple(replace(painting, larger=None, possible=None) for painting in compared)
    unreadable = tuple(FailedQuery(f"{name}/{upload.name}", upload.reason) for upload in uploads if not upload.query)
    # As on the command line, a group of a single painting goes by the painting's name.
    return PaintingGroup(paintings[0].name if len(uploads) == len(paintings) == 1 else name, paintings, unreadable)
