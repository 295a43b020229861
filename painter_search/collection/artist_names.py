"""Artists' names: cleaned, checked for numbers and titles, and searched for two spellings of one name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from painter_search.collection.hands.folding import fold_name, fold_words, split_off_life
from painter_search.collection.hands.hand import Hand, read_hands
from painter_search.collection.hands.nobody import names_nobody
from painter_search.collection.hands.qualifiers import whole_qualifier
from painter_search.collection.layouts.vocabulary import EPITHETS, PARTICLES
from painter_search.collection.tables.cells import visible_text
from painter_search.common.progress import track

if TYPE_CHECKING:  # a server that folds names need not import pandas
    import pandas as pd

MIN_SIMILARITY = 0.9
"""Names whose folded spellings are at least this similar may be one artist's. The measure is the normalised Indel
similarity 2 LCS(a, b) / (len(a) + len(b)), with the length of the longest common subsequence: one letter in ten may
differ, and names of fewer than ten letters must be equal. It is never below difflib's ratio, and finds the same pairs:
of the 1,698 artists in the report's catalogues three, such as John Marin and John Martin, and two more that their
numbers tell apart, such as Utagawa Kunisada and Utagawa Kunisada II."""
NUMBERS = re.compile(r"\d+|\b(?:i{1,3}|iv|vi{0,3}|ix|x)\b")
"""Parts of a name that are never a slip of the pen: numbers of namesakes, years, inventory numbers."""
BESIDE_SURNAMES = frozenset(f"{EPITHETS} {PARTICLES}".split())
"""Words of a name that are no surname: van, the Elder."""
MIN_NAMES_FOR_PROGRESS = 10_000
"""Comparing this many names takes some seconds, so a progress bar is shown."""


@dataclass(frozen=True)
class NameVariant:
    """Two names that may be one artist's."""

    artists: tuple[str, str]
    """The names, in alphabetical order."""
    how: Literal[
        "accents, capitals or order",
        "accents, capitals or order; taken as one",
        "a letter or two",
        "the surname alone",
    ]
    """How the two names differ, and whether the collection takes them as one artist's already."""


def clean_name(name: str) -> str:
    """An artist's name in Unicode's composed form, without invisible characters and white space around it, and with
    single spaces within."""
    return " ".join(unicodedata.normalize("NFC", visible_text(name)).split())


def join_artists(cells: Iterable[str]) -> str:
    """The artists of a work that stand in several cells as one text, each once, with a qualifier in a cell of its own,
    but without "unknown" behind the first."""
    first, *others = list(dict.fromkeys(filter(None, map(str.strip, cells)))) or [""]
    return "; ".join([first, *(other for other in others if whole_qualifier(other) or not names_nobody(other))])


def suspicious_names(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Artists whose names look like numbers or titles, or are no one artist's: columns `artist, works, reason`.

    In order of name. Numbers and titles are listed, not dropped: there is a painter called 69.
    """
    import pandas as pd

    titles = {title.casefold() for title in catalogue["title"] if len(title) > 3}
    hands = read_hands(set(catalogue["artist"]) - {""})
    rows = []
    for artist, works in sorted(catalogue.groupby("artist").size().items(), key=lambda item: str(item[0])):
        reason = artist and _suspicion(str(artist), titles, hands)
        if reason:
            rows.append({"artist": artist, "works": int(works), "reason": reason})
    return pd.DataFrame(rows, columns=["artist", "works", "reason"])


def find_name_variants(artists: Iterable[str]) -> list[NameVariant]:
    """Every pair of different names that may be one artist's, in alphabetical order.

    Two names are a pair if they fold to the same (`fold_name`), or if their folded names have the same `NUMBERS` and a
    similarity of at least `MIN_SIMILARITY`, or if one is the surname alone ("Monet", "van Gogh") of exactly one artist.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for artist in sorted(set(artists)):
        if folded := fold_name(artist):
            names[folded].append(artist)
    variants = [
        NameVariant((one, other), "accents, capitals or order")
        for spellings in names.values()
        for i, one in enumerate(spellings)
        for other in spellings[i + 1 :]
    ]
    for folded, similar in _similar_pairs(sorted(names)):
        variants += [
            NameVariant((min(one, other), max(one, other)), "a letter or two")
            for one in names[folded]
            for other in names[similar]
        ]
    found = {variant.artists for variant in variants}
    surnames = (pair for pair in _surname_pairs(names) if pair not in found)
    variants += [NameVariant(pair, "the surname alone") for pair in surnames]
    return sorted(variants, key=lambda variant: variant.artists)


def _surname_pairs(names: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Each surname that stands alone with the name of the one artist who has it; `names` by folded name."""
    hands = read_hands(name for spellings in names.values() for name in spellings)
    alone: dict[tuple[str, ...], list[str]] = defaultdict(list)
    full: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for folded, spellings in names.items():
        for name in spellings:
            family, is_alone = _surname(name)
            if hands[name].is_sure and len(family) > 1 and family.isalpha():
                key = (family, *NUMBERS.findall(folded))
                if is_alone:
                    alone[key].append(name)
                else:
                    full[key].add(folded)
    for key, short in alone.items():
        if len(full[key]) == 1:
            for name in short:
                for other in names[next(iter(full[key]))]:
                    yield min(name, other), max(name, other)


def _surname(artist: str) -> tuple[str, bool]:
    """The surname in a name, folded, and whether nothing else is in the name: monet in "Claude Monet", "Monet, C."."""
    words = [word for word in fold_words(split_off_life(artist)[0]) if word not in BESIDE_SURNAMES]
    first = [word for word in fold_words(artist.partition(",")[0]) if word not in BESIDE_SURNAMES]
    family = first if len(first) < len(words) else words
    return family[-1] if family else "", len(words) == 1


def _similar_pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    from rapidfuzz import process  # here, since pages need `fold_name` alone
    from rapidfuzz.distance import Indel

    numbers = {name: NUMBERS.findall(name) for name in names}
    for i, name in enumerate(track(names, "Comparing names") if len(names) >= MIN_NAMES_FOR_PROGRESS else names):
        others = names[i + 1 :]
        for other, _, _ in process.extract_iter(
            name, others, scorer=Indel.normalized_similarity, score_cutoff=MIN_SIMILARITY
        ):
            if numbers[other] == numbers[name]:
                yield name, other


def _suspicion(artist: str, titles: set[str], hands: Mapping[str, Hand]) -> str | None:
    letters = sum(character.isalpha() for character in artist)
    if letters == 0:
        return "no letters"
    if letters <= 2 and artist.isascii():
        return "hardly any letters"
    if description := hands[artist].description:
        return description
    if artist.casefold() in titles:
        return "also the title of a work"
    if any(character.isdigit() for character in artist):
        return "contains a number"
    if re.match(r"(?i)(the|a|an|church of|portrait of|view of|untitled)\b", artist):
        return "begins like a title"
    return None
