"""`python -m peers.task PART STEP FUNCTION FOLDER`: one contestant's step, whose figures are printed as JSON."""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the step; the last line of the output is what it measured, and the process's peak memory."""
    part, step, function, folder = sys.argv[1:]
    module = import_module(f"peers.{part}")
    figures = getattr(module, step)(function, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({f"{step} peak, MB": peak / 1024, **figures}))


if __name__ == "__main__":
    main()
