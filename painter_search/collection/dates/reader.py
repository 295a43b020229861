"""Reads the words and numbers of a date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil, floor
from typing import NamedTuple

from painter_search.collection.dates import words
from painter_search.collection.dates.tokens import Token, phrases, read_tokens

PARTS = {"early": (0.0, 1 / 3), "middle": (1 / 3, 2 / 3), "late": (2 / 3, 1.0), "turn": (-0.1, 1.1)}
"""What is meant of a century or a decade: where it begins and ends."""
JOINING = ("join", "dash", "until")
CONNECTING = (*JOINING, "part", "fraction")
"""Kinds of tokens between two numbers that belong together."""


def read_span(date: str, max_year: int) -> tuple[int | None, int | None] | None:
    """The earliest and the latest year that a date allows; see `read_years`."""
    return _Reader(read_tokens(date)).read(max_year)


class _Span(NamedTuple):
    """One year, decade or century of a date; the years are those written, which an era makes negative."""

    first: int
    last: int
    bc: bool | None = None
    """None if no era is written."""
    bound: str = ""
    """`before`, `until` or `after` if it only bounds the date."""
    divisible: bool = False
    """Whether it is a century or a decade, of which there are early, middle and late years."""
    part: tuple[float, float] = (0.0, 1.0)
    """What is meant of it: (0, 0.5) is its first half."""


class _Reader:
    """Reads one date, token by token."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._kinds = [token.kind for token in tokens]
        self._centuries = _number_centuries(tokens)
        self._spans: list[_Span] = []
        self._joined: set[int] = set()
        """Positions of spans that a dash or an "or" joins with the span before."""
        # What words before a number say of it:
        self._part: tuple[float, float] | None = None
        self._bound = ""
        self._bc: bool | None = None

    def read(self, max_year: int) -> tuple[int | None, int | None] | None:
        for at, (kind, text) in enumerate(self._tokens):
            if at in self._centuries:
                self._add(at, 100 * self._centuries[at] - 100, 100, divisible=True)
            elif kind in ("part", "fraction"):
                self._take_part(at, _part(text) if kind == "part" else _fraction(text))
            elif kind in ("bc", "ad"):
                self._take_era(at, kind == "bc")
            elif kind in ("before", "after", "until"):
                self._bound = "" if kind == "until" and self._spans else kind
            elif kind in ("later", "earlier"):
                self._bound_last("after" if kind == "later" else "until")
            else:
                self._take_number(at, kind, text)
        if self._part is not None:  # 19th century, early
            self._divide_last(self._part)
        if self._bound:  # 1500 or after
            self._bound_last("after" if self._bound == "after" else "until")
        return _union(_in_era(span, max_year) for span in self._with_shared_eras() if span.bc or span.first <= max_year)

    def _take_number(self, at: int, kind: str, text: str) -> None:
        numbers = [int(digits) for digits in re.findall(r"\d+", text)]
        if kind == "year" or (kind == "number" and self._has_era(at)):
            self._add(at, numbers[0])
        elif kind == "short":
            last = _complete(numbers[0], re.findall(r"\d+", text)[1], descending="bc" in self._kinds)
            self._add(at, numbers[0], last - numbers[0] + 1)
        elif kind == "hijri" and not {"year", "short"} & set(self._kinds):
            self._add(at, _from_hijri(numbers[0]), 2)
        elif kind == "decade":
            self._add(at, numbers[0], 100 if numbers[0] % 100 == 0 else 10, divisible=True)
        elif kind == "blurred":  # 156X, 18--
            known = re.findall(r"\d+", text)[0]
            years = 10 ** (4 - len(known))
            self._add(at, int(known) * years, years, divisible=True)
        elif kind == "minus":
            self._bc = True
            self._add(at, numbers[0] + bool(re.search(r"-0\d{3}", text)))  # EDTF has a year 0
        elif kind == "cento":
            self._add(at, 100 * (words.CENTO.index(text) + 12), 100, divisible=True)

    def _add(self, at: int, first: int, years: int = 1, divisible: bool = False) -> None:
        part = (0.0, 1.0)
        if divisible and self._part is not None:
            part, self._part = self._part, None
        span = _Span(first, first + years - 1, self._bc, self._bound, divisible, part)
        self._bc, self._bound = None, ""
        if self._spans and self._kinds[at - 1] in CONNECTING:
            self._joined.add(len(self._spans))
            if self._spans[-1].bound == "after" and not span.bound:  # from 1500 to 1510
                self._bound_last("")
        self._spans.append(span)

    def _bound_last(self, bound: str) -> None:
        if self._spans:
            self._spans[-1] = self._spans[-1]._replace(bound=bound)
            self._bound = ""

    def _divide_last(self, part: tuple[float, float]) -> bool:
        if not self._spans or not self._spans[-1].divisible:
            return False
        self._spans[-1] = self._spans[-1]._replace(part=part)
        return True

    def _take_part(self, at: int, part: tuple[float, float]) -> None:
        """Of the century before it, as in "16th century (first half)", or else of the next one."""
        if self._part is not None:  # mid to late
            part = (min(part[0], self._part[0]), max(part[1], self._part[1]))
        is_next = at + 1 in self._centuries or self._kinds[at + 1 : at + 2] in (["decade"], ["blurred"])
        is_behind = self._kinds[max(at - 1, 0) : at] in (["mark"], ["century"], ["letter"], ["decade"])
        if is_next or not is_behind or not self._divide_last(part):
            self._part = part

    def _take_era(self, at: int, bc: bool) -> None:
        """Of the number behind it, as in AD 79, or else of the last one."""
        is_first = not self._spans or self._kinds[at - 1] in JOINING
        if is_first and self._kinds[at + 1 : at + 2] in (["year"], ["number"], ["short"]):
            self._bc = bc
        elif self._spans:
            self._spans[-1] = self._spans[-1]._replace(bc=bc)

    def _has_era(self, at: int) -> bool:
        """Whether a number of one or two digits is a year: an era stands beside it, or beside one joined with it."""
        for side in (self._kinds[:at][::-1], self._kinds[at + 1 :]):
            if side and (side[2:3] if side[0] in JOINING else side[:1]) in (["bc"], ["ad"]):
                return True
        return False

    def _with_shared_eras(self) -> list[_Span]:
        """The spans, each with the era that is written behind the last one that is joined with it."""
        spans = list(self._spans)
        for at in range(len(spans) - 1, 0, -1):
            if at in self._joined and spans[at - 1].bc is None:
                spans[at - 1] = spans[at - 1]._replace(bc=spans[at].bc)
        return spans


def _number_centuries(tokens: list[Token]) -> dict[int, int]:
    """The positions of tokens that number centuries, each with its number: 19th, XIX, both of "15th-16th century"."""
    kinds = [token.kind for token in tokens]
    found: dict[int, int] = {}

    def is_number(at: int, accepted: tuple[str, ...]) -> bool:
        if not 0 <= at < len(kinds) or kinds[at] not in accepted or not 1 <= _number(tokens[at].text) <= 21:
            return False
        found[at] = _number(tokens[at].text)
        return True

    for at, (kind, text) in enumerate(tokens):
        if kind not in ("century", "letter"):
            continue
        clear = ("ordinal", "roman") if kind == "letter" and text != "в" else ("ordinal", "roman", "number")
        before = at - 1 - (kinds[at - 1 : at] == ["dash"])  # 17th-century
        if is_number(before, clear):
            while before > 0 and kinds[before - 1] in CONNECTING:
                before = next((b for b in range(before - 1, -1, -1) if kinds[b] not in CONNECTING), -1)
                if not is_number(before, ("ordinal", "roman", "number")):
                    break
        elif kind == "century" or text == "s":  # sec. XV-XVI, s. XVII
            joined = is_number(at + 1, clear if kind == "century" else ("roman",)) and kinds[at + 2 : at + 3]
            if joined in (["join"], ["dash"]):
                is_number(at + 3, ("roman", "number"))
    return found


def _union(spans: Iterable[_Span]) -> tuple[int | None, int | None] | None:
    """All years of the spans together."""
    first: dict[str, list[int]] = {"after": [], "": []}
    last: dict[str, list[int]] = {"before": [], "": []}
    for span in spans:
        if span.bound == "after":
            first["after"].append(span.first)
        elif span.bound:
            last["before"].append(span.first - 1 if span.bound == "before" else span.last)
        else:
            first[""].append(span.first)
            last[""].append(span.last)
    if not any((*first.values(), *last.values())):
        return None
    bounded = first["after"] and last["before"] and not first[""]  # after 1500, before 1510
    earliest = None if last["before"] and not bounded else min(first["after"] + first[""])
    latest = None if first["after"] and not bounded else max(last["before"] + last[""])
    return None if earliest is not None and latest is not None and earliest > latest else (earliest, latest)


def _in_era(span: _Span, max_year: int) -> _Span:
    """The span with years before our era negative, and only with the part of it that is meant."""
    first, last = span.first, span.last
    if span.bc:
        shift = int(span.divisible and last - first == 99)  # the fifth century BC: 500 to 401 BC
        first, last = -max(first, last) - shift, -min(first, last) - shift  # 450-40 BC
    years, (low, high) = last - first + 1, span.part
    last = min(first + ceil(years * high - 1e-9) - 1, max_year)
    first += floor(years * low + 1e-9)
    return span._replace(first=first or 1, last=last)  # there was no year 0


def _complete(first: int, digits: str, descending: bool) -> int:
    """The year that one or two digits after a dash stand for: 1481 in 1480-1, 1506 in 1503-06, but 1872 in 1872-05."""
    last = int(digits)
    base = 10 if len(digits) == 1 and first % 10 < last else 100
    year = first // base * base + last
    if descending:
        return year
    if last == 0 and base == 100:
        year += 100  # 1899-00
    return max(first, year)  # a smaller number is a month


def _from_hijri(year: int) -> int:
    """The first of the two years in which a year of the Islamic calendar lies, with its mean year of 354.367 days."""
    return floor(year * 354.367 / 365.2425 + 621.57)


def _number(text: str) -> int:
    if text in words.NUMBERS:
        return words.NUMBERS.index(text) + 1
    if digits := re.match(r"\d+", text):
        return int(digits.group())
    numerals = [{"i": 1, "v": 5, "x": 10}[letter] for letter in re.findall(r"^[ivx]+", text)[0]]
    return sum(-one if one < other else one for one, other in zip(numerals, [*numerals[1:], 0], strict=True))


def _part(text: str) -> tuple[float, float]:
    return next(PARTS[name] for name, listed in words.PARTS.items() if text in phrases(listed))


def _fraction(text: str) -> tuple[float, float]:
    """The part that an ordinal number and a fraction name, such as "2. Hälfte"."""
    order, *_, unit = re.findall(r"[^\W_]+", text)
    parts = next(parts for parts, listed in words.FRACTIONS.items() if unit in phrases(listed))
    listed_number = next((number for number, listed in words.ORDINALS.items() if order in phrases(listed)), None)
    number = min(int(order[0]) if listed_number is None else listed_number, parts)
    return ((parts if number == -1 else number) - 1) / parts, (parts if number == -1 else number) / parts
