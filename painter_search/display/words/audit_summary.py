"""An audit in a few plain sentences."""

from __future__ import annotations

from painter_search.analysis.audit import Audit
from painter_search.display.words.audit_text import index_only_sentence, leak_sentence


def audit_sentences(audit: Audit, counts: list[tuple[str, int]]) -> list[str]:
    """Whether a test score can be trusted, what else was found, what was not looked at, and what to do with it."""
    beyond = index_only_sentence(audit)
    leak = leak_sentence(audit) if audit.leaks else ""
    found = [name for name, number in counts if number]
    return [
        leak[:1].upper() + leak[1:] if leak else "No picture and no artist was found in both train and test.",
        f"{len(found)} of {len(counts)} checks found something, below." if found else "No check found anything.",
        *([beyond] if beyond else []),
        "Findings are questions for a person to decide; nothing was changed.",
    ]


def nothing_found(counts: list[tuple[str, int]]) -> str:
    """The checks without a finding, in a line; empty if all found something."""
    empty = [name.removeprefix("… of which ") for name, number in counts if not number]
    if not empty:
        return ""
    return f"Nothing found in {len(empty)} check{'' if len(empty) == 1 else 's'}: {'; '.join(empty)}."
