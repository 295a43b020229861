"""The server answers over the network with the objects that the commands print with --json."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from same_values import same_values

from painter_search.index.painting_index import PaintingIndex

httpx = pytest.importorskip("httpx")
pytestmark = pytest.mark.slow


@pytest.fixture
def printed(small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]) -> Any:
    """`printed(command, *arguments)` is what a command prints as JSON about the small index."""

    def run(command: str, *arguments: object) -> Any:
        module = import_module(f"painter_search.{command}")
        capsys.readouterr()
        module.main([str(word) for word in (*arguments, "--index", small_index.folder, "--json")])
        return json.loads(capsys.readouterr().out)

    return run


def upload(**fields: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (path.name, path.read_bytes())) for field, paths in fields.items() for path in paths]


@pytest.fixture
def files(painted_originals: Path, tmp_path: Path) -> list[Path]:
    """Two paintings, and a file that is not an image."""
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no painting")
    return [*sorted(painted_originals.iterdir())[:2], bad]


def test_api_query_equals_query_json(address: str, printed: Any, files: list[Path]) -> None:
    form = {"top": 2, "works": 1, "before": 1930, "since": 1910, "exclude_artist": "Painter 9"}
    flags = {"top": "--top-k", "works": "--works-per-artist", "exclude_artist": "--exclude-artist"}
    words = [word for name, value in form.items() for word in (flags.get(name, f"--{name}"), value)]
    for data, arguments in ({}, []), (form, words):
        answered = httpx.post(f"{address}/api/query", files=upload(paintings=files), data=data, timeout=60)
        assert same_values(answered.json(), printed("query", *files, *arguments))
    assert [list(answer) for answer in answered.json()["answers"]][2] == ["painting", "reason"]


def test_api_compare_equals_compare_json(address: str, printed: Any, files: list[Path], tmp_path: Path) -> None:
    one, other, bad = files
    pair = httpx.post(f"{address}/api/compare", files=upload(one=[one], other=[other]), timeout=60)
    assert same_values(pair.json(), printed("compare", one, other))
    folders = {"one": [one, other], "other": [bad, other.with_name("3-0.jpg"), other.with_name("4-0.jpg")]}
    for letter, group in zip("AB", folders.values(), strict=True):
        (tmp_path / f"Group {letter}").mkdir()
        for path in group:
            (tmp_path / f"Group {letter}" / path.name).write_bytes(path.read_bytes())
    groups = httpx.post(f"{address}/api/compare", files=upload(**folders), timeout=60).json()
    assert same_values(groups, printed("compare", tmp_path / "Group A", tmp_path / "Group B"))
    assert groups["comparison"]["left_out"] == [{"painting": "Group B/bad.jpg", "reason": "a text file, not an image"}]


def test_api_artists_and_works_equal_build_index_list(address: str, printed: Any) -> None:
    assert httpx.get(f"{address}/api/artists").json() == printed("build-index", "list")
    listed = printed("build-index", "list", "--artist", "Painter 9")
    assert httpx.get(f"{address}/api/works", params={"artist": "Painter 9"}).json() == listed
    assert len(listed["works"]) == 4
