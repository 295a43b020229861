"""Answers that are the same."""

from typing import Any

import pytest


def close_to(found: Any, expected: Any) -> bool:
    """Whether two plain values are the same but for the last digits of sums in another order."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(close_to(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close_to, found, expected))
    if isinstance(expected, float):
        return bool(found == pytest.approx(expected, rel=1e-3, abs=1e-4))
    return bool(found == expected)
