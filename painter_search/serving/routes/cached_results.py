"""Results at addresses of their own, for as long as they are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import Request

from painter_search.serving.lookups import NotFound
from painter_search.serving.result_cache import CachedResult
from painter_search.serving.routes.requests import service_of


def cached_result(request: Request, name: str) -> CachedResult:
    """The result at an address; raises `NotFound` if it is no longer kept."""
    result = service_of(request).results.get(name)
    if result is None:
        raise NotFound("This answer is no longer kept; ask again.")
    return result


def expiry_time(request: Request, name: str) -> str:
    """Until when a result is kept, as hours and minutes with the server's time zone: readers may live in another."""
    seconds = service_of(request).results.seconds_left(name)
    return f"{datetime.now().astimezone() + timedelta(seconds=seconds):%H:%M %Z}"
