"""Waits for what a page does, under a Content-Security-Policy that forbids Playwright's own way of waiting."""

from __future__ import annotations

import time
from typing import Any


def wait_until(page: Any, expression: str, seconds: float = 20) -> None:
    """Wait until a JavaScript expression is true in a page of Playwright's."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not within {seconds:g} s: {expression}"
        time.sleep(0.05)
