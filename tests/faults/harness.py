"""Commands in a process of their own, which may be killed, and what a folder holds."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import painter_search


class Killer:
    """Commands in a process that has everything imported; see `killer.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killer.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(painter_search.__file__).parents[1])},  # what is tested here
        )
        assert self._answer() == "ready"

    def run(self, *argv: object, **when: Any) -> dict[str, Any]:
        """Run a command; `operation` or `seconds` say when it is killed."""
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
        self._process.wait(10)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones too, with the digest of its content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
