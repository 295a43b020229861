"""The commands as a user types them."""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from painter_search.__main__ import COMMANDS
from painter_search.retrieval.painting_index import PaintingIndex


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_and_imports_neither_torch_nor_pandas(command: str) -> None:
    code = (
        "import sys, importlib; door = importlib.import_module('painter_search.' + sys.argv[1]); "
        "code = door.main(['--help']); "
        "assert not {'torch', 'pandas', 'faiss', 'matplotlib'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"python -m painter_search.{command}" in done.stdout
    assert "--json" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_misused_flag_exits_with_2_and_says_so_on_stderr(command: str) -> None:
    done = run(f"painter_search.{command}", "--no-such-flag")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--no-such-flag" in done.stderr


def test_the_package_lists_its_commands_and_runs_one_by_name() -> None:
    listing = run("painter_search")
    assert listing.returncode == 0
    assert all(f"painter_search.{name}" in listing.stdout for name in COMMANDS)
    assert run("painter_search", "query", "--help").returncode == 0
    wrong = run("painter_search", "paint")
    assert wrong.returncode == 2
    assert "'paint'" in wrong.stderr


def test_query_answers_in_json_on_stdout_alone(small_index: PaintingIndex, painted_originals: Path) -> None:
    painting = sorted(painted_originals.iterdir())[0]
    done = run("painter_search.query", painting, "--index", small_index.folder, "--json", "--top", 2)
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    assert answered["index"] == small_index.digest
    assert answered["engine"].startswith("onnxruntime")
    answers = answered["answers"]
    assert len(answers) == 1
    assert answers[0]["painting"] == painting.name
    assert len(answers[0]["artists"]) == 2
    assert {"artist", "distance", "works_in_index", "works"} <= set(answers[0]["artists"][0])


def test_a_bad_painting_exits_with_1_in_one_sentence(small_index: PaintingIndex, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no image")
    done = run("painter_search.query", bad, "--index", small_index.folder)
    assert done.returncode == 1
    assert "bad.jpg: not an image" in done.stdout
    assert "Traceback" not in done.stderr


def test_compare_answers_in_json_and_imports_neither_torch_nor_pandas(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, importlib; code = importlib.import_module('painter_search.compare').main(sys.argv[1:]); "
        "assert not {'torch', 'torchvision', 'pandas', 'matplotlib'} & set(sys.modules); sys.exit(code)"
    )
    first, second = sorted(painted_originals.iterdir())[:2]
    arguments = [
        str(a) for a in (first, second, "--index", small_index.folder, "--page", tmp_path / "p.html", "--json")
    ]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["index"] == small_index.digest
    assert (found["comparison"]["one"], found["comparison"]["other"]) == (first.name, second.name)
    assert len(found["comparison"]["parts"]) > 0
    assert (tmp_path / "p.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("query",), 2, "give at least one painting"),
        (("query", "no.jpg", "--index", "nowhere"), 1, "holds no index"),
        (("train", "--data", "nowhere"), 1, "holds no prepared collection"),
        (("train", "--augment", "sharpen"), 2, "'sharpen'"),
        (("build-index", "--encoder", "nowhere.pt"), 1, "does not exist"),
        (("build-index",), 1, "holds no finished run"),
        (("eval-triplets",), 1, "holds no index"),
        (("prepare", "--info", "x.csv"), 2, "--originals is missing"),
        (("prepare", "--folder", "nowhere"), 1, "does not exist"),
        (("prepare", "--info", "x.csv", "--originals", "o"), 1, "x.csv does not exist"),
        (("prepare", "--workers", "-3"), 2, "--workers is -3"),
        (("prepare", "--random-state", "-1"), 2, "--random-state is -1"),
        (("prepare", "--folder", ".", "--out", "inside"), 1, "lies inside"),
        (("prepare", "--out", "."), 1, "cannot be the folder that this runs in"),
        (("train", "--rate", "nan"), 2, "--rate is nan"),
        (("train", "--margin", "inf"), 2, "--margin is inf"),
        (("train", "--seed", "-1"), 2, "--seed is -1"),
        (("train", "--name", "../evil"), 2, "must be the plain name of a folder"),
        (("query", "a.jpg", "--page", "a.jpg"), 2, "ends in .html"),
        (("query", "a.jpg", "--before", "soon"), 2, "soon"),
        (("build-index", "--add", "a", "--list"), 2, "--add and --list do not go together"),
        (("build-index", "--remove", "1", "--encoder", "imagenet"), 2, "--encoder says how an index is built"),
        (("build-index", "--add", "a", "--artist", "A"), 1, "holds no index"),
        (("compare", "a.jpg"), 2, "give two paintings or folders"),
        (("compare", "a.jpg", "b.jpg", "--page", "a.jpg"), 2, "ends in .html"),
        (("compare", "a.jpg", "b.jpg", "--index", "nowhere"), 1, "holds no index"),
    ],
)
def test_mistakes_are_one_sentence_without_a_traceback(
    arguments: tuple[str, ...], code: int, sentence: str, tmp_path: Path
) -> None:
    done = run(f"painter_search.{arguments[0]}", *arguments[1:], cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_page_holds_its_pictures_and_asks_nothing_of_the_network(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    page = tmp_path / "answers.html"
    painting = sorted(painted_originals.iterdir())[0]
    done = run("painter_search.query", painting, "--index", small_index.folder, "--page", page)
    assert done.returncode == 0, done.stderr
    assert str(page.name) in done.stdout
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") >= 4
    assert "http:" not in html
    assert "https:" not in html


def test_an_index_is_added_to_queried_narrowly_and_removed_from(
    small_index: PaintingIndex, painted_folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "index"
    shutil.copytree(small_index.folder, home / small_index.digest)
    (home / "CURRENT").write_text(small_index.digest, encoding="utf-8")

    def asked(*arguments: object) -> dict:
        done = run(*arguments, "--index", home, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    added = asked("painter_search.build-index", "--add", painted_folder)
    assert added["works"] == len(small_index) + len(added["added"]) == len(small_index) + 7
    assert added["left_out"] == [{"file": "Solo/notes.txt", "reason": "not an image"}]
    listed = asked("painter_search.build-index", "--list", "--artist", "Solo")
    assert listed["artists"] == [{"artist": "Solo", "works": 1}]
    flags = ("--exclude-artist", "Solo", "--exclude-artist", "Ada Blue", "--before", 1930, "--where", "title <> ''")
    answered = asked("painter_search.query", painted_folder / "Solo" / "only.jpg", *flags)
    # Painters 8 to 11 with No. 0, 1 and 2 of 1900, 1910 and 1920; Émile Vert's works have no date.
    assert answered["filter"]["works"] == 12
    assert answered["filter"]["without_year"] == 3
    assert {match["works_in_index"] for match in answered["answers"][0]["artists"]} == {3}
    removed = asked("painter_search.build-index", "--remove", "Solo", "--remove", listed["works"][0]["id"])
    assert [entry["artist"] for entry in removed["removed"]] == ["Solo"]
    shown = run("painter_search.build-index", "--list", "--index", home)
    assert "Émile Vert" in shown.stdout
    assert "Solo" not in shown.stdout


def test_adding_needs_no_torch(small_index: PaintingIndex, painted_folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "index"
    shutil.copytree(small_index.folder, home / small_index.digest)
    (home / "CURRENT").write_text(small_index.digest, encoding="utf-8")
    code = (
        "import sys, importlib; door = importlib.import_module('painter_search.build-index'); "
        "code = door.main(sys.argv[1:]); assert 'torch' not in sys.modules; sys.exit(code)"
    )
    arguments = ["--add", str(painted_folder), "--index", str(home)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_resolves() -> None:
    package = import_module("painter_search")
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize("as_json", [True, False])
def test_names_that_the_terminal_cannot_show_are_escaped(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path, as_json: bool
) -> None:
    (tmp_path / "Ёжик 🎨.jpg").write_bytes(sorted(painted_originals.iterdir())[0].read_bytes())
    arguments = [str(tmp_path), "--index", str(small_index.folder), *(["--json"] if as_json else [])]
    done = subprocess.run(
        [sys.executable, "-m", "painter_search.query", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    if as_json:
        assert json.loads(done.stdout)["answers"][0]["painting"] == "Ёжик 🎨.jpg"


def test_a_closed_stdout_is_no_traceback(small_index: PaintingIndex, painted_originals: Path) -> None:
    if os.name == "nt":
        pytest.skip("needs a POSIX shell")
    painting = sorted(painted_originals.iterdir())[0]
    command = f"'{sys.executable}' -m painter_search.query '{painting}' --index '{small_index.folder}' >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
