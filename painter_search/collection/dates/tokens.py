"""Tokens of a date: its numbers, and the words that say what they number."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from painter_search.collection.dates import words
from painter_search.common.text import without_accents

APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc", "'"))


class Token(NamedTuple):
    """A number or a word of a date."""

    kind: str
    """The name of its group in `_pattern`."""
    text: str


def read_tokens(date: str) -> list[Token]:
    """The tokens of a date in their order; words without a meaning for its years are left out."""
    matches = _pattern().finditer(_without_days(fold_date(date)))
    return [Token(str(match.lastgroup), match.group()) for match in matches]


def fold_date(date: str) -> str:
    """A date in lower case, without accents, every dash a hyphen, every blank a space."""
    plain = "".join("-" if unicodedata.category(c) == "Pd" else c for c in without_accents(date.casefold()))
    plain = re.sub(r"\s+", " ", plain.replace("\u2212", "-").translate(APOSTROPHES)).strip()
    return f"until {plain[1:]}" if date.lstrip().startswith(("\u2013", "\u2014")) else plain


def _without_days(text: str) -> str:
    """A folded date without its days and months, decimals of years and separators of thousands."""
    text = re.sub(r"^(\D*[12])[.,' ](\d{3})(?:[.,]0+)?(?=\D*$)", r"\1\2", text)
    text = re.sub(r"(?<!\d)(\d{3,4}\s?[-/]\s?)(?:'|c(?:irc)?a?\.?\s?)(\d\d)(?!\w)", r"\1\2", text)  # 1872-'73
    text = re.sub(r"(?<!\d)(\d{3,4}s)\s?([-/])\s?(\d0)s(?!\w)", lambda d: f"{d[1]}{d[2]}{d[1][:2]}{d[3]}s", text)
    text = re.sub(r"(?<!\d)(\d{1,4})\.0+(?!\d)", r"\1", text)
    text = re.sub(r"(?<!\d)(\d{4})[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?!\d)", r"\1", text)
    text = re.sub(r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([./-]) ?(?:0?[1-9]|[12]\d|3[01])\1 ?(\d{4})(?!\d)", r"\2", text)
    return re.sub(r"(?<![\d/.-])(?:0?[1-9]|1[0-2])[./](\d{4})(?!\d)", r"\1", text)


@cache
def phrases(listed: str) -> frozenset[str]:
    """The phrases of a list in `words.py`."""
    return frozenset(one.strip() for one in listed.split(";"))


@cache
def _pattern() -> re.Pattern[str]:
    """A pattern for the tokens of a folded date, whose group's name is the kind of token."""

    no_letter, end = r"(?<![^\W\d_])", r"(?![^\W\d_])"

    def any_of(*lists: str) -> str:
        """Any of the phrases, as a whole word."""
        longest_first = sorted({phrase for one in lists for phrase in phrases(one)}, key=len, reverse=True)
        return rf"{no_letter}(?:{'|'.join(map(re.escape, longest_first))}){end}"

    ordinal_words = any_of(*words.ORDINALS.values())
    units = any_of(*words.FRACTIONS.values())
    numbers = r"(?<!\d)[1-4](?:\.|st|nd|rd|th|e|ere|re|er|eme|ste|de|a|o|-?я|-?и)?(?![^\W_])\.?"
    endings = r"(?:st|nd|rd|th|eme|ieme|er|e|ste|de|a|o|th|\u03bf\u03c3)"
    kinds = {
        "bc": rf"{no_letter}(?:{words.BC})\.?{end}|紀元前|公元前|前(?=\d)",
        "ad": rf"{no_letter}(?:{words.AD})\.?{end}",
        "fraction": rf"(?:{ordinal_words}|{numbers})\.?\s*{units}",
        "hijri": r"(?<![^\W\d_])a\.?\s?h\.?\s?\d{3,4}(?!\d)|(?<!\d)\d{3,4}\s?a\.?\s?h(?![^\W\d_])\.?",
        "decade": rf"(?<!\d)\d{{3}}0(?:{words.DECADE_ENDINGS})(?![^\W_])|{any_of(words.DECADE)} \d{{3}}0(?!\d)",
        "blurred": r"(?<!\d)(?:\d{2}(?:\?\?|--|__|xx|uu)|(?:1\d|20)\d(?:[?_](?!\d)|-(?! ?[\d-]))|\d{3}[xu])(?!\w)",
        "minus": r"(?:(?<=^)|(?<=[/(\[])|(?<=\.\.)|(?<=- ))-\d{1,4}(?!\d)",
        "short": r"(?<!\d)\d{3,4}\s?[-/]\s?\d{1,2}(?![\d])(?!-\d)(?!\w)(?!\. ?(?:jh|cent|ja|st))",
        "cento": any_of("; ".join(words.CENTO)),
        "ordinal": rf"{any_of('; '.join(words.NUMBERS))}|(?<!\d)\d{{1,2}}(?:{endings}(?![^\W_])|\.(?!\d))",
        "roman": rf"(?<![^\W_])[ivx]+(?:{endings})?(?![^\W_])",
        "year": r"(?<!\d)\d{3,4}(?!\d)",
        "number": r"(?<!\d)\d{1,2}(?!\d)",
        "century": rf"{any_of(words.CENTURY)}|{unicodedata.normalize('NFKD', words.CENTURY_SIGNS)}",
        "part": any_of(*words.PARTS.values()),
        "before": any_of(words.BEFORE),
        "until": rf"{any_of(words.UNTIL)}|(?:<(?!.*>)|\u2264)=?|(?<=^)\.\./?|(?<=\[)\.\.|(?<=^)/",
        "after": rf"{any_of(words.AFTER)}|(?:>(?=[=\s\d])|\u2265)=?",
        "later": rf"{any_of(words.LATER)}|/?\.\.(?=\]|$)|/(?=$)|/open|"
        r"(?<=\d) ?(?:\+|- ?present|- ?today|- ?heute)(?!\w)|(?<=\d{4})-$|(?<=\d{4}) -$",
        "earlier": any_of(words.EARLIER),
        "join": any_of(words.JOINS),
        "dash": r"-|/|\.\.|~",
        "letter": rf"{no_letter}{words.CENTURY_LETTERS}(?![^\W_])",
        "mark": r"[(,;\[]",
    }  # fmt: skip
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds.items()))
