"""Answers to queries: artists ranked for a painting, with the closest works by each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, TypeAlias, overload

from painter_search.collection.work import Work
from painter_search.common.html_repr import Html, html_picture, html_table, html_text
from painter_search.images.photographs.crop import PaintingCrop, Quadrilateral

if TYPE_CHECKING:
    import pandas as pd

    Rows: TypeAlias = list[dict[str, object]]

COLUMNS = (
    "painting", "rank", "artist", "probability", "distance", "works_in_index", "nearest_work", "named",
    "artist_known", "reason",
)  # fmt: skip
"""Columns of `to_frame()`."""


@dataclass(frozen=True)
class Neighbour:
    """A work in the index and its distance from the query."""

    id: int
    work: Work
    distance: float
    probability: float | None = None
    """Probability that one artist painted both the query and this work, looking at these two alone, if half of such
    pairs are by one artist; None without calibration."""


@dataclass(frozen=True)
class ArtistMatch:
    """One of the ranked artists, with its closest works."""

    artist: str
    works_in_index: int
    distance: float
    """Mean distance of the artist's nearest works, adjusted for how isolated each lies and for how many works the index
    has of the artist; 1 is far."""
    probability: float | None
    """Probability that the painting is by this artist, if paintings by artists in the index and by others are queried
    equally often; None without calibration."""
    works: tuple[Neighbour, ...]
    """The artist's nearest works, nearest first."""


@dataclass(frozen=True)
class QueriedFile:
    """The file that an answer is about, so that the answer can be cited and checked."""

    sha256: str
    """Digest of the file; empty where it was not read as a whole, as from an archive."""
    width: int
    """Width of the upright picture in pixels, before any crop."""
    height: int


@dataclass(frozen=True)
class Attribution:
    """The answer for one painting: the artists near in style, likeliest first (without calibration, nearest first).

    Example:
        >>> (answer,) = attribute(index, "painting.jpg")  # doctest: +SKIP
        >>> answer.verdict  # doctest: +SKIP
        'its style speaks most for Berthe Morisot (about 70 %), on 40 works'
        >>> [(match.artist, match.probability) for match in answer.artists]  # doctest: +SKIP
        [('Berthe Morisot', 0.71), ('Mary Cassatt', 0.12)]
    """

    painting: str
    """Name of the file, or its path within the folder or archive that was asked about; longer where another has it."""
    same_works: tuple[Neighbour, ...]
    """Works in the index that show this very picture. They take no part in the ranking."""
    artists: tuple[ArtistMatch, ...]
    """The ranked artists: likeliest first, or nearest first without calibration."""
    artist_known: float | None
    """Probability that the painting's artist is in the index; None without calibration."""
    named: bool
    """Whether that probability suffices to name the first artist; without calibration always True, if there is one. If
    not, none is close enough; a work that shows this very picture may tell the artist all the same."""
    picture: bytes
    """The whole painting, reduced, as a JPEG file."""
    photograph: QueriedFile | None = None
    """The file that was asked about."""
    crop: PaintingCrop | None = None
    """What the photograph was cropped to; None if all of it was used."""
    possible: Quadrilateral | None = None
    """Where a painting may be in a photograph that was not cropped and is of no work in the index."""
    larger: bytes | None = None
    """The picture in the index's size of pictures, to be zoomed; None where no such was asked for."""

    @property
    def answered(self) -> Literal[True]:
        """True; a `FailedQuery` is not answered."""
        return True

    @property
    def reason(self) -> str:
        """Empty; a `FailedQuery` has a reason."""
        return ""

    @property
    def verdict(self) -> str:
        """The answer in a sentence: the work in the index that shows this very picture, else what its style says."""
        if not self.same_works:
            return self.style
        return same_picture_sentence(self.same_works[0]) + self.also_under

    @property
    def also_under(self) -> str:
        """The other artists under whom the index has this very picture, to be added to the first; empty without."""
        names = list(dict.fromkeys(same.work.artist for same in self.same_works))
        return f"; also under {' and '.join(names[1:])}" if len(names) > 1 else ""

    @property
    def style(self) -> str:
        """What its style says, in a sentence; works that show this very picture take no part."""
        if not self.artists:
            return "no other work to compare with"
        first = self.artists[0]
        works = f"{first.works_in_index:,} work{'' if first.works_in_index == 1 else 's'}"
        if not self.named:
            none_is_close = "none of the artists compared with is close"  # there may have been a filter
            close = "not sure enough to name an artist" if self.perhaps_known else none_is_close
            return f"{close}; its style speaks most for {first.artist} ({works})"
        if first.probability is None:
            return f"nearest in style to {first.artist}, on {works}"
        others = "; all others together are likelier" if self.others_are_likelier else ""
        return f"its style speaks most for {first.artist} ({format_probability(first.probability)}), on {works}{others}"

    @property
    def perhaps_known(self) -> bool:
        """Whether nobody is named although the painting is likelier by an artist of the index than not."""
        return not self.named and (self.artist_known or 0.0) > 0.5

    @property
    def others_are_likelier(self) -> bool:
        """Whether it is likelier that the painting is by any other artist of the index than by the nearest one."""
        first = self.artists[0].probability if self.artists else None
        return first is not None and self.artist_known is not None and self.artist_known - first > first

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `query --json` prints them; without the picture, and `crop` only if it was cropped."""
        cropped = {} if self.crop is None else {"crop": self.crop.to_dict()}
        return {
            "painting": self.painting,
            **cropped,
            "verdict": self.verdict,
            "named": self.named,
            "known": self.artist_known,
            "same_works": [asdict(neighbour) for neighbour in self.same_works],
            "artists": [asdict(match) for match in self.artists],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per ranked artist, in their order; one row without an artist if none was ranked.

        Columns: painting, rank (from 1), artist, probability, distance, works_in_index, nearest_work (the name of the
        artist's nearest work), named, artist_known, and reason (empty).
        """
        return _to_frame(self._rows())

    def _rows(self) -> Rows:
        shared = {"painting": self.painting, "named": self.named, "artist_known": self.artist_known, "reason": ""}
        ranked = [
            {
                **shared,
                "rank": rank,
                "artist": match.artist,
                "probability": match.probability,
                "distance": match.distance,
                "works_in_index": match.works_in_index,
                "nearest_work": match.works[0].work.name if match.works else "",
            }
            for rank, match in enumerate(self.artists, start=1)
        ]
        return ranked or [shared]

    def _repr_html_(self) -> str:
        """The painting beside its ranked artists."""
        ranked = html_table(
            ("", "artist", "probability", "distance", "works", "nearest work"),
            (
                (
                    rank,
                    match.artist,
                    None if match.probability is None else format_probability(match.probability),
                    match.distance,
                    match.works_in_index,
                    ", ".join(filter(None, (match.works[0].work.caption, match.works[0].work.date)))
                    if match.works
                    else "",
                )
                for rank, match in enumerate(self.artists, start=1)
            ),
            caption=f"{self.painting}: {self.style}",
        )
        same = "".join(html_text(f"{self.painting}: {same_picture_sentence(work)}.") for work in self.same_works)
        cropped = "" if self.crop is None else html_text(f"The photograph was {self.crop.sentence}.")
        return html_picture(self.picture, 160, self.painting) + cropped + same + ranked


@dataclass(frozen=True)
class FailedQuery:
    """The answer for a file that is not a usable image."""

    painting: str
    """Name of the file, or its path within the folder or archive that was asked about; longer where another has it."""
    reason: str
    """Why there is no answer."""

    @property
    def answered(self) -> Literal[False]:
        """False; an `Attribution` is answered."""
        return False

    if not TYPE_CHECKING:  # to type checkers it would have every attribute

        def __getattr__(self, name: str) -> Any:
            if name in ("verdict", "style", *Attribution.__annotations__) and name != "painting":  # not while unpickled
                raise AttributeError(f"{self.painting}: {self.reason}; it has no answer, and thus no {name}")
            raise AttributeError(f"'FailedQuery' object has no attribute {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `query --json` prints them."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row with the columns of `Attribution.to_frame()`, of which painting and reason are filled."""
        return _to_frame(self._rows())

    def _rows(self) -> Rows:
        return [{"painting": self.painting, "reason": self.reason}]

    def _repr_html_(self) -> str:
        return html_text(f"{self.painting}: {self.reason}")


Answer: TypeAlias = Attribution | FailedQuery


class Answers(list[Answer]):
    """The answers of one `attribute` call: a list, in the order of the paintings, with views of all of them at once.

    Parts of them, `answers[:10]`, and several together, `answers + more`, are `Answers`, too.
    """

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Answer: ...
    @overload
    def __getitem__(self, place: slice, /) -> Answers: ...
    def __getitem__(self, place: SupportsIndex | slice, /) -> Answer | Answers:
        return Answers(super().__getitem__(place)) if isinstance(place, slice) else super().__getitem__(place)

    def __add__(self, more: list[Answer], /) -> Answers:  # type: ignore[override]
        return Answers(super().__add__(more))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as under "answers" in what `query --json` prints."""
        return {"answers": [answer.to_dict() for answer in self]}

    def to_frame(self) -> pd.DataFrame:
        """The rows of every answer's `to_frame()`, one below the other."""
        return _to_frame(row for answer in self for row in answer._rows())

    def _repr_html_(self) -> str:
        return Html("<hr>".join(answer._repr_html_() for answer in self))


def format_probability(probability: float) -> str:
    """A probability in words, no more precise than it is known: `about 70 %`."""
    if probability < 0.05:
        return "under 5 %"
    return "over 95 %" if probability > 0.95 else f"about {round(20 * probability) * 5} %"


def same_picture_sentence(neighbour: Neighbour) -> str:
    """That a work of the index shows the very picture that was asked about."""
    return f"this very picture is in the index: {neighbour.work.caption} by {neighbour.work.artist}"


def _to_frame(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(COLUMNS))
