"""Everything that a page shows of one answer, gathered for the template `_answer.html`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from painter_search.analysis.confusions import Confusions, confused_artists
from painter_search.attribution.answers import Answer, ArtistMatch, Neighbour
from painter_search.common.text import sentence_case
from painter_search.display.matching_parts import parts_figures
from painter_search.display.words.answer_citation import answer_bibtex, answer_citation
from painter_search.display.words.shares import Share, answer_shares, place_words, premise
from painter_search.images.photographs.crop import Quadrilateral
from painter_search.index.painting_index import PaintingIndex

MATCHED_ARTISTS = 3
"""Artists, in the order of the answer, whose nearest work is shown with its matching parts."""


@dataclass(frozen=True)
class ArtistView:
    """One of the ranked artists."""

    match: ArtistMatch
    parts: tuple[bytes, bytes] | None
    """The painting and the artist's nearest work with their matching parts, as JPEG files; None where the encoder has
    no feature maps, and for artists further down."""
    confusions: Confusions


class Words(NamedTuple):
    """How a verdict is headed."""

    eyebrow: str
    """The line above the headline."""
    headline: str
    """The verdict: an artist's name alone, or that it is nobody here."""
    byline: str = ""
    """The line below the headline; may be empty."""
    short: str = ""
    """The headline in a table; as the headline where it is empty."""


@dataclass(frozen=True)
class AnswerView:
    """One answer with its pictures."""

    answer: Answer
    artists: tuple[ArtistView, ...]
    pictures: dict[int, bytes]
    """The works shown, as JPEG files by id; empty for a page that has their addresses."""
    number: int
    """The answer's number on the page, which keeps the ids of its elements unique."""
    filtered: bool = False
    """Whether it was compared with some works of the index only."""
    citation: str = ""
    bibtex: str = ""
    possible: Quadrilateral | None = None
    """Where a painting may be in a photograph that was not cropped."""

    @cached_property
    def words(self) -> Words:
        """The verdict as a heading."""
        answer = self.answer
        if not answer.answered:
            reason = sentence_case(answer.reason)
            return Words(answer.painting, "Not answered", f"{reason}.", f"not answered: {answer.reason}")
        if answer.same_works:
            work = answer.same_works[0].work
            details = ", ".join(filter(None, (work.caption, work.date))) + answer.also_under
            short = f"{work.artist} (this very picture{answer.also_under})"
            return Words("This very picture is in the index:", work.artist, details, short)
        if not answer.artists:
            return Words("Whose hand?", "No other work to compare with")
        first = answer.artists[0]
        works = self.works_of(first)
        if answer.named:
            others = " All others together are likelier." if answer.others_are_likelier else ""
            return Words("Its style speaks most for", first.artist, f"On {works}.{others}")
        nobody = "Perhaps nobody" if answer.perhaps_known else "Probably nobody"
        weakly = "" if answer.perhaps_known else ", though not much,"
        byline = f"Its style speaks most{weakly} for {first.artist}, {works}."
        return Words("Whose hand?", f"{nobody} {self.place}", byline, nobody)

    def works_of(self, match: ArtistMatch) -> str:
        """How many works by an artist there were to compare with."""
        number = f"{match.works_in_index:,}"
        if self.filtered:
            return f"{number} of the works compared with"
        return f"{number} work{'' if match.works_in_index == 1 else 's'} in the index"

    @property
    def place(self) -> str:
        """Where the artist was looked for: the index, or what a filter left of it."""
        return place_words(filtered=self.filtered)

    @property
    def short(self) -> str:
        """The verdict in a table."""
        return self.words.short or self.words.headline

    @property
    def name_of_artist(self) -> bool:
        """Whether the headline is an artist's name."""
        answer = self.answer
        return answer.answered and (bool(answer.same_works) or (answer.named and bool(answer.artists)))

    @property
    def nearest(self) -> Neighbour | None:
        """The same picture in the index, or else the first artist's nearest work."""
        if not self.answer.answered:
            return None
        works = self.answer.same_works or (self.answer.artists[0].works if self.answer.artists else ())
        return works[0] if works else None

    @property
    def shares(self) -> tuple[Share, ...]:
        """The bar: first artist, another one, nobody; empty without calibration."""
        return answer_shares(self.answer, filtered=self.filtered) if self.answer.answered else ()

    @property
    def premise(self) -> str:
        """What the bar supposes, as a sentence."""
        return f"{premise(filtered=self.filtered)}."

    @property
    def shares_text(self) -> str:
        """The bar in a line."""
        return ", ".join(f"{who} {likely}" for _, _, (likely, who) in self.shares)

    @property
    def crop_box(self) -> dict[str, float]:
        """The upright rectangle around what the photograph was, or may be, cropped to, in percent of its sides, and the
        quarter turns of it."""
        crop = self.answer.crop if self.answer.answered else None
        corners = crop.corners if crop else self.possible or ((0.0, 0.0), (1.0, 1.0))
        across, down = ([corner[axis] for corner in corners] for axis in (0, 1))
        sides = {
            "left": min(across),
            "top": min(down),
            "width": max(across) - min(across),
            "height": max(down) - min(down),
        }
        return {name: round(100 * share, 1) for name, share in sides.items()} | {"turn": crop.turn if crop else 0}

    @property
    def summary(self) -> str:
        """The answer in a line."""
        if not self.answer.answered:
            return self.short
        eyebrow, headline = self.words.eyebrow, self.words.headline
        return f"{eyebrow[:1].lower()}{eyebrow[1:]} {headline}" if self.name_of_artist else headline


def view_answer(
    answer: Answer,
    index: PaintingIndex,
    number: int = 1,
    matched_artists: int = MATCHED_ARTISTS,
    *,
    shown_artists: int | None = None,
    pictures: bool = True,
    time: datetime | None = None,
    suggest_crop: bool = False,
) -> AnswerView:
    """Gather the pictures, matching parts and confusions of an answer.

    Matching parts take a fifth of a second or so for each of the `matched_artists`.

    Args:
        answer: The answer.
        index: The index that gave it.
        number: Its number on the page.
        matched_artists: Artists whose nearest work is matched with the painting.
        shown_artists: Artists that are shown at length, at most; by default all.
        pictures: Whether to read the works' pictures, for a page that is saved.
        time: When it was asked; by default now.
        suggest_crop: Whether to say where a painting may be in a photograph, for a page that can crop.
    """
    filtered = index.selection is not None
    if not answer.answered:
        return AnswerView(answer, (), {}, number, filtered)
    time = time or datetime.now().astimezone()
    shown = [*answer.same_works, *(work for match in answer.artists for work in match.works)]
    thumbnails = {one.id: index.works.thumbnail(one.id) for one in shown} if pictures else {}
    artists = tuple(
        ArtistView(
            match,
            parts_figures(index, answer.picture, index.works.thumbnail(match.works[0].id))
            if rank <= matched_artists
            else None,
            confused_artists(index, match.artist),
        )
        for rank, match in enumerate(answer.artists[:shown_artists], start=1)
    )
    citation, bibtex = answer_citation(answer, index, time), answer_bibtex(answer, index, time)
    possible = answer.possible if suggest_crop else None
    return AnswerView(answer, artists, thumbnails, number, filtered, citation, bibtex, possible)
