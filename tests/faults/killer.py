"""Runs commands and kills them: each in a fork of this process, which has everything imported, so that a kill costs
little.

Reads one JSON object a line, `{"argv": ["prepare", …], "operation": 17}`, and answers with one. The command is killed
(SIGKILL) just before its n-th operation on files, or `seconds` after its start, or not at all.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

ON_FILES = {
    "open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir", "os.truncate", "sqlite3.connect",
}  # fmt: skip
"""Audit events that come just before the file system is asked for something (Python's "Audit events table")."""


def serve() -> None:
    """Answer until stdin ends."""
    import matplotlib.figure  # noqa: F401 (imported once, for all forks, who may not be allowed to read packages)
    import sklearn.decomposition
    import sklearn.manifold  # noqa: F401
    from tiny_world import register_tiny_backbone

    import painter_search.display.atlas_page
    import painter_search.display.audited
    import painter_search.display.comparisons
    import painter_search.display.pages
    import painter_search.encoder.shards
    import painter_search.query
    import painter_search.retrieval.adding
    import painter_search.retrieval.building
    import painter_search.retrieval.removing
    import painter_search.training.trainer

    register_tiny_backbone()
    painter_search.encoder.shards.SHARD = 8  # so that there are several
    painter_search.display.pages.open_template("query.html")  # codecs are imported as they are needed
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_run(**json.loads(line))), flush=True)


def _run(
    argv: list[str],
    operation: int | None = None,
    seconds: float | None = None,
    limits: dict[str, int] | None = None,
    user: int | None = None,
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        stderr, stdout, counted = Path(folder, "stderr"), Path(folder, "stdout"), Path(folder, "operations")
        for printed in (stderr, stdout):
            printed.touch()  # a kill may come before the command is there to make them
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _be_the_command(argv, operation, limits or {}, user, stderr, stdout, counted)
        alarm = threading.Timer(seconds, os.kill, (child, signal.SIGKILL)) if seconds is not None else None
        if alarm:
            alarm.start()
        _, status, used = os.wait4(child, 0)
        if alarm:
            alarm.cancel()
        return {
            "code": os.waitstatus_to_exitcode(status),
            "seconds": time.monotonic() - began,
            "megabytes": used.ru_maxrss // 1024,
            "operations": int(counted.read_text() or 0) if counted.exists() else None,
            "stderr": stderr.read_text(errors="replace")[-4000:],
            "stdout": stdout.read_text(errors="replace"),
        }


def _be_the_command(
    argv: list[str],
    operation: int | None,
    limits: dict[str, int],
    user: int | None,
    stderr: Path,
    stdout: Path,
    counted: Path,
) -> None:
    code = 70
    try:
        os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT), 2)
        os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT), 1)
        for name, most in limits.items():
            resource.setrlimit(getattr(resource, name), (most, most))
        if user is not None:
            os.setgid(user)
            os.setuid(user)
        door = import_module(f"painter_search.{argv[0]}")
        operations = 0

        def count(event: str, _: tuple) -> None:
            nonlocal operations
            if event in ON_FILES:
                operations += 1
                if operations == operation:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        code = door.main(argv[1:])
        if user is None:
            counted.write_text(str(operations))
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
