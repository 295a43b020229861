"""Finds in an artist field the qualifier that says how a hand stands to an artist: workshop of, attributed to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from painter_search.collection.hands import words
from painter_search.collection.hands.field_words import (
    MAX_WORDS,
    Word,
    filler,
    find_phrase,
    nouns,
    prepositions,
    qualifying_phrases,
    split_field,
)
from painter_search.collection.hands.folding import fold_name, phrases
from painter_search.collection.hands.nobody import says_nothing

QUESTION_MARK = re.compile(r"\s*[(\[]?\?+[)\]]?\s*$")
BEHIND = re.compile(
    r"\s*[(\[]([^()\[\]]*)[)\]]|\s*[,:]\s*([^,:()\[\]]*)|(?:\s+[-\u2013\u2014]\s+|\s*/\s*)([^,:()\[\]]*)$"
)
"""What stands behind a name: in brackets, or after a comma, a colon or a dash."""


EAST_ASIAN = (
    (re.compile(r"[(\[]?[伝傳传][)\]]?\s*(?=[\u3040-\u9fff])"), "attributed to"),
    (re.compile(r"(?<=[\u3040-\u9fff])\s*[(\[][伝傳传][)\]]$"), "attributed to"),
    (re.compile(r"[(\[]?[仿倣摹][)\]]?\s*(?=[\u4e00-\u9fff])"), "manner of"),
    (re.compile(r"(?<=[\u3040-\u9fff])の?工房$"), "workshop of"),
    (re.compile(r"(?<=[\u3040-\u9fff])の?(?:弟子|門人)$"), "pupil of"),
    (re.compile(r"(?<=[\u3040-\u9fff])派$"), "school of"),
)
"""Qualifiers before and behind names that are written without spaces: 伝雪舟, 狩野派."""


class Qualified(NamedTuple):
    """A hand near an artist."""

    qualifier: str
    """In English, as in the Getty's list: `workshop of`."""
    artists: tuple[str, ...]
    """The texts that name the artist, or the one who worked and the one after whom."""


def find_qualifier(field: str, known: Set[str]) -> Qualified | None:
    """The qualifier of an artist field and the artists that it names; None if it has none.

    Args:
        field: The field.
        known: Folded names of artists with works of their own. A few words are a qualifier only before one of them:
            "da", and "Studio" without "of".
    """
    split = split_field(field)
    if " ".join(word.folded for word in split) in phrases(words.FIRMS):
        return None
    found = (
        _east_asian(field)
        or _before(field, split, known)
        or _behind(field, known)
        or _with_helpers(field, split)
        or _attached(field, split, known)
    )
    return found and Qualified(found.qualifier, tuple(_nominative(_trim(artist), known) for artist in found.artists))


@lru_cache(maxsize=1024)
def whole_qualifier(text: str) -> str:
    """The qualifier that is all a text says: `workshop of` for "Werkstatt", "and workshop", "Venetian workshop".

    Empty if it says anything else; "French School" beside a name says where its artist comes from.
    """
    split = split_field(text)
    beside = phrases(words.POSSESSIVES) | phrases(words.WITH) | phrases(words.CULTURES) | {"or"}
    for start, word in enumerate(split):
        matched = _match(text, split, start, frozenset(), behind=True)
        if start + 1 == len(split) and (noun := nouns().get(word.folded)):  # a copyist is one who copied
            matched = noun, len(split)
        if matched and matched[1] == len(split):
            return matched[0] if start == 0 or matched[0] != "school of" else ""
        if word.folded not in beside:
            break
    return ""


def qualifier_of_folder(name: str) -> str:
    """The qualifier by which a folder of an artist's pictures is called: `workshop of` for "workshop"; empty if none.

    Schools, styles and students alone are not: their folders hold pictures of other artists' own.
    """
    qualifier, named = whole_qualifier(name), [word.folded for word in split_field(name)]
    is_student = qualifier == "pupil of" and named[0] in phrases(words.NOT_BEHIND)
    return "" if len(named) == 1 and (is_student or qualifier in ("school of", "style of")) else qualifier


def qualifier_before(text: str, artist: str) -> str:
    """The qualifier with which a text begins, if the artist comes next: `after` for "After Rembrandt, 1650"."""
    split = split_field(text)
    matched = _match(text, split, 0, frozenset()) if split else None
    if matched is None or matched[1] == len(split):
        return ""
    behind = (word.folded for word in split[matched[1] :] if word.folded not in phrases(words.PREPOSITIONS))
    return matched[0] if next(behind, "") in fold_name(artist).split() else ""


def _east_asian(field: str) -> Qualified | None:
    text = unicodedata.normalize("NFKC", field)
    for pattern, qualifier in EAST_ASIAN:
        found = pattern.search(text)
        if found and (found.start() == 0 or found.end() == len(text)):
            return Qualified(qualifier, (text[: found.start()] + text[found.end() :],))
    return None


def _trim(name: str) -> str:
    """A name without what its qualifier has left around it."""
    name = name.strip(" ,;:-")
    for opening, closing in ("()", "[]"):
        if name.count(opening) < name.count(closing):
            name = name.rstrip(closing)
    return name


def _nominative(name: str, known: Set[str]) -> str:
    """A name in the genitive as a known artist's is written: Rembrandt for "Nachfolger Rembrandts"."""
    shorter = (name[: len(name) - letters] for letters in range(4))
    return next((one for one in shorter if len(one) > 3 and fold_name(one) in known), name)


def _before(field: str, split: Sequence[Word], known: Set[str]) -> Qualified | None:
    """A qualifier at the beginning, or after words that name nobody: "Italian follower of Caravaggio"."""
    for start, word in enumerate(split):
        if found := _match(field, split, start, known):
            qualifier, end = found
            if not says_nothing([word.folded for word in split[end:]]):
                return Qualified(qualifier, (field[split[end].start :],))
        if word.folded not in filler():
            break
    for at in range(1, len(split) - 1):  # Philips Galle after Pieter Bruegel
        found = find_phrase(split, at, qualifying_phrases())
        if found is None or (found[0] != "after" and found[1] < 3):  # Midjourney in the style of Monet
            continue
        end = at + found[1]
        if end < len(split) and not says_nothing([word.folded for word in split[end:]]):
            return Qualified(found[0], (field[: split[at].start], field[split[end].start :]))
    return None


def _behind(field: str, known: Set[str]) -> Qualified | None:
    """A qualifier in brackets, after a comma or a dash: "Rembrandt (workshop of)", "Rembrandt, follower of Titian"."""
    if (doubt := QUESTION_MARK.search(field)) and doubt.start():
        return Qualified("possibly", (field[: doubt.start()],))
    if doubt := re.match(r"\s*[(\[]?\?+[)\]]?\s*(?=[^\W\d_])", field):
        return Qualified("possibly", (field[doubt.end() :],))
    for found in BEHIND.finditer(field):
        inside = next((group for group in found.groups() if group is not None), "")
        name = (field[: found.start()] + field[found.end() :]).strip()
        split = split_field(inside)
        while split and split[0].folded in phrases(words.POSSESSIVES):
            split = split[1:]
        matched = _match(inside, split, 0, known, behind=True) if split and found.start() else None
        if inside.strip() == "?" and found.start():
            return Qualified("possibly", (name,))
        if matched is None:
            continue
        qualifier, end = matched
        if end == len(split):
            return Qualified(qualifier, (name,))
        if not says_nothing([word.folded for word in split[end:]]):
            return Qualified(qualifier, (name, inside[split[end].start :]))
    return None


def _attached(field: str, split: Sequence[Word], known: Set[str]) -> Qualified | None:
    """A noun at the end: "Rembrandt's workshop", "Cranach-Werkstatt", and "Rembrandt Schule" if he is known."""
    for count in range(min(MAX_WORDS, len(split) - 1), 0, -1):  # Rembrandt zugeschrieben
        phrase = " ".join(word.folded for word in split[-count:])
        if qualifying_phrases().get(phrase) in ("attributed to", "formerly attributed to"):
            return Qualified(qualifying_phrases()[phrase], (field[: split[-count].start],))
    if len(split) < 2 or (qualifier := nouns().get(split[-1].folded)) is None:
        return None
    before = field[: split[-1].start]
    if found := re.search(r"['\u2019]s?\s+$", before):
        return Qualified(qualifier, (before[: found.start()],))
    if before.endswith(("-", "\u2010")) and split[-1].folded in phrases(words.BEHIND_A_HYPHEN):
        return Qualified(qualifier, (before[:-1],))
    name = _nominative(before.strip(), known)
    certain = split[-1].folded in phrases(words.STAND_LAST) or fold_name(name) in known
    return Qualified(qualifier, (name,)) if certain else None


def _with_helpers(field: str, split: Sequence[Word]) -> Qualified | None:
    """Helpers without a name beside an artist: "Rubens and workshop", "Titian & assistants", "Rubens et al."."""
    for at in range(1, len(split) - 1):
        rest = [word.folded for word in split[at + 1 :] if word.folded not in phrases(words.POSSESSIVES)]
        if split[at].folded in phrases(words.WITH) and rest and " ".join(rest) in phrases(words.HELPERS):
            return Qualified("with others", (field[: split[at].start].rstrip(" ,("),))
    return None


def _match(field: str, split: Sequence[Word], at: int, known: Set[str], behind: bool = False) -> tuple[str, int] | None:
    """The qualifier that begins at a word, and the number of the first word after it."""
    found = find_phrase(split, at, qualifying_phrases())
    if found and (behind or at + found[1] < len(split)):
        end = at + found[1]
        if behind or found[1] > 1 or "," not in field[split[end - 1].end : split[end].start]:
            return found[0], end
    word = split[at].folded
    if qualifier := nouns().get(word):
        preposition = find_phrase(split, at + 1, prepositions())
        end = at + 1 + (preposition[1] if preposition else 0)
        if preposition and qualifier != "copy after" and preposition[0]:  # Dutch School, after Gerard Terborch
            qualifier = preposition[0]
        if end == len(split):
            return (qualifier, end) if behind and (preposition or word not in phrases(words.NOT_BEHIND)) else None
        rest = field[split[end].start :]
        bare = word in phrases(words.NEED_NO_PREPOSITION) and "," not in field[split[at].end : split[end].start]
        if preposition or bare or fold_name(_nominative(rest, known)) in known:
            return qualifier, end
    for qualifier, listed in words.NEED_EVIDENCE.items():
        if word in phrases(listed) and not behind and at + 1 < len(split):
            rest = field[split[at + 1].start :]
            accented = "\u00fa" in field[split[at].start : split[at].end]  # según, and not the name Segun
            if accented or fold_name(_nominative(rest, known)) in known:
                return qualifier, at + 1
    return None
