"""Where questions are answered: uploads are decoded aside, embedded in batches, and weighed against one index."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.framing import Frame
from painter_search.display.index_page import index_content
from painter_search.errors import UserError
from painter_search.retrieval.attribution import Answer, Attribution, Seen, Unanswered, attribute_seen
from painter_search.retrieval.comparison import Comparison, PairComparison, compare_groups, compare_pair
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.groups import Group, Painting, indexed_painting, painting_of
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.serving.batching import Batches
from painter_search.serving.current import CurrentIndex
from painter_search.serving.decoding import Decoders
from painter_search.serving.kept import Kept, KeptAnswers
from painter_search.serving.maps import Maps

Upload = tuple[str, bytes]
"""A file's name and content."""
T = TypeVar("T")
LONGEST_NAME = 120
"""Characters of a file's name that are kept."""


@dataclass(frozen=True)
class Read:
    """An uploaded painting, framed and embedded."""

    name: str
    frame: Frame
    embedding: NDArray[np.float32]


class Missing(Exception):  # noqa: N818 (an answer in itself)
    """What was asked for is not there. The message says so in a sentence."""


class Desk:
    """Answers questions with the index in use. One for each server; its methods are called from the event loop."""

    def __init__(self, current: CurrentIndex) -> None:
        self.current = current
        self.decoders = Decoders()
        self.batches = Batches()
        self.kept = KeptAnswers()
        self.maps = Maps()
        self._measured: dict[str, dict[str, Any]] = {}
        self._measuring = threading.Lock()
        # Weighing is short and mostly holds Python's lock: more threads would gain nothing.
        self._threads = ThreadPoolExecutor(4, "desk")

    def close(self) -> None:
        """End all processes and threads."""
        self.decoders.close()
        self.batches.close()
        self.maps.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def about(self, index: PaintingIndex) -> dict[str, Any]:
        """What the index's page says. Measuring takes a while: it is done once."""
        with self._measuring:
            if index.digest not in self._measured:
                self._measured = {index.digest: index_content(index)}
            return self._measured[index.digest]

    async def aside(self, work: Callable[[], T]) -> T:
        """What `work` returns, without keeping other questions waiting meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def read(self, index: PaintingIndex, uploads: Sequence[Upload]) -> list[Read | Unanswered]:
        """Decode and embed uploaded files, in their order."""
        return list(await asyncio.gather(*(self._read_one(index, *upload) for upload in uploads)))

    async def _read_one(self, index: PaintingIndex, name: str, content: bytes) -> Read | Unanswered:
        frame = await self.decoders.frame(content, index.framing)
        if isinstance(frame, str):
            return Unanswered(name, frame)
        return Read(name, frame, await self.batches.embed(index, frame.jpeg))

    async def ask(self, uploads: Sequence[Upload], filter: WorkFilter, top: int, works: int) -> Kept:
        """Whom each uploaded painting is nearest to, of the works that the filter leaves."""
        whole = self.current.get()
        index = await self.aside(lambda: self.current.narrowed(whole, filter))
        found = await self.read(whole, uploads)
        return await self.aside(lambda: _weigh(index, found, top, works))

    async def compare(self, ones: Sequence[Upload], others: Sequence[Upload]) -> Kept:
        """How alike two uploaded paintings are, or two groups; raises `UserError` where one cannot be read."""
        index = self.current.get()
        if not ones or not others:
            raise UserError("give a painting, or several, on either side.")
        found = await self.read(index, [*ones, *others])
        one, other = found[: len(ones)], found[len(ones) :]
        return await self.aside(lambda: _hold_against(index, one, other))

    async def compare_kept(self, index: PaintingIndex, refs: Sequence[str]) -> PairComparison:
        """How alike two paintings are, each a work's id, or `answer.place` for one of an answer that is kept.

        Raises `Missing` where there is no such painting.
        """
        one, other = (self._painting(index, ref) for ref in refs)
        return await self.aside(lambda: compare_pair(index, one, other))

    def index_of(self, refs: Sequence[str]) -> PaintingIndex:
        """The index to compare in: that of a kept answer among them, else the one in use."""
        for ref in refs:
            if not ref.isdecimal() and (kept := self.kept.get(ref.partition(".")[0])) is not None:
                return kept.index
        return self.current.get()

    def _painting(self, index: PaintingIndex, ref: str) -> Painting:
        if ref.isascii() and ref.isdecimal() and len(ref) < 19:
            try:
                return indexed_painting(index, int(ref))
            except KeyError:
                raise Missing(f"The index has no work {ref}.") from None
        name, _, place = ref.partition(".")
        kept = self.kept.get(name)
        if kept is not None and place.isascii() and place.isdecimal() and int(place[:4]) < len(kept.paintings):
            painting = kept.paintings[int(place[:4])]
            if painting is not None:
                return painting
        raise Missing("This painting is no longer kept; ask about it again.")


def plain_file_name(name: str | None, number: int) -> str:
    """What an uploaded file is called, without folders and without characters that cannot be shown."""
    base = PurePosixPath((name or "").replace("\\", "/")).name
    shown = "".join(c for c in base if c.isprintable()).strip()[:LONGEST_NAME]
    return shown or f"painting {number}"


def _weigh(index: PaintingIndex, found: Sequence[Read | Unanswered], top: int, works: int) -> Kept:
    read = [one for one in found if isinstance(one, Read)]
    weighed: list[Attribution] = []
    if read:
        embeddings = np.stack([one.embedding for one in read])
        weighed = attribute_seen(index, [Seen.of(one.name, one.frame) for one in read], embeddings, top, works)
    in_order = iter(weighed)
    answers: tuple[Answer, ...] = tuple(one if isinstance(one, Unanswered) else next(in_order) for one in found)
    paintings = tuple(None if isinstance(one, Unanswered) else _painting(one) for one in found)
    size = sum(len(one.frame.jpeg) + 100_000 for one in read)
    return Kept(index, answers, paintings, size=size)


def _hold_against(index: PaintingIndex, one: Sequence[Read | Unanswered], other: Sequence[Read | Unanswered]) -> Kept:
    if len(one) == len(other) == 1:
        for painting in (one[0], other[0]):
            if isinstance(painting, Unanswered):
                raise UserError(f"{painting.painting}: {painting.reason}; give an image.")
        comparison: Comparison = compare_pair(index, *(_painting(p) for p in (one[0], other[0])))
        return Kept(index, comparison=comparison, size=2_000_000)
    if len(other) == 1:
        one, other = other, one
    groups = [_group(f"Group {letter}", side) for letter, side in (("A", one), ("B", other))]
    return Kept(index, comparison=compare_groups(index, *groups), size=100_000 * (len(one) + len(other)))


def _group(name: str, found: Sequence[Read | Unanswered]) -> Group:
    paintings = tuple(_painting(one) for one in found if isinstance(one, Read))
    unreadable = tuple(Unanswered(f"{name}/{one.painting}", one.reason) for one in found if isinstance(one, Unanswered))
    # As on the command line, a single painting goes by its own name.
    return Group(paintings[0].name if len(found) == len(paintings) == 1 else name, paintings, unreadable)


def _painting(one: Read | Unanswered) -> Painting:
    assert isinstance(one, Read)
    return painting_of(one.name, one.frame, one.embedding)
