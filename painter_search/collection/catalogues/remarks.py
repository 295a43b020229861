"""What is said of a catalogue before a collection is made of it: hands left out, spellings, unreadable dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from painter_search.collection.cleaning import doubt_hands
from painter_search.collection.dates.years import has_date, read_years
from painter_search.collection.hands.spellings import common_spellings
from painter_search.collection.summary import CollectionSummary

MAX_EXAMPLES = 4


def remark_on_catalogue(catalogue: pd.DataFrame, keep_uncertain: bool = False) -> list[str]:
    """Sentences about what is read into the columns `artist` and `date`, for a person to check."""
    doubtful = catalogue["artist"][doubt_hands(catalogue) != ""]
    remarks = []
    if len(doubtful):
        names = [f"{name} ({count:,})" for name, count in Counter(doubtful).most_common()]
        fate = "is kept as a hand of its own" if keep_uncertain else "is left out; --keep-uncertain keeps it"
        remarks.append(f"What is not one artist's own hand {fate}: {_first(names)}.")
    if spellings := other_spellings(catalogue["artist"]):
        pairs = [f"{other} for {used}" for used, others in spellings.items() for other in others]
        remarks.append(f"Spellings of one name are taken as one artist: {_first(pairs)}.")
    if dates := unreadable_dates(catalogue["date"]):
        count = sum(dates.values())
        remarks.append(
            f"{count:,} of {len(catalogue):,} dates name no year that can be read: {_first(dates)}. Works without a "
            "year are left out where --before or --since asks for one."
        )
    return remarks


def readings_of(catalogue: pd.DataFrame) -> CollectionSummary:
    """What was read into the names and dates of a catalogue, for `prepare.json`; empty if nothing was."""
    readings: CollectionSummary = {}
    if spellings := other_spellings(catalogue["artist"]):
        readings["spellings"] = spellings
    if dates := unreadable_dates(catalogue["date"]):
        readings["unreadable_dates"] = sum(dates.values())
    return readings


def other_spellings(artists: Iterable[str]) -> dict[str, list[str]]:
    """The names that are spelled in several ways: `{spelling in use: [the others]}`."""
    found: dict[str, list[str]] = {}
    for name, used in sorted(common_spellings(Counter(artists)).items()):
        if name != used:
            found.setdefault(used, []).append(name)
    return found


def unreadable_dates(dates: Iterable[str]) -> dict[str, int]:
    """The dates that mean a time but name no year that can be read, and how often each occurs, most frequent first."""
    return {date: count for date, count in Counter(dates).most_common() if read_years(date) is None and has_date(date)}


def _first(examples: Iterable[str]) -> str:
    listed = list(examples)
    more = f", and {len(listed) - MAX_EXAMPLES:,} more" if len(listed) > MAX_EXAMPLES else ""
    return ", ".join(listed[:MAX_EXAMPLES]) + more
