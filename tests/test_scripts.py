"""The scripts for people: they parse, explain themselves, and the benchmark runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from small_world import paint

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.mark.parametrize("script", ["demo.sh", "test.sh", "environment.sh"])
def test_shell_scripts_parse(script: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    assert subprocess.run([bash, "-n", str(SCRIPTS / script)]).returncode == 0


def test_the_download_says_what_it_needs(tmp_path: Path) -> None:
    script = str(SCRIPTS / "download_kaggle.py")
    explained = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
    assert explained.returncode == 0
    assert "90 GB" in explained.stdout
    without_client = subprocess.run(
        [sys.executable, script, str(tmp_path), "--files", "all_data_info.csv"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": ""},
    )
    assert without_client.returncode == 1
    assert "Kaggle's client is missing" in without_client.stderr


def test_the_download_asks_the_client_for_what_is_missing_only(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("the stand-in for the client is a shell script")
    tools = tmp_path / "tools"
    tools.mkdir()
    client = tools / "kaggle"
    # The stand-in writes the file that -f names into the folder that -p names, as the client does.
    client.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/calls"\nprintf x > "$8/$6"\n')
    client.chmod(0o755)
    out = tmp_path / "originals"
    out.mkdir()
    (out / "all_data_info.csv").write_text("here already")
    done = subprocess.run(
        [
            sys.executable,
            str(SCRIPTS / "download_kaggle.py"),
            str(out),
            "--files",
            "all_data_info.csv",
            "train_info.csv",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr
    calls = (tools / "calls").read_text().splitlines()
    assert calls == [f"competitions download -c painter-by-numbers -f train_info.csv -p {out}"]


def test_the_benchmark_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "benchmark.py"), "--quick"], capture_output=True, text=True, cwd=SCRIPTS
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for line in ("embedding, images/s", "test accuracy", "training step", "feeding", "prepare", "query, cold"):
        assert line in done.stdout


def test_divisions_keep_artists_whole_and_print_every_row(
    painted_catalogue: Path, painted_originals: Path, tmp_path: Path
) -> None:
    source = tmp_path / "painters"
    source.mkdir()
    shutil.copy(painted_catalogue, source / "all_data_info.csv")
    shutil.copytree(painted_originals, source / "originals")
    flags = [
        "--backbone",
        "resnet18",
        "--weights",
        "none",
        "--image-side",
        "64",
        "--divisions",
        "2",
        "--without-report",
    ]
    script = [sys.executable, str(SCRIPTS / "divisions.py"), str(source), "--out", str(tmp_path / "out"), *flags]
    done = subprocess.run(script, capture_output=True, text=True, encoding="utf-8", errors="replace")
    assert done.returncode == 0, done.stderr[-2000:]
    for row in ("strong, untrained", "strong, fitted without gradients", "strong - strong, untrained"):
        assert row in done.stdout
    divided = []
    for number in range(2):
        table = pd.read_csv(tmp_path / "out" / "painters" / f"division-{number}" / "all_data_info.csv")
        assert (table.groupby("artist")["in_train"].nunique() == 1).all()
        divided.append(set(table[table["in_train"]]["artist"]))
    assert len(divided[0]) == len(divided[1])
    assert divided[0] != divided[1]


def test_the_tutorial_runs_from_top_to_bottom(tmp_path: Path) -> None:
    for painter in range(10):
        (tmp_path / "mine" / f"Painter {painter}").mkdir(parents=True)
        for work in range(3):
            paint(painter, work).save(tmp_path / "mine" / f"Painter {painter}" / f"{work}.jpg")
    paint(0, 9).save(tmp_path / "painting.jpg")
    flags = ["--folder", "mine", "--painting", "painting.jpg", "--out", "out"]
    small = ["--backbone", "resnet18", "--weights", "none", "--side", "64"]
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "tutorial.py"), *flags, *small],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for said in ("works to train on", "files show one picture", "accuracy on artists never seen", "painting.jpg: n"):
        assert said in done.stdout
    assert "without Painter" in done.stdout
