"""What the commands print with --json and what a server answers over the network are the same objects."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from same_values import close_to

from painter_search.retrieval.painting_index import PaintingIndex

httpx = pytest.importorskip("httpx")


@pytest.fixture
def printed(small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]) -> Any:
    """`printed(command, *arguments)` is what a command prints about the small index."""

    def run(command: str, *arguments: object) -> Any:
        door = import_module(f"painter_search.{command}")
        capsys.readouterr()
        door.main([str(word) for word in (*arguments, "--index", small_index.folder, "--json")])
        return json.loads(capsys.readouterr().out)

    return run


def sent(**fields: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (path.name, path.read_bytes())) for field, paths in fields.items() for path in paths]


@pytest.fixture
def files(painted_originals: Path, tmp_path: Path) -> list[Path]:
    """Two paintings, and a file that is none."""
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no painting")
    return [*sorted(painted_originals.iterdir())[:2], bad]


def test_query(address: str, printed: Any, files: list[Path]) -> None:
    flags = {"top": 2, "works": 1, "before": 1930, "since": 1910, "exclude_artist": "Painter 9"}
    words = [word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", value)]
    for form, arguments in ({}, []), (flags, words):
        answered = httpx.post(f"{address}/api/query", files=sent(paintings=files), data=form, timeout=60)
        assert close_to(answered.json(), printed("query", *files, *arguments))
    assert [list(answer) for answer in answered.json()["answers"]][2] == ["painting", "reason"]


def test_compare(address: str, printed: Any, files: list[Path], tmp_path: Path) -> None:
    one, other, bad = files
    pair = httpx.post(f"{address}/api/compare", files=sent(one=[one], other=[other]), timeout=60)
    assert close_to(pair.json(), printed("compare", one, other))
    folders = {"one": [one, other], "other": [bad, other.with_name("3-0.jpg"), other.with_name("4-0.jpg")]}
    for letter, group in zip("AB", folders.values(), strict=True):
        (tmp_path / f"Group {letter}").mkdir()
        for path in group:
            (tmp_path / f"Group {letter}" / path.name).write_bytes(path.read_bytes())
    groups = httpx.post(f"{address}/api/compare", files=sent(**folders), timeout=60).json()
    assert close_to(groups, printed("compare", tmp_path / "Group A", tmp_path / "Group B"))
    assert groups["comparison"]["left_out"] == [{"painting": "Group B/bad.jpg", "reason": "not an image"}]


def test_list(address: str, printed: Any) -> None:
    assert httpx.get(f"{address}/api/artists").json() == printed("build-index", "--list")
    listed = printed("build-index", "--list", "--artist", "Painter 9")
    assert httpx.get(f"{address}/api/works", params={"artist": "Painter 9"}).json() == listed
    assert len(listed["works"]) == 4
