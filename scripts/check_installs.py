"""Does the package work wherever it may be installed? Needs uv (`pip install uv`).

    python scripts/check_installs.py lowest     the tests pass with the lowest versions of all dependencies, Python 3.10
    python scripts/check_installs.py newest     and with the newest, on Python 3.13
    python scripts/check_installs.py wheel      the wheel runs the demo's steps in an empty environment and folder
    python scripts/check_installs.py pythons    the sample is prepared byte for byte the same on every Python

An environment with PyTorch's CUDA build takes 6 GB; environments are made one after another and deleted. uv finds
Pythons on PATH and downloads others if it can. Words after the mode are handed to pytest.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
MODES = ("lowest", "newest", "wheel", "pythons")


class Environment:
    """A virtual environment, deleted at the end of its `with` block."""

    def __init__(self, folder: Path, python: str) -> None:
        """Make an empty one."""
        self.folder = folder
        self.bin = folder / ("Scripts" if os.name == "nt" else "bin")
        uv("venv", "--clear", "--python", python, str(folder))

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def install(self, *arguments: str) -> None:
        """Install packages without a cache, whose hard links would keep the space of deleted environments in use."""
        uv("pip", "install", "--no-cache", "--python", str(self.folder), *arguments)

    def run(self, *words: str, cwd: Path, **variables: str) -> None:
        """Run one of its programs, which must succeed and can import only what is installed in it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        echo(*words)
        subprocess.run([str(self.bin / words[0]), *words[1:]], cwd=cwd, env={**environment, **variables}, check=True)


def echo(*words: str) -> None:
    """Print a command before it runs."""
    print("\n$", *words, flush=True)


def uv(*arguments: str) -> None:
    """Run uv, which must succeed."""
    echo("uv", *arguments)
    subprocess.run([sys.executable, "-m", "uv", *arguments, "--quiet"], check=True)


def run_tests(resolution: str, python: str, folder: Path, pytest: list[str]) -> None:
    """Run the tests of this checkout with all extras at the lowest or the highest versions allowed."""
    with Environment(folder / resolution, python) as environment:
        environment.install("--resolution", resolution, "--all-extras", "-r", str(REPOSITORY / "pyproject.toml"))
        uv("pip", "freeze", "--python", str(environment.folder))
        environment.run("python", "-m", "pytest", *pytest, cwd=REPOSITORY, PYTHONPATH=str(REPOSITORY))


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy, so that the checkout stays clean; returns its path."""
    copy = folder / "source"
    shutil.rmtree(copy, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "painter_search", copy / "painter_search", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    uv("build", "--wheel", "--no-cache", "--out-dir", str(folder / "dist"), str(copy))
    shutil.rmtree(copy)
    return max((folder / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)


def check_wheel(python: str, folder: Path) -> None:
    """Run the demo's steps in an empty environment and an empty folder."""
    wheel, work = build_wheel(folder), folder / "elsewhere"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with Environment(folder / "wheel", python) as environment:
        environment.install(f"{wheel}[backbone]")

        def run(*words: str) -> None:
            environment.run(*words, cwd=work)

        imports = "import painter_search as p; from painter_search.collection.sample import SAMPLE; "
        run("python", "-c", imports + "assert p.__file__.startswith(__import__('sys').prefix), p.__file__")
        run("painter-search")
        run("painter-search", "prepare", "--test-triplets", "1")
        run("painter-search", "train", "--backbone", "tf_efficientnet_lite0", "--epochs", "1", "--name", "brief")
        run("painter-search", "build-index")
        run("painter-search", "eval-triplets")
        run("python", "-c", imports + "__import__('shutil').copytree(SAMPLE / 'queries', 'queries')")
        run("python", "-m", "painter_search.query", "queries", "--page", "answer.html")
    for page in ("runs/brief/report.html", "index/index.html", "answer.html"):
        if not (work / page).stat().st_size:
            raise SystemExit(f"{page} is empty")
    shutil.rmtree(work)


def compare_pythons(folder: Path) -> None:
    """Prepare the sample on every Python with the newest packages for it, and compare the files byte for byte."""
    wheel = build_wheel(folder)
    prepared: dict[str, dict[str, str]] = {}
    for python in PYTHONS:
        out = folder / f"data-{python}"
        shutil.rmtree(out, ignore_errors=True)
        with Environment(folder / f"python-{python}", python) as environment:
            environment.install(str(wheel))
            environment.run("painter-search", "prepare", "--out", str(out), cwd=folder)
            uv("pip", "freeze", "--python", str(environment.folder))
        prepared[python] = digests(out)
    first = prepared[PYTHONS[0]]
    for python, files in prepared.items():
        differ = sorted(name for name in first.keys() | files.keys() if first.get(name) != files.get(name))
        print(f"Python {python}: {len(files)} files, {len(differ)} differ from Python {PYTHONS[0]}'s", *differ[:5])
        if differ:
            raise SystemExit(1)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main() -> None:
    """Run one mode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--folder", type=Path, default=Path("build/installs"), help="working folder")
    flags, pytest = parser.parse_known_args()
    if pytest and flags.mode not in ("lowest", "newest"):
        parser.error(f"{flags.mode} runs no tests: {' '.join(pytest)}")
    folder = flags.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if flags.mode == "lowest":
            run_tests("lowest-direct", PYTHONS[0], folder, pytest)
        elif flags.mode == "newest":
            run_tests("highest", PYTHONS[-1], folder, pytest)
        elif flags.mode == "wheel":
            check_wheel(PYTHONS[-1], folder)
        else:
            compare_pythons(folder)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{flags.mode}: {' '.join(map(str, error.cmd[:4]))} ... failed") from error
    print(f"\n{flags.mode}: passed")


if __name__ == "__main__":
    main()
