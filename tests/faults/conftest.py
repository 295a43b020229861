"""What the tests of faults share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from harness import Killer

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # signals, limits and pipes of POSIX


@pytest.fixture(scope="session")
def killer() -> Iterator[Killer]:
    """Runs commands, and kills them."""
    started = Killer()
    yield started
    started.close()
