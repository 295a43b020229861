"""An audit in a few plain sentences."""

from __future__ import annotations

from painter_search.analysis.audit import Audit
from painter_search.display.words.audit_text import PART_OF, index_only_sentence, leak_sentence


def audit_sentences(audit: Audit, counts: list[tuple[str, int]]) -> list[str]:
    """Whether a test score can be trusted, what else was found, what was not looked at, and what to do with it."""
    beyond = index_only_sentence(audit)
    leak = leak_sentence(audit) if audit.leaks else "no picture and no artist was found in both train and test."
    checks = _checks(counts)
    found = [name for name, number in checks if number]
    return [
        *([] if audit.index_alone else [leak[:1].upper() + leak[1:]]),
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


def _checks(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The counts without those of a part of the findings above them."""
    return [(name, number) for name, number in counts if not name.startswith(PART_OF)]
