"""Whose hand is a painting nearest to? Artists ranked for a query, with the works that speak for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from painter_search.collection.fingerprint import fingerprint, same_picture
from painter_search.collection.framing import Frame, open_frame
from painter_search.collection.framing_pool import frame_file, frame_in_time
from painter_search.collection.work import Work
from painter_search.encoder.embedding import embed_views
from painter_search.encoder.views import views_of
from painter_search.progress import track
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.questions import Question, read_list, read_questions
from painter_search.retrieval.settings import QueryConfig
from painter_search.scores.artists import rank_artists, relative_distances
from painter_search.scores.triplets import distance_matrix

BATCH = 32
"""Paintings embedded at once."""


@dataclass(frozen=True)
class Neighbour:
    """A work in the index and its distance from the query."""

    id: int
    work: Work
    distance: float
    probability: float | None = None
    """That the painting asked about and this work, taken by themselves, are by one artist, of pairs of which half are;
    None without calibration."""


@dataclass(frozen=True)
class ArtistMatch:
    """One artist, how near, and the works that speak for it."""

    artist: str
    works_in_index: int
    distance: float
    """Of the artist's nearest works, adjusted for how isolated each lies and how many the index has; 1 is far."""
    probability: float | None
    """That the painting is nearest in style to this artist because it is by them, supposing that works by artists in
    the index and by others are asked about equally often; None without calibration."""
    works: tuple[Neighbour, ...]
    """The artist's nearest works, nearest first."""


@dataclass(frozen=True)
class Attribution:
    """The answer for one painting: artists ranked by nearness in style."""

    painting: str
    """The file's name, without its folder."""
    same_works: tuple[Neighbour, ...]
    """Works in the index that are this very picture; they had no vote."""
    artists: tuple[ArtistMatch, ...]
    known: float | None
    """The probability that its artist is in the index; None without calibration."""
    named: bool
    """Whether that is enough to name the nearest artist, or nobody in the index is close."""
    picture: bytes
    """The whole painting as a JPEG file, reduced."""

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if not self.artists:
            return "no other work to compare with"
        first = self.artists[0]
        works = f"{first.works_in_index:,} work{'' if first.works_in_index == 1 else 's'}"
        if not self.named:
            return f"no artist in this index is close; nearest in style: {first.artist} ({works})"
        sure = "" if first.probability is None else f" ({about(first.probability)})"
        return f"nearest in style to {first.artist}{sure}, on {works}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, without the picture."""
        return {
            "painting": self.painting,
            "verdict": self.verdict,
            "named": self.named,
            "known": self.known,
            "same_works": [asdict(neighbour) for neighbour in self.same_works],
            "artists": [asdict(artist) for artist in self.artists],
        }


@dataclass(frozen=True)
class Unanswered:
    """A file that could not be asked about, and why."""

    painting: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


Answer = Attribution | Unanswered


@dataclass(frozen=True)
class Seen:
    """A painting that is asked about, framed."""

    name: str
    frame: Frame
    mark: bytes
    """The whole painting's fingerprint."""

    @classmethod
    def of(cls, name: str, frame: Frame, image: Image.Image | None = None) -> Seen:
        """The painting in a frame; `image` is the frame opened, for who has it."""
        whole = image if image is not None and frame.thumbnail is None else open_frame(frame.thumbnail or frame.jpeg)
        return cls(name, frame, fingerprint(whole))


def about(probability: float) -> str:
    """A probability in words, no finer than it can be known: `about 70 %`."""
    if probability < 0.05:
        return "under 5 %"
    return "over 95 %" if probability > 0.95 else f"about {round(20 * probability) * 5} %"


def attribute(
    index: PaintingIndex,
    paintings: Sequence[Path | str | bytes | Question],
    top: int = 5,
    works: int = 3,
    in_time: bool = False,
) -> list[Answer]:
    """Rank the nearest artists for paintings given as files, folders of files, or the bytes of a file.

    What a list names is asked about with `attribute(index, read_list("list.txt"))`. Each painting is framed as the
    index's works were. A file that is no usable image is answered with the reason. `in_time` is for a command, which
    ends where a decoder hangs; see `frame_in_time`. Raises `UserError` for a path that does not exist and for a folder
    without files.
    """
    questions = read_questions(paintings)
    files, framing = [question.content for question in questions], index.framing
    # One after the other, as a large image takes much memory.
    plainly = (frame_file(file, framing) for file in files)
    starts = range(0, len(questions), BATCH)
    answers: list[Answer] = []
    with closing(frame_in_time(files, framing) if in_time else plainly) as frames:
        for start in track(starts, "Asking") if len(starts) > 1 else starts:
            block = [(question.name, next(frames)) for question in questions[start : start + BATCH]]
            answers += _attribute_block(index, block, top, works)
    return answers


def attribute_asked(index: PaintingIndex, config: QueryConfig) -> list[Answer]:
    """The same for the paintings that `config` names, on its command line and in its list."""
    listed = [] if config.listed is None else read_list(config.listed)
    return attribute(index, [*config.paintings, *listed], config.top, config.works, in_time=True)


def _attribute_block(
    index: PaintingIndex, framed: Sequence[tuple[str, Frame | str]], top: int, works: int
) -> list[Answer]:
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # the views of each are cut side by side
        looks = [_look_at(index, name, frame, threads.map) for name, frame in framed]
    seen = [look for look in looks if not isinstance(look, Unanswered)]
    found: Iterator[Attribution] = iter(())
    if seen:
        embeddings = embed_views(index.encoder, [views for _, views in seen])
        found = iter(attribute_seen(index, [one for one, _ in seen], embeddings, top, works))
    return [look if isinstance(look, Unanswered) else next(found) for look in looks]


def _look_at(
    index: PaintingIndex, name: str, frame: Frame | str, each: Callable
) -> tuple[Seen, list[NDArray[np.uint8]]] | Unanswered:
    if isinstance(frame, str):
        return Unanswered(name, frame)
    image = open_frame(frame.jpeg)
    return Seen.of(name, frame, image), views_of(image, index.encoder_config, each)


def attribute_seen(
    index: PaintingIndex, paintings: Sequence[Seen], embeddings: NDArray[np.float32], top: int = 5, works: int = 3
) -> list[Attribution]:
    """Rank the nearest artists for paintings that were framed and embedded `[n, 256]` before."""
    found = zip(paintings, embeddings, index.candidates(embeddings), strict=True)
    return [
        _attribute_one(index, painting, embedding, distances, ids, top, works)
        for painting, embedding, (distances, ids) in found
    ]


def _attribute_one(
    index: PaintingIndex,
    painting: Seen,
    embedding: NDArray[np.float32],
    distances: NDArray[np.float32],
    ids: NDArray[np.int64],
    top: int,
    works: int,
) -> Attribution:
    known_works = index.known(ids)
    alike = same_picture(painting.mark, known_works.fingerprints, known_works.reduced)
    twins = known_works.ids[alike]
    places = np.searchsorted(known_works.ids, ids)
    same = np.isin(ids, twins)
    owners, sizes, artists = known_works.numbers[places], known_works.sizes, known_works.artists
    voters = sizes - np.bincount(known_works.numbers[alike], minlength=len(artists))
    relative = relative_distances(distances, known_works.isolations[places], index.typical)
    ranked, adjusted = rank_artists(relative[~same], owners[~same], voters)
    known, probabilities = _how_sure(index, embedding, adjusted)
    matches = []
    for place, number in enumerate(ranked[:top]):
        own = np.flatnonzero((owners == number) & ~same)
        own = own[np.argsort(distances[own], kind="stable")][:works]
        matches.append(
            ArtistMatch(
                artists[number],
                int(sizes[number]),
                float(adjusted[place]),
                None if probabilities is None else float(probabilities[place]),
                neighbours(index, ids[own], distances[own]),
            )
        )
    return Attribution(
        painting.name,
        neighbours(index, ids[same], distances[same]),
        tuple(matches),
        known,
        known is None or index.confidence is None or known >= index.confidence.threshold,
        painting.frame.thumbnail or painting.frame.jpeg,
    )


def _how_sure(
    index: PaintingIndex, embedding: NDArray[np.float32], adjusted: NDArray[np.float64]
) -> tuple[float | None, NDArray[np.float64] | None]:
    """The probability that the query's artist is in the index, and that it is each of the ranked ones."""
    if index.confidence is None or not len(adjusted):
        return None, None
    typical = distance_matrix(embedding[None], index.sample)[0] / index.typical
    known = index.confidence.in_index(float(adjusted[0]), float(typical.mean()), float(typical.std()))
    return known, known * index.confidence.among(adjusted)


def neighbours(index: PaintingIndex, ids: NDArray[np.int64], distances: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    """The works with these ids at these distances, and what these are worth."""
    found = index.works.get([int(id) for id in ids])
    sure = [None] * len(ids) if index.confidence is None else index.confidence.same_artist(distances / index.typical)
    return tuple(
        Neighbour(int(id), work, float(distance), None if probability is None else float(probability))
        for id, work, distance, probability in zip(ids, found, distances, sure, strict=True)
    )
