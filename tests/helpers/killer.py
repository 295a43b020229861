"""Runs commands and kills them: each in a fork of this process, which has everything imported, so that a kill is cheap.

Reads one JSON object a line, `{"argv": ["prepare", …], "operation": 17}`, and answers with one. The command is killed
(SIGKILL) just before its n-th file operation, `seconds` after its start, or not at all.
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

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

ON_FILES = {
    "open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir", "os.truncate", "sqlite3.connect",
}  # fmt: skip
"""Audit events raised just before the file system is asked for something (Python's "Audit events table")."""
COMMANDS = ("audit", "build-index", "compare", "eval-triplets", "export", "map", "prepare", "query", "train")
SHARED_MODULES = (
    "matplotlib.backends.backend_agg", "matplotlib.figure", "onnx", "onnxruntime", "pyarrow.pandas_compat",
    "pyarrow.parquet", "pytorch_metric_learning.losses", "sklearn.decomposition", "sklearn.manifold",
)  # fmt: skip
"""Imported once for all forks; one that runs as another user may not be allowed to read the packages."""


def serve() -> None:
    """Answer until stdin ends."""
    for module in SHARED_MODULES:
        import_module(module)
    from staged_net import register_staged_backbone
    from tiny_world import register_tiny_backbone

    import painter_search.display.console.comparison
    import painter_search.display.pages.audit_page
    import painter_search.display.pages.map_page
    import painter_search.display.pages.query_page
    import painter_search.display.pages.run_page
    import painter_search.encoder.inference.embedding_shards
    import painter_search.index.add
    import painter_search.index.build
    import painter_search.index.update
    import painter_search.query
    import painter_search.training.trainer

    for command in COMMANDS:
        import_module(f"painter_search.{command}")
    Image.init()
    register_staged_backbone()
    register_tiny_backbone()
    painter_search.encoder.inference.embedding_shards.SHARD_SIZE = 8  # so that a small index has several
    painter_search.display.pages.page.open_template("answer.html")  # imports codecs lazily
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
            printed.touch()  # a kill may come before the command has made them
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
        for name, limit in limits.items():
            resource.setrlimit(getattr(resource, name), (limit, limit))
        os.umask(0o022)  # what one user's command has made, another's may read
        if user is not None:
            os.setgid(user)
            os.setuid(user)
        command = import_module(f"painter_search.{argv[0]}")
        if argv[0] == "train":
            _draw_quickly()
        operations = 0

        def count(event: str, _: tuple) -> None:
            nonlocal operations
            if event in ON_FILES:
                operations += 1
                if operations == operation:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        code = command.main(argv[1:])
        if user is None:
            counted.write_text(str(operations))
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _draw_quickly() -> None:
    """Write figures of noise, as large as real files: drawing curves takes most of a tiny training's time."""
    import numpy as np
    from matplotlib.figure import Figure

    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8))
    Figure.savefig = lambda self, path, **options: noise.save(path, "PNG")


if __name__ == "__main__":
    serve()
