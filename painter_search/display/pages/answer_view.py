"""Everything that a page shows of one answer, gathered for the template `_answer.html`."""

from __future__ import annotations

from dataclasses import dataclass

from painter_search.analysis.confusions import Confusions, confused_artists
from painter_search.attribution.answers import Answer, ArtistMatch
from painter_search.display.matching_parts import parts_figures
from painter_search.index.painting_index import PaintingIndex

MATCHED_ARTISTS = 3
"""Artists, nearest first, whose nearest work is shown with its matching parts."""


@dataclass(frozen=True)
class ArtistView:
    """One of the nearest artists."""

    match: ArtistMatch
    parts: tuple[bytes, bytes] | None
    """The painting and the artist's nearest work with their matching parts, as JPEG files; None where the encoder has
    no feature maps, and for artists further down."""
    confusions: Confusions


@dataclass(frozen=True)
class AnswerView:
    """One answer with its pictures."""

    answer: Answer
    artists: tuple[ArtistView, ...]
    pictures: dict[int, bytes]
    """The works shown, as JPEG files by id."""
    number: int
    """The answer's number on the page, which keeps the ids of its elements unique."""
    scope: str = "in the index"
    """What an artist's works are counted in."""

    @property
    def heading(self) -> str:
        """The verdict as a heading."""
        if not self.answer.answered:
            return f"Not answered: {self.answer.reason}"
        verdict = self.answer.verdict
        return f"Otherwise {verdict}" if self.answer.same_works else verdict[0].upper() + verdict[1:]

    @property
    def summary(self) -> str:
        """The answer in a line, for a list of several."""
        if not self.answer.answered:
            return self.heading.lower()
        same = self.answer.same_works
        return f"this very work is in the index: {same[0].work.artist}" if same else self.answer.verdict


def view_answer(
    answer: Answer, index: PaintingIndex, number: int = 1, matched_artists: int = MATCHED_ARTISTS
) -> AnswerView:
    """Gather the pictures, matching parts and confusions of an answer.

    Matching parts take a fifth of a second or so for each of the `matched_artists`.
    """
    if not answer.answered:
        return AnswerView(answer, (), {}, number)
    neighbours = [*answer.same_works, *(work for match in answer.artists for work in match.works)]
    pictures = {neighbour.id: index.works.thumbnail(neighbour.id) for neighbour in neighbours}
    artists = tuple(
        ArtistView(
            match,
            parts_figures(index, answer.picture, pictures[match.works[0].id]) if rank <= matched_artists else None,
            confused_artists(index, match.artist),
        )
        for rank, match in enumerate(answer.artists, start=1)
    )
    scope = "of those compared with" if index.selection else "in the index"
    return AnswerView(answer, artists, pictures, number, scope)
