"""Pages in Markdown: their commands have flags that exist, links lead somewhere, and the README's blocks run."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from small_world import PAINTERS, paint, write_paintings

from painter_search.__main__ import COMMANDS
from painter_search.common.command_line.cli import parse_flags

ROOT = Path(__file__).parents[1]
PAGE_NAMES = (
    "CHANGELOG.md", "README.md", "index/README.md", "painter_search/COMMANDS.md", "painter_search/README.md",
    "painter_search/collection/README.md", "painter_search/encoder/painter/README.md", "scripts/README.md",
    "tests/README.md", "tests/faults/README.md",
)  # fmt: skip
PAGES = [ROOT / name for name in PAGE_NAMES]
README, COMMANDS_PAGE = ROOT / "README.md", ROOT / "painter_search" / "COMMANDS.md"
TINY = {
    # No model hub is reached in tests, and no hour is spent: the flags are the README's, the network is a small one.
    "train": {"--backbone": "shufflenet_v2_x0_5", "--weights": "none", "--epochs": "1"},
}


NEEDS_OTHERS = {"painter_search.serve", "--vector-store", "--ray"}
"""What starts a server, or needs Milvus or Ray."""


def read_blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of every code block of a page."""
    return re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def split_shell_block(text: str) -> Iterator[list[str]]:
    """Yield the words of every command of a block, without comments; `!` starts one in a notebook."""
    for line in text.replace("\\\n", " ").splitlines():
        for command in line.strip().removeprefix("!").split("&&"):
            words = shlex.split(command, comments=True)
            if words:
                yield words


def shell_commands() -> Iterator[tuple[Path, list[str]]]:
    for page in PAGES:
        for language, text in read_blocks(page):
            if language in ("bash", "ipython", "sh"):
                yield from ((page, words) for words in split_shell_block(text))


def name_case(value: object) -> str:
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else " ".join(map(str, value))  # type: ignore[call-overload]


def commands_of_the_package() -> list[tuple[Path, list[str]]]:
    """Every `python -m painter_search.…`, also under torchrun: the page, and the words from the module's name on."""
    found = []
    for page, words in shell_commands():
        if "-m" in words and words[words.index("-m") + 1].startswith("painter_search."):
            found.append((page, words[words.index("-m") + 1 :]))
    return found


@pytest.mark.parametrize(("page", "words"), commands_of_the_package(), ids=name_case)
def test_command_on_a_page_has_flags_that_exist(page: Path, words: list[str]) -> None:
    module = import_module(words[0])
    run, flags = module.run, words[1:]
    if flags and flags[0] in getattr(module, "SUBCOMMANDS", {}):
        run, flags = module.SUBCOMMANDS[flags[0]][0], flags[1:]
    parse_flags("test", run, flags)


def scripts_on_pages() -> list[tuple[Path, list[str]]]:
    return [(page, words[1:]) for page, words in shell_commands() if len(words) > 1 and words[1].startswith("scripts/")]


@pytest.mark.parametrize(("page", "words"), scripts_on_pages(), ids=name_case)
def test_script_on_a_page_exists_with_its_flags(page: Path, words: list[str]) -> None:
    text = (ROOT / words[0]).read_text(encoding="utf-8")
    if words[0].endswith(".py"):
        for flag in (word for word in words if word.startswith("--")):
            assert f'"{flag}"' in text, flag


@pytest.mark.parametrize("page", PAGES, ids=name_case)
def test_python_block_on_a_page_is_python(page: Path) -> None:
    for language, text in read_blocks(page):
        if language == "python":
            ast.parse(text)


@pytest.mark.parametrize("page", PAGES, ids=name_case)
def test_link_on_a_page_leads_to_a_file_and_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, target


@pytest.mark.parametrize("page", PAGES, ids=name_case)
def test_path_named_on_a_page_exists(page: Path) -> None:
    for name in re.findall(r"`((?:painter_search|scripts|tests)/[\w./-]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


def test_tests_named_on_their_page_exist() -> None:
    page = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    names = re.findall(r"`((?!tests/|painter_search/)[\w/]*(?:/|test_\w+\.py))`", page)  # those are tested above
    assert len(names) > 50
    for name in names:
        assert (ROOT / "tests" / name).exists(), name


def test_pages_name_every_command() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in COMMANDS:
        assert f"painter_search.{name}" in text, name


@pytest.mark.slow
def test_blocks_of_the_readme_and_of_the_commands_page_run_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_own_collection(tmp_path)
    monkeypatch.setattr("painter_search.encoder.backbone._load_imagenet", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    more = [text for language, text in read_blocks(COMMANDS_PAGE) if language == "bash"]
    for number, (language, text) in enumerate(read_blocks(README)):
        if language == "bash":
            if "--where" in text:  # add some Impressionists, without whom the query would rightly be refused
                for adding in (block for block in more if "build-index add" in block):
                    run_commands(adding)
            run_commands(text)
        elif language == "python":
            run_python(tmp_path / f"block_{number}.py", text)
    for text in more:
        if "build-index add" not in text:
            run_commands(text)
    for page in re.findall(r"--page (\S+\.html)", README.read_text(encoding="utf-8") + "".join(more)):
        assert (tmp_path / page).is_file()


def run_commands(text: str) -> None:
    """Run the package's commands in a block, with a tiny network; what needs other programs is left out."""
    for words in split_shell_block(text):
        if words[:2] == ["python", "-m"] and not NEEDS_OTHERS & set(words):
            assert import_module(words[2]).main(make_tiny(words[2:])) == 0, words


def run_python(script: Path, text: str) -> None:
    """Run a block of Python as it stands."""
    script.write_text(text, encoding="utf-8")
    variables = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, encoding="utf-8", env=variables)
    assert done.returncode == 0, done.stderr


def make_tiny(words: list[str]) -> list[str]:
    """The flags of a command, with those of a tiny network added."""
    command, flags = words[0].removeprefix("painter_search."), words[1:]
    if flags and not flags[0].startswith("-"):
        return flags  # a sub-command or a painting
    return [*flags, *(word for flag in TINY.get(command, {}).items() if flag[0] not in flags for word in flag)]


def write_own_collection(folder: Path) -> None:
    """Write all that the README's commands name: folders of artists, paintings to query, scans, catalogues, a list."""
    write_paintings(folder / "my-paintings")
    paint(3, 99).save(folder / "painting.jpg")
    paint(4, 99).save(folder / "another.jpg")
    (folder / "list.txt").write_text("painting.jpg\nanother.jpg\n", encoding="utf-8")
    for painter, group in ((5, "vermeer"), (6, "van-meegeren")):
        (folder / group).mkdir()
        for work in (7, 8):
            paint(painter, work).save(folder / group / f"{work}.jpg")
    (folder / "new-scans").mkdir()
    paint(40, 0).save(folder / "new-scans" / "0.jpg")
    (folder / "scans").mkdir()
    rows = ["artist,new_filename"]
    with zipfile.ZipFile(folder / "more-scans.zip", "w") as archive:
        for painter in range(PAINTERS):
            paint(painter, 1).save(folder / "scans" / f"{painter}-1.jpg")
            with archive.open(f"scans/{painter}-2.jpg", "w") as member:
                paint(painter, 2).save(member, "JPEG")
            rows += [f"Painter {painter},{painter}-{number}.jpg" for number in (1, 2)]
    (folder / "all_data_info.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    dated = [f"Camille Pissarro,{painter}-1.jpg,c.1885,Impressionism" for painter in range(3)]
    (folder / "new-works.csv").write_text("\n".join(["artist,filename,date,style", *dated]), encoding="utf-8")
