"""One artist under two spellings: accents, capitals, the order of a name's parts, a slip of the pen."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from painter_search.progress import track

ALIKE = 0.9
"""Similarity of two names (difflib's ratio) from which they may be one: a letter in ten may differ, so that names
shorter than ten letters must be the same. Among the 1,103 artists of the report's training catalogue one pair is this
alike, Utagawa Kunisada and Utagawa Kunisada II, whose numbers tell them apart."""
NUMBERS = re.compile(r"\d+|\b(?:i{1,3}|iv|vi{0,3}|ix|x)\b")
"""What is no slip of the pen in a name: the numbers of namesakes, years and inventories."""
MANY = 1_000
"""Names above which a progress bar is shown."""


@dataclass(frozen=True)
class Spelling:
    """Two names that may be one artist's."""

    artists: tuple[str, str]
    how: Literal["accents, capitals or order", "a letter or two"]


def find_spellings(artists: Iterable[str]) -> list[Spelling]:
    """Every pair of different names that may be one artist's, in alphabetical order."""
    names: dict[str, list[str]] = defaultdict(list)
    for artist in sorted(set(artists)):
        if key := plain_name(artist):
            names[key].append(artist)
    found = [
        Spelling((one, other), "accents, capitals or order")
        for spelled in names.values()
        for place, one in enumerate(spelled)
        for other in spelled[place + 1 :]
    ]
    for key, close in _close_keys(sorted(names)):
        found += [
            Spelling((min(one, other), max(one, other)), "a letter or two")
            for one in names[key]
            for other in names[close]
        ]
    return sorted(found, key=lambda spelling: spelling.artists)


def plain_name(artist: str) -> str:
    """A name without accents, capitals and punctuation, its parts in alphabetical order."""
    letters = unicodedata.normalize("NFKD", artist.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(sorted(re.findall(r"\w+", plain)))


def _close_keys(keys: list[str]) -> Iterable[tuple[str, str]]:
    matcher = SequenceMatcher(autojunk=False)
    numbers = {key: NUMBERS.findall(key) for key in keys}
    for place, key in enumerate(track(keys, "Comparing names") if len(keys) > MANY else keys):
        matcher.set_seq2(key)  # what is learnt of the second is kept for all of the first
        for other in keys[place + 1 :]:
            if numbers[other] != numbers[key]:
                continue
            matcher.set_seq1(other)
            # Upper bounds first: they settle nearly every pair for next to nothing.
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE:
                yield key, other
