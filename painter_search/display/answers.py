"""Everything that a page shows of one answer, gathered before it is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from painter_search.display.parts import parts_figures
from painter_search.retrieval.attribution import Answer, ArtistMatch, Attribution, Unanswered
from painter_search.retrieval.confusions import Confusions, easily_confused

if TYPE_CHECKING:
    from painter_search.retrieval.painting_index import PaintingIndex

MATCHED = 3
"""Artists, nearest first, whose nearest work is shown with the parts that match."""


@dataclass(frozen=True)
class ArtistSheet:
    """One of the nearest artists."""

    match: ArtistMatch
    parts: tuple[bytes, bytes] | None
    """The painting and the artist's nearest work with their matching parts, as JPEG files; None where the encoder shows
    none, and for artists further down."""
    confusions: Confusions


@dataclass(frozen=True)
class AnswerSheet:
    """One answer for the template `_answer.html`."""

    answer: Answer
    artists: tuple[ArtistSheet, ...]
    pictures: dict[int, bytes]
    """The works shown, by id, as JPEG files."""
    number: int
    """Its place among the answers of a page, which keeps what it calls its parts apart from others'."""

    compared: str = "in the index"
    """Where an artist's works are counted."""

    @property
    def reason(self) -> str:
        """Why there is no answer; empty where there is one."""
        return self.answer.reason if isinstance(self.answer, Unanswered) else ""

    @property
    def heading(self) -> str:
        """The verdict, as a heading."""
        if isinstance(self.answer, Unanswered):
            return f"Not answered: {self.answer.reason}"
        verdict = self.answer.verdict
        return f"Otherwise {verdict}" if self.answer.same_works else verdict[0].upper() + verdict[1:]

    @property
    def summary(self) -> str:
        """The answer in a line, for a list of several."""
        if isinstance(self.answer, Unanswered):
            return self.heading.lower()
        same = self.answer.same_works
        return f"this very work is in the index: {same[0].work.artist}" if same else self.answer.verdict


def answer_sheet(answer: Answer, index: PaintingIndex, number: int = 1, matched: int = MATCHED) -> AnswerSheet:
    """Gather pictures, matching parts (a fifth of a second or so for each of `matched` artists) and confusions."""
    if not isinstance(answer, Attribution):
        return AnswerSheet(answer, (), {}, number)
    shown = [*answer.same_works, *(work for match in answer.artists for work in match.works)]
    pictures = {neighbour.id: index.works.thumbnail(neighbour.id) for neighbour in shown}
    artists = tuple(
        ArtistSheet(
            match,
            parts_figures(index, answer.picture, pictures[match.works[0].id]) if place < matched else None,
            easily_confused(index, match.artist),
        )
        for place, match in enumerate(answer.artists)
    )
    compared = "of those compared with" if index.selection else "in the index"
    return AnswerSheet(answer, artists, pictures, number, compared)
