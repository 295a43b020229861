"""The layers of the package: imports run downward only (the contract in pyproject.toml), and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import painter_search
from painter_search.common.log import logger

PACKAGE = Path(painter_search.__file__).parent
SOURCES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
"""Every module of the package by its dotted name."""


@pytest.fixture(autouse=True)
def _messages() -> Iterator[None]:
    """Messages stay on: import-linter configures logging, which disables every logger there is."""
    yield
    logger.disabled = False


def imported_modules(module: str) -> Iterator[str]:
    """Yield what a module imports from the package, wherever in the file: lazily and for type checkers, too."""
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in SOURCES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            for alias in node.names:  # `from package import module` imports the module, other names their module
                submodule = f"{node.module}.{alias.name}"
                if submodule in SOURCES:
                    yield submodule
                elif node.module in SOURCES:
                    yield node.module


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of a graph, its first node repeated at the end; an empty list where it has none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def import_graph() -> dict[str, set[str]]:
    """The modules that every module imports."""
    return {module: set(imported_modules(module)) for module in SOURCES}


def test_import_graph_has_no_circle() -> None:
    assert find_circle(import_graph()) == []


def test_find_circle_names_the_modules_of_a_circle() -> None:
    circle = find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()})
    assert set(circle) == {"b", "c"}
    assert circle[0] == circle[-1]


def test_import_linter_keeps_the_layers(capsys: pytest.CaptureFixture[str]) -> None:
    cli = pytest.importorskip("importlinter.cli", reason="needs the extra dev")
    code = cli.lint_imports(config_filename=str(PACKAGE.parent / "pyproject.toml"), no_cache=True)
    assert code == 0, capsys.readouterr().out
