"""Who takes part, and in which environment: ours is this one; every peer has one of its own, made for it."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[1]
Figures = dict[str, Any]
VERSIONS = """
import sys
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in sys.argv[1:]), sep=", ")
"""
INSTALLING, RUNNING = 1800, 7200
"""Seconds after which a peer counts as one that does not install, or does not end."""


@dataclass(frozen=True)
class Contestant:
    """One way to do the work."""

    name: str
    function: str
    """The name of what does it, in the part's module."""
    packages: tuple[str, ...] = ()
    """What pip installs for it, itself first. Empty for ours."""
    unpacked: tuple[str, ...] = ()
    """What is installed as it is, without what it asks for, which our environment has in another version."""


class CannotRunError(Exception):
    """A contestant cannot be installed, or fails; the message says why."""


def python_for(contestant: Contestant, folder: Path) -> Path:
    """The Python that a contestant runs in: this one, or one that has the peer's packages and sees ours behind them.

    So a peer has the very PyTorch and FAISS that ours has, unless it asks for others.

    Raises `CannotRunError` where pip cannot install them.
    """
    if not contestant.packages + contestant.unpacked:
        return Path(sys.executable)
    home = folder / contestant.function
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (home / "complete").is_file():
        return python
    venv.create(home, with_pip=True, clear=True)
    ours = "; ".join(f"site.addsitedir({path!r})" for path in site.getsitepackages())
    own = subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    Path(own, "ours.pth").write_text(f"import site; {ours}\n")
    for packages, flags in ((contestant.packages, ()), (contestant.unpacked, ("--no-deps",))):
        if packages:
            _run([python, "-m", "pip", "install", "--quiet", *flags, *packages], INSTALLING)
    (home / "complete").touch()
    return python


def run_step(python: Path, contestant: Contestant, part: str, step: str, folder: Path) -> Figures:
    """One step of a part in a process of its own; returns what it measured. Raises `CannotRunError` where it fails."""
    command = [python, "-m", "peers.task", part, step, contestant.function, folder]
    figures: Figures = json.loads(_run(command, RUNNING, cwd=folder).splitlines()[-1])
    return figures


def version_of(python: Path, contestant: Contestant) -> str:
    """The versions of what was installed for a contestant."""
    packages = (*contestant.packages, *contestant.unpacked) or ("painter_search", "faiss-cpu")
    names = [package.split("=")[0] for package in packages]
    return _run([python, "-c", VERSIONS, *names], 60).strip()


def _run(command: Sequence[object], seconds: float, cwd: Path | None = None) -> str:
    search_path = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": search_path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=seconds, cwd=cwd, env=environment, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise CannotRunError(f"did not end within {seconds:,.0f} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise CannotRunError(lines[-1].strip()[:300] if lines else f"ended with {done.returncode}")
    return done.stdout
