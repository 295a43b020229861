"""Shares and their differences as text, with confidence intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from painter_search.metrics.bootstrap import Estimate


def percent(share: float) -> str:
    """A share as 12.3 %."""
    return f"{100 * share:.1f} %"


def interval(estimate: Estimate) -> str:
    """A share with its confidence interval."""
    return f"{percent(estimate.value)} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def difference(estimate: Estimate) -> str:
    """A difference of shares with its confidence interval, in percentage points."""
    return f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}] points"
