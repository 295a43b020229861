"""Fixtures of the fault tests."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

import pytest
from fault_stories import Story, Undisturbed, run_undisturbed
from harness import Killer

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # signals, limits and pipes of POSIX


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Callable[[Story], Undisturbed]:
    """`undisturbed(story)` runs a story's command once a session."""
    return functools.cache(lambda story: run_undisturbed(story, tmp_path_factory.mktemp("story"), killer))
