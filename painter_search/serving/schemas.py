"""The API's responses for its OpenAPI description: the same plain values that `--json` prints."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from painter_search.analysis.comparisons.group_comparison import GroupPlacement, PairMean
from painter_search.attribution.answers import ArtistMatch, Neighbour
from painter_search.metrics.group_permutation import GroupTest
from painter_search.metrics.identification.naming_threshold import NamingThreshold


class Error(BaseModel):
    """What is wrong, in a sentence."""

    error: str


class Cropped(BaseModel):
    """What a photograph was cropped to, with its corners as fractions of width and height, and how sure that is."""

    sentence: str
    corners: list[tuple[float, float]]
    share: float
    sureness: float | None


class CroppedPainting(Cropped):
    """The crop of one of the paintings compared."""

    painting: str


class Attributed(BaseModel):
    """The answer for one painting: artists likeliest first (without calibration, nearest first).

    `crop` is there only if it was cropped.
    """

    painting: str
    crop: Cropped | None = None
    verdict: str
    named: bool
    known: float | None
    same_works: list[Neighbour]
    artists: list[ArtistMatch]


class NotAnswered(BaseModel):
    """A file that could not be asked about, and why."""

    painting: str
    reason: str


class Cited(BaseModel):
    """What an answer or a comparison rests on."""

    painter_search: str
    date: str
    index: str
    encoder: dict[str, str | None]
    corpus: dict[str, Any]
    calibrated: bool
    engine: str | None


class Answers(Cited):
    """The answers for all paintings, in their order."""

    threshold: NamingThreshold | None = None
    filter: dict[str, Any] | None = None
    answers: list[Attributed | NotAnswered]


class ListedWork(BaseModel):
    """A work of the index."""

    id: int
    collection: str
    file: str
    artist: str
    title: str
    date: str
    style: str
    genre: str


class ListedArtist(BaseModel):
    """An artist of the index, and how many works it has."""

    artist: str
    works: int


class Artists(BaseModel):
    """All artists of the index."""

    index: str
    artists: list[ListedArtist]


class Works(Artists):
    """Works of the index, by one artist."""

    works: list[ListedWork]


class ConfusedWith(BaseModel):
    """The artists for whom an artist's works are most easily taken; see `analysis/confusions.py`."""

    artist: str
    works: int
    own: int | None
    others: list[tuple[str, float]]


class Artist(Works):
    """An artist's works, the nearest artists, and those whom they are confused with."""

    nearest: list[ArtistMatch]
    confusions: ConfusedWith


class Like(BaseModel):
    """A work, and the works nearest to it."""

    index: str
    work: ListedWork
    nearest: list[Neighbour]


class Pair(BaseModel):
    """Two paintings compared."""

    one: str
    other: str
    distance: float
    same_artist: float | None
    nearer_than_different: float | None
    nearer_than_same: float | None
    pairs_different: int
    pairs_same: int
    same_picture: bool
    parts: list[dict[str, Any]] | None
    cropped: list[CroppedPainting] | None = None


class Groups(BaseModel):
    """Two groups compared."""

    one: str
    other: str
    within_one: PairMean
    within_other: PairMean
    between: PairMean
    test: GroupTest | None
    fit: float | None
    works_of_one: list[GroupPlacement]
    works_of_other: list[GroupPlacement]
    distances: list[list[float]]
    same_artist: list[list[float]] | None
    left_out: list[NotAnswered]
    cropped: list[CroppedPainting] | None = None


class Compared(Cited):
    """A comparison of two paintings, or of two groups."""

    comparison: Pair | Groups


class Health(BaseModel):
    """That it answers, from which index, and how many requests with paintings are at it."""

    status: str
    version: str
    index: str
    works: int
    artists: int
    waiting: int
    queue: int
