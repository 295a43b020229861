"""What does each dependency cost, and what is it for? Prints the tables in scripts/README.md.

    python scripts/dependencies.py                       size on disk and seconds to import, of what is installed here
    python scripts/dependencies.py --releases list.tsv   also when each was last released, from a table with tabs: name,
                                                         version, month such as 2026-11
    python scripts/dependencies.py --only scipy pyarrow  some of them

A size is what the package takes, and after the plus what it brings along that nothing else needs. Seconds are those of
one core for `import` in a new process, the median of --repeat runs. Packages that are not installed are left out.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "painter_search"
PURPOSES = {
    "chardet": "encodings of old tables",
    "faiss-cpu": "search among embeddings",
    "filelock": "one writer at a time",
    "fsspec": "originals at URLs",
    "jinja2": "pages",
    "matplotlib": "curves, maps, charts",
    "numpy": "arrays",
    "onnx": "PyTorch's exporter, which writes an index's encoder, needs it",
    "onnxruntime": "computes it where OpenVINO does not",
    "openvino": "computes it, several times as fast",
    "opencv-python-headless": "resampling, matching parts, near duplicates",
    "packaging": "what `info` reads",
    "pandas": "tables and frames",
    "pebble": "decoders that hang are killed",
    "pillow": "images",
    "pyarrow": "Parquet: catalogues, shards, data sets",
    "pytorch-metric-learning": "triplet loss",
    "pyvips": "scans of thousands of megapixels",
    "rapidfuzz": "spellings of names",
    "rich": "console",
    "safetensors": "checkpoints, encoders to pass on",
    "scikit-learn": "calibration, maps",
    "scipy": "fits, statistics",
    "threadpoolctl": "threads of libraries",
    "torch": "training; a new encoder",
    "torchvision": "backbones",
    "tyro": "flags",
}
"""What the package uses each of its dependencies for."""


def project() -> dict[str, list[str]]:
    """The dependencies of pyproject.toml by extra; the package's own are those of the extra `""`."""
    table = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": table["dependencies"], **table["optional-dependencies"]}


def needed(requirements: list[str], extra: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name of each requirement that applies here, with each of its extras and with none."""
    for line in requirements:
        if line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield from ((canonicalize_name(requirement.name), extra) for extra in ("", *requirement.extras))


@cache
def needed_by(name: str, extra: str) -> frozenset[tuple[str, str]]:
    """What an installed package needs with one of its extras; nothing where it is not installed."""
    return frozenset(needed(distribution(name).requires or [], extra) if is_installed(name) else ())


@cache
def closure(roots: frozenset[tuple[str, str]]) -> frozenset[str]:
    """The installed packages that these packages need, themselves included."""
    seen, todo = set(roots), list(roots)
    while todo:
        new = needed_by(*todo.pop()) - seen
        seen |= new
        todo += new
    return frozenset(name for name, _ in seen if is_installed(name))


@cache
def is_installed(name: str) -> bool:
    """Whether there is such a package here."""
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


@cache
def installed_size(name: str) -> int:
    """Bytes that an installed package's files take on disk."""
    files = distribution(name).files or []
    return sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())


def total_size(names: frozenset[str]) -> int:
    """Bytes that these packages take."""
    return sum(installed_size(name) for name in names)


owners_of_modules = cache(packages_distributions)


@cache
def imports_of_the_package() -> dict[str, set[str]]:
    """The modules of others that the package imports anywhere, and the rooms that do."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                found[name].add(room)
    return found


def imported_modules(name: str) -> list[str]:
    """The modules of a package that painter_search imports; its main one where it imports none itself."""
    owned = {module for module, owners in owners_of_modules().items() if name in map(canonicalize_name, owners)}
    modules = sorted(module for module in imports_of_the_package() if module.partition(".")[0] in owned)
    return modules or [min((module for module in owned if module.isidentifier()), key=len)]


def import_seconds(modules: list[str], repeat: int) -> float:
    """Seconds of a core that importing takes in a new process, the median of `repeat` runs."""
    imports = "; ".join(f"import {module}" for module in modules)
    code = f"import time; start = time.process_time(); {imports}; print(time.process_time() - start)"
    return median(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(repeat))


def rooms_that_import(modules: list[str]) -> str:
    """The folders of the package whose files import one of these modules."""
    rooms = {room for module in modules for room in imports_of_the_package().get(module, ())}
    return ", ".join(sorted(room for room in rooms if not room.endswith(".py")))


def read_releases(path: Path | None) -> dict[str, str]:
    """The month of the last release of each package that a table of names, versions and months lists."""
    if path is None:
        return {}
    with path.open(encoding="utf-8") as lines:
        rows = (line.rstrip("\n").split("\t") for line in lines)
        return {canonicalize_name(row[0]): row[2] for row in rows if len(row) > 2}


def megabytes(size: int) -> str:
    """A size in MB."""
    return f"{size / 1e6:,.0f}" if size >= 10e6 else f"{size / 1e6:.1f}"


def print_dependencies(only: list[str], repeat: int, releases: dict[str, str]) -> None:
    """Print the table of what the package always needs."""
    roots = frozenset(needed(project()[""]))
    everything = closure(roots)
    print("| package | what for | used in | MB | s to import | last release |\n|---|---|---|---|---|---|")
    for name in sorted({name for name, _ in roots}):
        if not is_installed(name) or (only and name not in only):
            continue
        rest = closure(frozenset(root for root in roots if root[0] != name))
        alone = total_size(everything - rest - {name})
        size = megabytes(installed_size(name)) + (f" + {megabytes(alone)}" if alone > 50_000 else "")
        modules = imported_modules(name)
        seconds = f"{import_seconds(modules, repeat):.2f}"
        rooms = rooms_that_import(modules)
        print(f"| {name} | {PURPOSES.get(name, '')} | {rooms} | {size} | {seconds} | {releases.get(name, '')} |")
    if only:
        return
    serving = frozenset(needed((REPOSITORY / "scripts/containers/serve.txt").read_text().splitlines()))
    sizes = megabytes(total_size(everything)), megabytes(total_size(closure(serving)))
    print(f"\nAll of them: {sizes[0]} MB; to ask and to serve: {sizes[1]} MB.\n")


def print_extras(releases: dict[str, str]) -> None:
    """Print the table of the extras: what each adds to the package's own dependencies."""
    from painter_search.common.machine.installation import PURPOSES as EXTRAS

    groups = project()
    own = frozenset(needed(groups[""]))
    print("| extra | purpose | packages | MB added | last release |\n|---|---|---|---|---|")
    for extra, requirements in sorted(groups.items()):
        roots = frozenset(needed(requirements))
        if not extra or extra == "dev":
            continue
        names = sorted({name for name, _ in roots})
        missing = [name for name in names if not is_installed(name)]
        size = "not installed" if missing else megabytes(total_size(closure(own | roots) - closure(own)))
        months = ", ".join(releases[name] for name in names if name in releases)
        print(f"| `{extra}` | {EXTRAS[extra]} | {', '.join(names)} | {size} | {months} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], help="names of packages; without the table of extras")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is imported")
    parser.add_argument("--releases", type=Path, help="a table with tabs: name, version, month of the last release")
    flags = parser.parse_args()
    releases = read_releases(flags.releases)
    print_dependencies([canonicalize_name(name) for name in flags.only], flags.repeat, releases)
    if not flags.only:
        print_extras(releases)


if __name__ == "__main__":
    main()
