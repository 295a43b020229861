"""Artists' names as they are shown, from those of folders and files."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from painter_search.collection.artist_names import clean_name
from painter_search.collection.hands.folding import fold_name
from painter_search.collection.layouts.file_names import MAX_LENGTH
from painter_search.collection.layouts.name_kinds import (
    has_life_dates,
    is_known_painter,
    strip_life_dates,
    strip_number,
    words_of,
)
from painter_search.collection.layouts.vocabulary import PARTICLES

NUMERALS = re.compile(r"i{1,3}|iv|vi{0,3}|ix")
BEHIND = re.compile(r"(?<=[^\W\d_])[)\].]*(?:[\s_]*[(\[]\d{1,5}[)\]]|[\s_-]+\d{1,4})$")
"""The number of a second folder, a count of pictures or a year behind a name: `Monet (2)`, `Monet_73`."""
COPY_BEHIND = re.compile(
    r"(?<=[^\W\d_])[\s_\u2013-]+(?:copy|kopie|copie|copia|kopia|kopi|копия)(?:[\s_]*[(\[]?\d{1,3}[)\]]?)?$", re.I
)
"""What file managers put behind the name of a copied folder."""
MISREAD = ("cp437", "cp1252", "cp850", "mac-roman", "cp866", "cp1251")
"""What UTF-8 is taken for by programs that unpack archives."""


def display_names(names: Iterable[str], are_joined: bool = False) -> dict[str, str]:
    """The artist to show for each name of a folder or file.

    Names that were unpacked with the wrong encoding are repaired (`DÃ¼rer`). Years of birth and death are taken away,
    and numbers that order all of the folders, unless two artists would be one without them. Numbers behind a name are
    taken away from a second folder of an artist (`Monet (2)` beside `Monet`), from a well-known painter's name, and
    where all folders have them and none would be another's without. Underscores and the hyphens
    of slugs become spaces where the names are known to be joined by them, or where no name has a space and a well-known
    painter's is joined; otherwise names stay.

    Args:
        names: The names.
        are_joined: Whether files named after their folders show that names are joined by underscores or hyphens.
    """
    repaired = {name: clean_name(repair(name)) for name in names}
    if all(strip_number(text) != text for text in repaired.values()):
        unnumbered = {name: strip_number(text) for name, text in repaired.items()}
        repaired = unnumbered if len(set(unnumbered.values())) == len(unnumbered) else repaired
    repaired = _without_numbers_behind(repaired)
    dateless = {name: clean_name(strip_life_dates(text)) for name, text in repaired.items()}
    lives: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for name, text in repaired.items():
        years = re.findall(r"\d{4}", text[len(strip_life_dates(text)) :])
        lives[fold_name(dateless[name])].add(tuple(years))
    shown = {
        name: text if len(lives[fold_name(dateless[name])]) > 1 else dateless[name] for name, text in repaired.items()
    }
    joined = [text for text in shown.values() if "_" in text or _is_slug(text)]
    if are_joined or (not any(" " in text for text in shown.values()) and any(map(is_known_painter, joined))):
        shown = {name: separate(text) for name, text in shown.items()}
    return shown


def _without_numbers_behind(names: dict[str, str]) -> dict[str, str]:
    usual = {name: text for name, text in names.items() if len(text) <= MAX_LENGTH}
    plain = names | {name: COPY_BEHIND.sub("", text) for name, text in usual.items()}
    bare = plain | {name: BEHIND.sub("", plain[name]) for name, text in usual.items() if not has_life_dates(text)}
    kept = {words_of(text) for name, text in plain.items() if bare[name] == text}
    bases = {words_of(text) for text in bare.values()}
    is_numbered = 1 < len(bases) == len(names) and not kept
    return {
        name: bare[name] if is_numbered or words_of(bare[name]) in kept or is_known_painter(bare[name]) else text
        for name, text in plain.items()
    }


def repair(name: str) -> str:
    """A name whose UTF-8 was read as another encoding, once or more, as it was meant; any name in composed form."""
    for encoding in MISREAD if not name.isascii() else ():
        try:
            return repair(name.encode(encoding).decode("utf-8"))
        except UnicodeError:
            continue
    return unicodedata.normalize("NFC", name)


def separate(name: str) -> str:
    """A joined name with spaces: `Vincent_van_Gogh`, or the slug `vincent-van-gogh`, whose capitals are lost."""
    if " " in name:
        return name
    if name != name.lower():
        return clean_name(name.replace("_", " "))
    words = [word for word in re.split(r"[-_]+", name) if word]
    return " ".join(_capitalised(word, first=number == 0) for number, word in enumerate(words))


def _is_slug(text: str) -> bool:
    return "-" in text and text == text.lower()


def _capitalised(word: str, first: bool) -> str:
    if not first and NUMERALS.fullmatch(word):
        return word.upper()
    if word in PARTICLES.split() and not first:
        return word
    return re.sub(r"(?:^|(?<=['\u2019.]))[^\W\d_]", lambda match: match[0].upper(), word)
