"""Text: lists and sentences in messages, and letters without accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def first_few(names: Sequence[str], count: int = 3) -> str:
    """The first names as a list, which ends in an ellipsis where there are more: `Cassatt, Manet, Monet, …`."""
    return ", ".join(names[:count]) + (", …" if len(names) > count else "")


def sentence_case(text: str) -> str:
    """Text as a sentence begins: its first letter as a capital."""
    return text[:1].upper() + text[1:]


def without_accents(text: str) -> str:
    """Text decomposed (NFKD) and without what combines with a letter: `é` becomes `e`, `ﬁ` becomes `fi`."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
