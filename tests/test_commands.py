"""The commands as a user types them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from painter_search.__main__ import COMMANDS, OVERVIEW, main
from painter_search.common.command_line.cli import parse_flags
from painter_search.common.version import __version__
from painter_search.index.painting_index import PaintingIndex


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m` with these words."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


@pytest.mark.slow
def test_help_of_no_command_imports_torch_or_pandas() -> None:
    code = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    assert importlib.import_module('painter_search.' + name).main(['--help']) == 0\n"
        "    heavy = {'torch', 'pandas', 'faiss', 'matplotlib'} & set(sys.modules)\n"
        "    assert not heavy, (name, heavy)\n"
        "    print('end of', name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *COMMANDS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rest = done.stdout
    for command in COMMANDS:
        printed, rest = rest.split(f"end of {command}\n")
        assert f"python -m painter_search.{command}" in printed
        assert "--json" in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_command_exits_with_2_for_an_unknown_flag(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module(f"painter_search.{command}").main(["--no-such-flag"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "--no-such-flag" in printed.err


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_overview_names_commands_files_and_exit_codes(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    shown = capsys.readouterr().out
    for name, purpose in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(purpose)}$", shown, re.MULTILINE)
    for heading in ("NAME", "SYNOPSIS", "OPTIONS", "FILES", "EXIT STATUS", "ENVIRONMENT"):
        assert f"\n{heading}" in f"\n{shown}"


def test_commands_of_the_overview_have_flags_that_exist() -> None:
    examples = re.findall(r"python -m (painter_search\.\S+) ([^-\n]*--.*)", OVERVIEW.split("OPTIONS\n")[0])
    assert len(examples) == 2
    for module, flags in examples:
        parse_flags("test", import_module(module).run, flags.split())


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_package_runs_a_command_by_name_and_suggests_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "--help"]) == 0
    assert "python -m painter_search.query" in capsys.readouterr().out
    assert main(["build_indx"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "'build_indx'; did you mean 'build-index'?" in printed.err


def test_help_of_remove_names_no_empty_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build-index", "remove", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "artists by name." in printed
    assert "(default: )" not in printed


@pytest.mark.slow
def test_query_prints_json_on_stdout(small_index: PaintingIndex, painted_originals: Path) -> None:
    painting = sorted(painted_originals.iterdir())[0]
    done = run("painter_search.query", painting, "--index", small_index.folder, "--json", "--top-k", 2)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["index"] == small_index.digest
    assert printed["engine"].startswith(("openvino", "onnxruntime"))
    answers = printed["answers"]
    assert len(answers) == 1
    assert answers[0]["painting"] == painting.name
    assert len(answers[0]["artists"]) == 2
    assert {"artist", "distance", "works_in_index", "works"} <= set(answers[0]["artists"][0])


@pytest.mark.slow
def test_query_exits_with_1_for_a_file_that_is_not_an_image(small_index: PaintingIndex, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no image")
    done = run("painter_search.query", bad, "--index", small_index.folder)
    assert done.returncode == 1
    assert "bad.jpg: a text file, not an image" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_compare_prints_json_and_imports_neither_torch_nor_pandas(
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
    printed = json.loads(done.stdout)
    assert printed["index"] == small_index.digest
    assert (printed["comparison"]["one"], printed["comparison"]["other"]) == (first.name, second.name)
    assert len(printed["comparison"]["parts"]) > 0
    assert (tmp_path / "p.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("query",), 2, "give at least one painting"),
        (("query", "no.jpg", "--index", "nowhere"), 1, "does not exist; name the folder of an index"),
        (("train", "--data", "nowhere"), 1, "holds no prepared collection"),
        (("train", "--augment", "sharpen"), 2, "'sharpen'"),
        (("build-index", "--encoder", "nowhere.safetensors"), 1, "does not exist"),
        (("build-index",), 1, "holds no prepared collection"),
        (("eval-triplets",), 1, "does not exist; name the folder of an index"),
        (("prepare", "--catalogue", "x.csv"), 2, "--originals is missing"),
        (("prepare", "--folder", "nowhere"), 1, "does not exist"),
        (("prepare", "--catalogue", "x.csv", "--originals", "o"), 1, "x.csv does not exist"),
        (("prepare", "--workers", "-3"), 2, "--workers is -3"),
        (("prepare", "--random-state", "-1"), 2, "--random-state is -1"),
        (("prepare", "--folder", ".", "--out", "inside"), 1, "is inside"),
        (("prepare", "--out", "."), 1, "is the current folder"),
        (("train", "--lr", "nan"), 2, "--lr is nan"),
        (("train", "--margin", "inf"), 2, "--margin is inf"),
        (("train", "--seed", "-1"), 2, "--seed is -1"),
        (("train", "--name", "../evil"), 2, "must be the plain name of a folder"),
        (("query", "a.jpg", "--page", "a.jpg"), 2, "ends in .html"),
        (("query", "a.jpg", "--before", "soon"), 2, "soon"),
        (("build-index", "remove"), 2, "name the works to remove"),
        (("build-index", "list", "--artist", " "), 2, "--artist is empty"),
        (("build-index", "remove", "1", "--encoder", "imagenet"), 2, "--encoder"),
        (("build-index", "add", "a", "--artist", "A"), 1, "does not exist; name the folder of an index"),
        (("compare", "a.jpg"), 2, "give two paintings or folders"),
        (("compare", "a.jpg", "b.jpg", "--page", "a.jpg"), 2, "ends in .html"),
        (
            ("compare", "a.jpg", "b.jpg", "--index", "nowhere"),
            1,
            "does not exist; name the folder of an index",
        ),
    ],
)
def test_command_explains_a_mistake_in_one_sentence(
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert import_module(f"painter_search.{arguments[0]}").main(arguments[1:]) == code
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_query_page_holds_its_pictures_and_links_to_nothing(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "answers.html"
    painting = sorted(painted_originals.iterdir())[0]
    flags = ("--index", str(small_index.folder), "--page", str(page))
    assert import_module("painter_search.query").main([str(painting), *flags]) == 0
    assert page.name in capsys.readouterr().out
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") >= 4
    assert "http:" not in html
    assert "https:" not in html


def test_build_index_adds_lists_and_removes_and_query_filters(
    small_index: PaintingIndex, home: Path, painted_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(command: str, *flags: object) -> str:
        assert import_module(f"painter_search.{command}").main([*map(str, flags), "--index", str(home)]) == 0
        return capsys.readouterr().out

    def printed(*words: Any) -> dict[str, Any]:
        return json.loads(shown(*words, "--json"))

    added = printed("build-index", "add", painted_folder)
    assert added["works"] == len(small_index) + len(added["added"]) == len(small_index) + 7
    assert added["left_out"] == [{"file": "Solo/notes.txt", "reason": "not an image"}]
    listed = printed("build-index", "list", "--artist", "Solo")
    assert listed["artists"] == [{"artist": "Solo", "works": 1}]
    flags = ("--exclude-artist", "Solo", "--exclude-artist", "Ada Blue", "--before", 1930, "--where", "title <> ''")
    answered = printed("query", painted_folder / "Solo" / "only.jpg", *flags)
    # Painters 8 to 11 with No. 0, 1 and 2 of 1900, 1910 and 1920; Émile Vert's works have no date.
    assert answered["filter"]["works"] == 12
    assert answered["filter"]["without_year"] == 3
    assert {match["works_in_index"] for match in answered["answers"][0]["artists"]} == {3}
    removed = printed("build-index", "remove", "Solo", listed["works"][0]["id"])
    assert [entry["artist"] for entry in removed["removed"]] == ["Solo"]
    listing = shown("build-index", "list")
    assert "Émile Vert" in listing
    assert "Solo" not in listing


@pytest.mark.slow
def test_build_index_add_does_not_import_torch(home: Path, painted_folder: Path) -> None:
    code = (
        "import sys, importlib; command = importlib.import_module('painter_search.build-index'); "
        "code = command.main(sys.argv[1:]); assert 'torch' not in sys.modules; sys.exit(code)"
    )
    arguments = ["add", str(painted_folder), "--index", str(home)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_package_resolves_every_public_name() -> None:
    package = import_module("painter_search")
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [True, False])
def test_query_escapes_names_that_the_terminal_cannot_show(
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


@pytest.mark.parametrize("command", ["query", "compare", "audit"])
def test_a_page_that_cannot_be_written_is_refused_before_the_work(
    command: str, small_index: PaintingIndex, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    page = tmp_path / "file" / "page.html"
    paintings = {"query": ("#1",), "compare": ("#1", "#2"), "audit": ()}[command]
    code = import_module(f"painter_search.{command}").main(
        [*paintings, "--index", str(tmp_path / "none"), "--page", str(page)]
    )
    assert code == 1
    assert f"{page}: " in capsys.readouterr().err  # not that there is no index


@pytest.mark.slow
def test_query_with_a_closed_stdout_prints_no_traceback(small_index: PaintingIndex, painted_originals: Path) -> None:
    if os.name == "nt":
        pytest.skip("needs a POSIX shell")
    painting = sorted(painted_originals.iterdir())[0]
    command = f"'{sys.executable}' -m painter_search.query '{painting}' --index '{small_index.folder}' >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
