"""What `prepare.json` says of a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypedDict

from painter_search.images.types import Framing


class CollectionSummary(TypedDict, total=False):
    """The content of `prepare.json`."""

    format: int
    name: str
    framing: Framing
    config: dict[str, object]
    """The settings that shape the result."""
    identity: dict[str, object]
    """Settings, and digests of the catalogue and of the list of originals: what the collection was prepared from."""
    inputs_digest: str
    """Digest of the catalogue and of the content of every framed original."""
    counts: dict[str, dict[str, int]]
    """Works and artists after each cleaning rule, in order: `{rule: {"works": n, "artists": n}}`."""
    triplets: dict[str, int]
    """By split."""
    suspicious: int
    """Artists with names like numbers or titles."""
    spellings: dict[str, list[str]]
    """Other spellings that were taken for an artist's, by the one in use; absent if there are none."""
    unreadable_dates: int
    """Works with a date that names no readable year; absent if there are none."""
    enlarged: int
    """Originals smaller than a `center` frame."""
    rejected: dict[str, int]
    """Files and rows, by the kind of reason."""


def count_reasons(reasons: Iterable[str]) -> Counter[str]:
    """How often each kind of reason occurs: reasons without their details in brackets and after colons."""
    return Counter(reason.split(" (")[0].split(":")[0] for reason in reasons)
