"""The findings of an audit in words and counts, for the console and the page."""

from __future__ import annotations

from collections import Counter
from datetime import date

from painter_search.analysis.audit import SMALL_SIDE, Audit
from painter_search.analysis.duplicate_works import DuplicatePair
from painter_search.analysis.label_errors import MIN_VOTES, NEIGHBOURS
from painter_search.collection.summary import count_reasons
from painter_search.common.text import sentence_case
from painter_search.common.version import __version__

KINDS = {
    "same": "the same picture",
    "altered": "cropped, mounted, or photographed differently",
    "mirrored": "mirrored",
}
HOW_COMPARED = (
    "Pictures are laid over one another, also mirrored and without margins, mats and plain frames, and have to agree "
    "in their detail: outlines, even grounds and masses of light and dark do not count."
)
"""What a likeness rests on."""
PART_OF = "… of which"
"""How a count of some of the findings above it begins."""


def audit_title(audit: Audit) -> str:
    """What was audited: the collections, their size, and the index whose neighbours were used."""
    neighbours = f", neighbours from index {audit.index}" if audit.index else ""
    return f"{', '.join(audit.sources)}: {audit.works:,} works by {audit.artists:,} artists{neighbours}"


def audit_citation(audit: Audit) -> str:
    """The version, the date and what was audited, as a sentence."""
    return f"painter_search {__version__}, {date.today().isoformat()}: audit of {audit_title(audit)}."


def audit_sentences(audit: Audit, counts: list[tuple[str, int]]) -> list[str]:
    """Whether a test score can be trusted, what else was found, what was not looked at, and what to do with it."""
    beyond = index_only_sentence(audit)
    leak = leak_sentence(audit) if audit.leaks else "no picture and no artist was found in both train and test."
    checks = _checks(counts)
    found = [name for name, number in checks if number]
    return [
        *([] if audit.index_alone else [sentence_case(leak)]),
        f"{len(found)} of {len(checks)} checks found something, below." if found else "No check found anything.",
        *([beyond] if beyond else []),
        "Findings are questions for a person to decide; nothing was changed.",
    ]


def nothing_found(counts: list[tuple[str, int]]) -> str:
    """The checks without a finding, in a line; empty if all found something."""
    empty = [name for name, number in _checks(counts) if not number]
    if not empty:
        return ""
    return f"Nothing found in {len(empty)} check{'' if len(empty) == 1 else 's'}: {'; '.join(empty)}."


def index_only_sentence(audit: Audit) -> str:
    """How many works of the index the audited collections lack, and how to audit them; empty if there are none."""
    if not audit.index_only:
        return ""
    works = "1 work of the index is" if audit.index_only == 1 else f"{audit.index_only:,} works of the index are"
    return (
        f"{works} not in {' or '.join(audit.sources)}, so only their neighbours were looked at; "
        "--index without --data looks at all works of the index."
    )


def leak_sentence(audit: Audit) -> str:
    """How many pictures and artists are in both train and test; for an audit with leaks."""
    pictures = sum(repeat.leak for repeat in audit.duplicates)
    artists = (audit.leaks or 0) - pictures
    leaks = [f"{pictures:,} pair{'' if pictures == 1 else 's'} of pictures"] if pictures else []
    leaks += [f"{artists:,} pair{'' if artists == 1 else 's'} of names that may be one artist's"] if artists else []
    return f"{' and '.join(leaks)} in both train and test; the test score is too good until they are moved to one side."


def reason_for(pair: DuplicatePair) -> str:
    """Why two works are said to show one picture."""
    if pair.kind == "same":
        return f"{KINDS[pair.kind]}: alike as a whole and in detail"
    margins = ", compared without margins" if pair.without_margins else ""
    return f"{KINDS[pair.kind]}{margins}: three quarters of the detail correlate by {pair.correlation:.2f} or more"


def finding_counts(audit: Audit) -> list[tuple[str, int]]:
    """The kinds of finding and how many there are of each."""
    repeats = Counter(
        "leak" if repeat.leak else "two artists" if repeat.two_artists else "one artist" for repeat in audit.duplicates
    )
    counts = [] if audit.index_alone else [("pictures in train and in test", repeats["leak"])]
    counts += [
        ("pictures under two artists", repeats["two artists"]),
        ("pictures repeated within an artist", repeats["one artist"]),
        ("names that may be one artist's", len(audit.spellings)),
        ("doubtful names: like titles or numbers, or nobody's", len(audit.suspicious)),
    ]
    if audit.label_errors:
        counts.append(
            (f"works with none of their artist's among their {NEIGHBOURS} nearest", audit.label_errors.contradicted)
        )
        counts.append((f"{PART_OF} {MIN_VOTES} or more by one other artist", len(audit.label_errors.listed)))
    if audit.rejected is not None:
        counts.append((left_out_name(audit), len(audit.rejected)))
    counts.append((f"works under {SMALL_SIDE} px on their short side", len(audit.small_works)))
    return counts


def left_out_name(audit: Audit) -> str:
    """What the files in `rejected.csv` are called."""
    return "files that could not be indexed" if audit.index_alone else "files left out by prepare"


def rejection_reasons(audit: Audit) -> Counter[str]:
    """How many files were left out for each reason, without the details in brackets and after colons."""
    return count_reasons(row["reason"] for row in audit.rejected or ())


def _checks(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The counts without those of a part of the findings above them."""
    return [(name, number) for name, number in counts if not name.startswith(PART_OF)]
