"""Equality of answers up to rounding."""

from typing import Any

import pytest


def same_values(found: Any, expected: Any) -> bool:
    """Whether two plain values are equal up to the last digits of floats summed in another order."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same_values(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same_values, found, expected))
    if isinstance(expected, float):
        return bool(found == pytest.approx(expected, rel=1e-3, abs=1e-4))
    return bool(found == expected)
