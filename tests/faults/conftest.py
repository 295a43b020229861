"""Fixtures of the fault tests."""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_stories import Story, Undisturbed, run_undisturbed
from harness import Killer
from shared_world import made_once

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # signals, limits and pipes of POSIX


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Callable[[Story], Undisturbed]:
    """`undisturbed(story)` runs a story's command once a session."""

    @functools.cache
    def once(story: Story) -> Undisturbed:
        def make(folder: Path) -> None:
            (folder / "undisturbed").write_bytes(pickle.dumps(run_undisturbed(story, folder, killer)))

        folder = made_once(tmp_path_factory, story.name.replace(" ", "-"), make)
        found = pickle.loads((folder / "undisturbed").read_bytes())
        assert isinstance(found, Undisturbed)
        return found

    return once
