"""Whose hand a catalogue's artist field names: one artist's, nobody's, somebody's near an artist, or several."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from painter_search.collection.hands import words
from painter_search.collection.hands.folding import bare_name, fold_name, fold_words, phrases
from painter_search.collection.hands.nobody import begins_with_nobody, names_nobody
from painter_search.collection.hands.qualifiers import find_qualifier, whole_qualifier
from painter_search.collection.layouts.name_kinds import is_known_painter

ALWAYS_BETWEEN_ARTISTS = re.compile(r"\s*[;|\u2022\n]\s*")
BETWEEN_TWO_NAMES = re.compile(r"(?<=[^\W\d_]{2})[.)?\]]*\s+(?:/|or|oder)\s+(?=[^\W\d_]{2})")
BETWEEN_INVERTED = re.compile(rf"\s+(?:{words.WITH.replace('; ', '|')})\s+|\s*[&+/]\s*")
PERHAPS_BETWEEN_ARTISTS = re.compile(rf"{BETWEEN_INVERTED.pattern}|,\s+")
INVERTED = re.compile(r"[^\W\d_][^,]*,\s*[^\W\d_][^,]*")
"""A name with the surname first."""
MAX_LENGTH = 300
"""Longer fields are read as one name."""


@dataclass(frozen=True)
class Hand:
    """What an artist field says."""

    artists: tuple[str, ...]
    """The artists that it names, without a qualifier; none if it names nobody."""
    qualifier: str = ""
    """How the hand stands to the artists, in English: `workshop of`, `attributed to`, `after`."""
    members: tuple[str, ...] = ()
    """Artists of the catalogue within the one name of a group: Christo in "Christo and Jeanne-Claude"."""

    @property
    def is_sure(self) -> bool:
        """Whether it is one artist's own hand."""
        return len(self.artists) == 1 and not self.qualifier

    @property
    def doubt(self) -> str:
        """Why it is not one artist's own hand; empty if it is."""
        if not self.artists:
            return "by no named artist"
        if self.qualifier:
            return "by a hand near an artist"
        return "by several artists" if len(self.artists) > 1 else ""

    @property
    def description(self) -> str:
        """What it says beside one artist's name; empty if it is one: `no named artist`, `workshop of Rembrandt`."""
        if not self.artists:
            return "no named artist"
        if self.qualifier == "with others":
            return f"{' and '.join(self.artists)} with others"
        if self.qualifier:
            return f"{self.qualifier} {' and '.join(self.artists)}"
        return f"several artists: {', '.join(self.artists)}" if len(self.artists) > 1 else ""

    @property
    def relatives(self) -> frozenset[str]:
        """The folded names of the artists that it has to do with."""
        return frozenset(map(fold_name, (*self.artists, *self.members)))


def read_hands(fields: Iterable[str]) -> dict[str, Hand]:
    """What each of the artist fields of a catalogue says.

    Args:
        fields: All of them together: "A and B" are two artists only if they have works of their own.
    """
    distinct = list(dict.fromkeys(fields))
    found = _read_together(frozenset(distinct))
    return {field: found[field] for field in distinct}


@lru_cache(maxsize=16)  # one preparation reads the same fields several times
def _read_together(fields: frozenset[str]) -> dict[str, Hand]:
    folded = {fold_name(field) for field in fields}
    return {field: _read(field, folded) if len(field) <= MAX_LENGTH else Hand((field,)) for field in fields}


def _read(field: str, known: Set[str]) -> Hand:
    text = unescape(field).strip()
    parts = _as_list(text) or [part for part in ALWAYS_BETWEEN_ARTISTS.split(text) if part]
    listed = [bare_name(part) for part in parts]
    qualifiers = {one: whole_qualifier(one) for one in listed} if len(listed) > 1 else {}
    if any(qualifiers.values()):  # Titian; workshop
        hand = _read_listed([one for one in listed if not qualifiers[one]], known)
        return _qualified(hand, *qualifiers.values())
    return _read_listed(listed, known)


def _read_listed(listed: Sequence[str], known: Set[str]) -> Hand:
    """What a list of names says, in which may stand years, nationalities and roles."""
    lettered = [one for one in listed if re.search(r"[^\W\d_]", one)]
    named = {fold_name(one): one for one in lettered or listed}  # Monet; 1840-1926
    unnamed = [key for key, one in named.items() if names_nobody(one)]
    named = {key: one for key, one in named.items() if key not in unnamed}
    if len(named) > 1:
        return _together([_read(one, known) for one in named.values()])
    only = next(iter(named.values()), "")
    if only and any(word in phrases(words.NOBODY) for key in unnamed for word in key.split()):
        return Hand(_read(only, known).artists, "with others")  # Rubens; Unknown
    if qualified := find_qualifier(only, known):
        return _qualified(_together([_read(artist, known) for artist in qualified.artists]), qualified.qualifier)
    return _read_plain(only, known) if only and not begins_with_nobody(only) else Hand(())


def _read_plain(name: str, known: Set[str]) -> Hand:
    """A name without a qualifier, which may be the names of several artists."""
    two = BETWEEN_TWO_NAMES.split(name)
    if len(two) > 1:
        return _together([_read(one, known) for one in two])
    inverted = BETWEEN_INVERTED.split(name)
    if len(inverted) > 1 and all(INVERTED.fullmatch(one) for one in inverted):  # Rubens, Peter Paul and Brueghel, Jan
        return Hand(tuple(inverted))
    parts = [part.strip(" ,") for part in PERHAPS_BETWEEN_ARTISTS.split(name)]
    own = fold_name(name)
    is_one = len(parts) == 1 or (is_known_painter(name) and "/" not in name)
    members = tuple(
        part for part in parts if part and (own != fold_name(part) in known or (not is_one and is_known_painter(part)))
    )
    full = all(len(fold_words(part)) > 1 for part in parts)
    if "," in name:  # Monet, Claude
        several = full and len(members) == len(parts)
    else:
        several = len(members) == len(parts) or (full and members != ())
    if several and len(parts) > 1:
        return Hand(tuple(parts))
    return Hand((name,), members=() if len(parts) == 1 or "," in name else members)


def _qualified(hand: Hand, *qualifiers: str) -> Hand:
    """A hand with qualifiers before its own; nobody's stays nobody's."""
    several = dict.fromkeys(filter(None, (*qualifiers, hand.qualifier)))
    return Hand(hand.artists, " ".join(several)) if hand.artists else Hand(())


def _together(hands: list[Hand]) -> Hand:
    """Several hands as one."""
    artists = {fold_name(artist): artist for hand in hands for artist in hand.artists}
    return Hand(tuple(artists.values()), " ".join(dict.fromkeys(hand.qualifier for hand in hands if hand.qualifier)))


def _as_list(text: str) -> list[str] | None:
    """The names of a list in JSON or Python's spelling; None if the text is none."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            values = parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(values, list) and values and all(isinstance(value, str) for value in values):
            return [value.strip() for value in values]
    return None
