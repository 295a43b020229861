"""Runs commands in forks that may be killed, and digests what a folder holds."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import painter_search
from painter_search.common.files.temporary_names import lasting_path

MESSAGE_PREFIX = "painter_search: "


class Killer:
    """Runs commands in forks of a process that has everything imported; see `killer.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killer.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(painter_search.__file__).parents[1]),  # the package that these tests import
                "OMP_NUM_THREADS": "1",  # tiny networks: threads would only wait for one another
            },
        )
        assert self._answer() == "ready"

    def run(self, *argv: object, **when: Any) -> dict[str, Any]:
        """Run a command; `operation` or `seconds` say when to kill it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"argv": [str(word) for word in argv], **when}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._answer())

    def complete(self, *argv: object) -> dict[str, Any]:
        """Run a command that must succeed."""
        done = self.run(*argv)
        assert done["code"] == 0, done["stderr"]
        return done

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(60)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="session")
def killer() -> Iterator[Killer]:
    """Runs commands without waiting for their imports, and kills them."""
    if os.name == "nt":
        pytest.skip("needs forks")
    started = Killer()
    yield started
    started.close()


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder by its relative path, hidden files included."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def failed_in_a_sentence(done: dict[str, Any], *words: str) -> None:
    """Check that one line of stderr says what was wrong, in one of `words`, without a traceback."""
    assert done["code"] == 1, done["stderr"]
    assert "Traceback" not in done["stderr"], done["stderr"]
    messages = [line for line in done["stderr"].splitlines() if line.startswith(MESSAGE_PREFIX)]
    assert len(messages) == 1, done["stderr"]
    assert "Error" not in messages[0], messages
    assert any(word in messages[0] for word in words), messages
    for word in messages[0].split():
        path = Path(word.rstrip(":;,."))
        assert lasting_path(path) == path, f"{messages[0]} names a temporary file"
