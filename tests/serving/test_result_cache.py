import weakref
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex
from painter_search.serving.lookups import NotFound
from painter_search.serving.result_cache import LEAST_SECONDS, CachedResult, ResultCache
from painter_search.serving.uploads import Upload


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def cache(clock: list[float]) -> ResultCache:
    return ResultCache(seconds=100, max_bytes=100, clock=lambda: clock[0])


def test_result_cache_drops_the_least_recently_used_beyond_its_bytes(
    cache: ResultCache, clock: list[float], small_index: PaintingIndex
) -> None:
    first, second = (cache.add(CachedResult(small_index, size=size)) for size in (60, 40))
    assert first != second
    clock[0] = LEAST_SECONDS
    assert cache.get(second) is not None
    assert cache.get(first) is not None
    third = cache.add(CachedResult(small_index, size=40))
    assert cache.get(second) is None
    assert cache.get(first) is not None
    assert cache.get(third) is not None


def test_result_cache_keeps_what_may_not_have_been_shown_yet_however_large(
    cache: ResultCache, clock: list[float], small_index: PaintingIndex
) -> None:
    small, large = (cache.add(CachedResult(small_index, size=size)) for size in (40, 1000))
    assert cache.get(small) is not None
    clock[0] = LEAST_SECONDS
    after = cache.add(CachedResult(small_index, size=1))
    assert cache.get(large) is None
    assert cache.get(after) is not None


def test_result_cache_drops_uploads_before_answers(
    cache: ResultCache, clock: list[float], small_index: PaintingIndex
) -> None:
    names = []
    for number in range(3):
        clock[0] = number * LEAST_SECONDS / 2
        uploads = (Upload("scan.tif", bytes(90 + number)),)
        names.append(cache.add(CachedResult(small_index, uploads=uploads, size=10)))
    kept = [cache.get(name) for name in names]
    assert [None if result is None else len(result.uploads) for result in kept] == [0, 0, 1]


def test_result_cache_counts_a_file_once_that_was_cropped_again(cache: ResultCache, small_index: PaintingIndex) -> None:
    upload = Upload("scan.tif", bytes(60))
    names = [cache.add(CachedResult(small_index, uploads=(upload._replace(crop=crop),))) for crop in ("auto", "none")]
    assert all((result := cache.get(name)) is not None and result.uploads for name in names)


def test_result_cache_counts_the_works_of_a_filter_once(
    cache: ResultCache, clock: list[float], small_index: PaintingIndex
) -> None:
    selection = small_index.filtered(WorkFilter(artists="Painter 9")).selection
    assert selection is not None
    shared = replace(selection, ids=np.zeros(10, np.int64))  # 80 bytes
    names = [cache.add(CachedResult(small_index, selection=shared, size=5)) for _ in range(3)]
    clock[0] = LEAST_SECONDS
    cache.add(CachedResult(small_index, size=5))
    assert None not in map(cache.get, names)
    cache.add(CachedResult(small_index, selection=replace(shared, ids=np.zeros(1, np.int64)), size=5))
    assert cache.get(names[0]) is None


def test_result_cache_forgets_after_its_seconds(
    cache: ResultCache, clock: list[float], small_index: PaintingIndex
) -> None:
    name = cache.add(CachedResult(small_index, size=10))
    clock[0] = 99.5
    assert cache.get(name) is not None
    assert cache.seconds_left(name) == 0.5
    clock[0] = 100.0
    assert cache.get(name) is None
    assert cache.seconds_left(name) == 0.0
    assert cache.get("unknown") is None


def test_require_comparison_raises_for_answers(small_index: PaintingIndex) -> None:
    with pytest.raises(NotFound, match="no such comparison"):
        CachedResult(small_index).require_comparison()


def test_result_cache_lets_go_of_what_it_no_longer_keeps(
    cache: ResultCache, clock: list[float], small_index: PaintingIndex
) -> None:
    result = CachedResult(copy(small_index))
    kept = weakref.ref(result.index)
    cache.add(result)
    del result
    clock[0] = 99
    cache.expire()
    assert kept() is not None
    clock[0] = 101
    cache.expire()
    assert kept() is None
