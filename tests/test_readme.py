"""What the README tells people to type works as it stands, in the order in which it stands there."""

import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from small_world import PAINTERS, WORKS, paint

from painter_search.__main__ import COMMANDS
from painter_search.doors import read_flags

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", README, re.DOTALL)
OWN_PAINTINGS = README[README.index("## On your own paintings") : README.index("## Reproduce the report")]

FASTER = {
    # No model hub is reached in tests, and no hour is spent: the flags are the README's, the network a small one.
    "train": ["--backbone", "resnet18", "--weights", "none", "--epochs", "1", "--workers", "0"],
    "build-index": ["--backbone", "resnet18"],
}


def commands(text: str) -> list[list[str]]:
    lines = [
        line.strip()
        for kind, block in re.findall(r"```(bash)\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    return [shlex.split(line) for line in lines if line]


@pytest.mark.parametrize("command", [c for c in commands(README) if c[0] == "python" and c[1] == "-m"], ids=" ".join)
def test_every_command_has_flags_that_exist(command: list[str]) -> None:
    read_flags("test", import_module(command[2]).answer, command[3:])


def test_every_command_of_the_package_is_named() -> None:
    for name in COMMANDS:
        assert f"painter_search.{name}" in README


def test_every_file_and_folder_named_in_the_last_table_exists() -> None:
    table = README[README.index("## What lies where") :]
    for name in re.findall(r"^\| `((?:painter_search|scripts|tests)[^`*<]*)`", table, re.MULTILINE):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(\w+\.(?:sh|py))`", table):
        assert (ROOT / "scripts" / name).exists(), name


def test_on_your_own_paintings_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_collection(tmp_path)
    monkeypatch.setattr("painter_search.encoder.network._load_imagenet", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    for command in commands(OWN_PAINTINGS):
        if command[:2] != ["python", "-m"]:
            continue  # the installation
        name = command[2].removeprefix("painter_search.")
        building = not {"--add", "--list", "--remove"} & set(command)
        code = import_module(command[2]).main([*command[3:], *(FASTER.get(name, []) if building else [])])
        assert code == 0, command
    assert all((tmp_path / page).is_file() for page in ("answer.html", "compare.html", "groups.html"))
    for kind, block in re.findall(r"```(python)\n(.*?)```", OWN_PAINTINGS, re.DOTALL):
        assert kind == "python"
        done = subprocess.run(
            [sys.executable, "-c", GUARDED.format(body=indent(block))],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert done.returncode == 0, done.stderr
        assert "Painter" in done.stdout


GUARDED = "from pathlib import Path\nif __name__ == '__main__':\n{body}\n"


def indent(block: str) -> str:
    return "\n".join("    " + line for line in block.splitlines())


def own_collection(folder: Path) -> None:
    for painter in range(PAINTERS):
        (folder / "my-paintings" / f"Painter {painter}").mkdir(parents=True)
        for work in range(WORKS):
            paint(painter, work).save(folder / "my-paintings" / f"Painter {painter}" / f"{work}.jpg")
    paint(3, 99).save(folder / "painting.jpg")
    paint(4, 99).save(folder / "another.jpg")
    (folder / "list.txt").write_text("painting.jpg\nanother.jpg\n", encoding="utf-8")
    for painter, group in ((5, "vermeer"), (6, "van-meegeren")):
        (folder / group).mkdir()
        for work in (7, 8):
            paint(painter, work).save(folder / group / f"{work}.jpg")
    rows = ["artist,new_filename"]
    for number in (1, 2):
        (folder / "scans").mkdir(exist_ok=True)
        for painter in range(PAINTERS):
            paint(painter, number).save(folder / "scans" / f"{painter}-{number}.jpg")
            rows.append(f"Painter {painter},{painter}-{number}.jpg")
    (folder / "new-scans").mkdir()
    paint(40, 0).save(folder / "new-scans" / "0.jpg")
    dated = [f"Camille Pissarro,{painter}-1.jpg,c.1885,Impressionism" for painter in range(3)]
    (folder / "new-works.csv").write_text("\n".join(["artist,filename,date,style", *dated]), encoding="utf-8")
    import zipfile

    with zipfile.ZipFile(folder / "more-scans.zip", "w") as archive:
        for path in sorted((folder / "scans").glob("*-2.jpg")):
            archive.write(path, f"scans/{path.name}")
            path.unlink()
    (folder / "all_data_info.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
