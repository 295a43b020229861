"""The scripts for people: they explain themselves and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from small_world import write_paintings

SCRIPTS = Path(__file__).parents[1] / "scripts"
TINY = ("--backbone", "shufflenet_v2_x0_5", "--weights", "none", "--img-size", 64)
EXPLAINED = ["benchmark_memory.py", "benchmark_ray.py", "benchmark_serve.py", "check_installs.py"]
"""Scripts that are not run here."""


def run_script(
    name: str, *flags: object, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a script on one thread a process: tiny networks would only wait for more."""
    return subprocess.run(
        [sys.executable, str(SCRIPTS / name), *map(str, flags)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", **variables},
    )


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.sh")))
def test_shell_script_parses(script: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    assert subprocess.run([bash, "-n", str(SCRIPTS / script)]).returncode == 0


def test_readme_of_scripts_names_every_script() -> None:
    readme = SCRIPTS / "README.md"
    text = readme.read_text(encoding="utf-8")
    for path in SCRIPTS.iterdir():
        if path.suffix in (".py", ".sh"):
            assert f"`{path.name}`" in text, path.name


@pytest.mark.slow
@pytest.mark.parametrize(
    "script", ["benchmark_memory.py", "benchmark_ray.py", "benchmark_serve.py", "check_installs.py"]
)
def test_help_says_how_to_run_a_script(script: str) -> None:
    explained = run_script(script, "--help")
    assert explained.returncode == 0, explained.stderr[-2000:]
    assert f"python scripts/{script}" in explained.stdout


def test_check_installs_refuses_words_for_pytest_where_no_test_runs() -> None:
    misused = run_script("check_installs.py", "wheel", "-k", "x")
    assert misused.returncode == 2
    assert "wheel runs no tests" in misused.stderr


def test_download_kaggle_says_what_it_needs(tmp_path: Path) -> None:
    explained = run_script("download_kaggle.py", "--help")
    assert explained.returncode == 0
    assert "90 GB" in explained.stdout
    without_client = run_script("download_kaggle.py", tmp_path, "--files", "all_data_info.csv", PATH="")
    assert without_client.returncode == 1
    assert "Kaggle's client is missing" in without_client.stderr


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Kaggle's client is a shell script")
def test_download_kaggle_asks_the_client_for_missing_files_only(tmp_path: Path) -> None:
    tools, out = tmp_path / "tools", tmp_path / "originals"
    tools.mkdir()
    client = tools / "kaggle"
    # It writes the file that -f names into the folder that -p names, as Kaggle's client does.
    client.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/calls"\nprintf x > "$8/$6"\n')
    client.chmod(0o755)
    out.mkdir()
    (out / "all_data_info.csv").write_text("already here")
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = run_script("download_kaggle.py", out, "--files", "all_data_info.csv", "train_info.csv", PATH=path)
    assert done.returncode == 0, done.stderr
    calls = (tools / "calls").read_text().splitlines()
    assert calls == [f"competitions download -c painter-by-numbers -f train_info.csv -p {out}"]


@pytest.mark.slow
def test_benchmark_quick_runs_every_measurement() -> None:
    done = run_script("benchmark.py", "--quick")
    assert done.returncode == 0, done.stderr[-2000:]
    for row in (
        "embedding, images/s", "test accuracy", "accuracy with interval", "training step", "forward passes",
        "validation accuracy", "feeding", "prepare, originals", "query, cold", "query, warm", "--help", "GPU",
    ):  # fmt: skip
        assert row in done.stdout


@pytest.mark.slow
def test_benchmark_index_measures_an_exact_index(tmp_path: Path) -> None:
    done = run_script("benchmark_index.py", "--sizes", 300, "--folder", tmp_path / "scaling")
    assert done.returncode == 0, done.stderr[-2000:]
    row = done.stdout.splitlines()[0].split("\t")
    assert row[:2] == ["300", "exact"]
    assert row[-1] == "1.000"  # recall


@pytest.mark.slow
def test_compare_recipes_keeps_artists_whole_and_prints_every_row(
    painted_catalogue: Path, painted_originals: Path, tmp_path: Path
) -> None:
    source = tmp_path / "painters"
    source.mkdir()
    shutil.copy(painted_catalogue, source / "all_data_info.csv")
    shutil.copytree(painted_originals, source / "originals")
    small = (*TINY, "--epochs", 2, "--without-report")
    done = run_script("compare_recipes.py", source, "--out", tmp_path / "out", "--splits", 2, *small)
    assert done.returncode == 0, done.stderr[-2000:]
    for row in ("strong, untrained", "strong, fitted in closed form", "strong - strong, untrained"):
        assert row in done.stdout
    train_artists = []
    for number in range(2):
        table = pd.read_csv(tmp_path / "out" / "painters" / f"split-{number}" / "all_data_info.csv")
        assert (table.groupby("artist")["in_train"].nunique() == 1).all()
        train_artists.append(set(table[table["in_train"]]["artist"]))
    assert len(train_artists[0]) == len(train_artists[1])
    assert train_artists[0] != train_artists[1]


@pytest.mark.slow
def test_tutorial_runs_from_top_to_bottom(tmp_path: Path) -> None:
    painting = write_paintings(tmp_path / "mine", painters=10, works=3)[-1].rename(tmp_path / "painting.jpg")
    own = ("--folder", "mine", "--painting", painting.name, "--out", "out")
    small = TINY
    done = run_script("tutorial.py", *own, *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    for words in ("works to train on", "files show one picture", "accuracy on artists never seen", "painting.jpg: n"):
        assert words in done.stdout
    assert "without Painter" in done.stdout
