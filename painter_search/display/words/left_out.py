"""Why files were left out, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


def reason_counts(counts: Mapping[str, int]) -> str:
    """Kinds of reason with how often each occurs, most frequent first: "8 by several artists; 1 damaged"."""
    return "; ".join(f"{count:,} {reason}" for reason, count in Counter(counts).most_common())
