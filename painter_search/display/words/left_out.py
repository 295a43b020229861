"""Why files were left out, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


def describe_reasons(counts: Mapping[str, int]) -> str:
    """Kinds of reason with how often each occurs, most frequent first: "by several artists (8); damaged (1)"."""
    return "; ".join(f"{reason} ({count:,})" for reason, count in Counter(counts).most_common())
