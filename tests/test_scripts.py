"""The scripts for people: they explain themselves, and run as their help and the README say, each in a quick form."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from running_scripts import SCRIPTS, Run
from small_world import write_paintings
from staged_net import BACKBONE
from tiny_world import paint_tiny_artists, save_tiny_encoder

from painter_search.collection.collection import Collection
from painter_search.common.command_line.cli import parse_flags
from painter_search.common.files.atomic_io import write_json
from painter_search.encoder.checkpoint import add_to_checkpoint
from painter_search.encoder.trained_artists import digest_artists
from painter_search.index.painting_index import PaintingIndex
from painter_search.training.config import TrainConfig
from painter_search.training.run import saved_settings

TINY = ("--backbone", BACKBONE, "--weights", "none", "--img-size", 64)
IN_PYTHON = sorted(path.name for path in SCRIPTS.glob("*.py"))


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


@pytest.mark.parametrize("script", IN_PYTHON)
def test_help_says_how_to_run_a_script(script: str, run_here: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run_here(script, "--help")
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert f"usage: {script}" in shown
    assert f"python scripts/{script}" in shown


@pytest.mark.parametrize("script", IN_PYTHON)
def test_example_in_the_help_of_a_script_has_flags_that_exist(script: str) -> None:
    text = (SCRIPTS / script).read_text(encoding="utf-8")
    for example in re.findall(rf"python scripts/{script}(.*)", text):
        for flag in re.findall(r"--[a-z-]+", example):
            assert f'"{flag}"' in text, flag


def test_check_installs_refuses_words_for_pytest_where_no_test_runs(
    run_here: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run_here("check_installs.py", "wheel", "-k", "x")
    assert left.value.code == 2
    assert "wheel runs no tests" in capsys.readouterr().err


@pytest.mark.slow
def test_wall_compositions_are_measured_and_fitted(
    small_collection: Path, small_index: PaintingIndex, run_here: Run
) -> None:
    flags = ("--collections", small_collection, "--works", 1, "--plain", 1)
    measured = run_here("wall_compositions.py", "measure", *flags, "--index", small_index.folder)
    assert "1 photographs, " in measured
    assert "nearest, original: 1 (100.0 %)" in measured
    assert "1 plain reproductions, of which cropped: 0" in measured
    assert "INTERCEPT = " in run_here("wall_compositions.py", "fit", *flags)


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


@pytest.mark.long
@pytest.mark.slow
def test_benchmark_quick_runs_every_measurement(run_here: Run) -> None:
    printed = run_here("benchmark.py", "--quick")
    for row in (
        "embedding, images/s", "test accuracy", "accuracy with interval", "training step", "forward passes",
        "validation accuracy", "feeding", "prepare, originals", "query, cold", "query, warm", "--help", "GPU",
    ):  # fmt: skip
        assert row in printed


@pytest.mark.slow
@pytest.mark.long
def test_benchmark_engines_measures_every_library(run_here: Run, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    briefly = ("--rounds", 1, "--batches", 2, "--img-size", 64, "--without-compile")
    flags = ("--backbones", BACKBONE, "--json", tmp_path / "figures.json")
    printed = run_here("benchmark_engines.py", *flags, *briefly)
    for library in ("PyTorch", "ONNX Runtime", "OpenVINO", "ours"):
        assert library in printed
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert len(figures) == 6
    assert max(figure["off"] for figure in figures) < 0.1  # of embeddings of length 1


@pytest.mark.slow
@pytest.mark.long
def test_peers_measures_ours_and_says_why_a_peer_cannot_run(
    run_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    metrics = import_module("peers.metrics")
    contestant = import_module("peers.contestant").Contestant
    broken = contestant("broken", "no_such_metrics")
    monkeypatch.setattr(metrics, "CONTESTANTS", (metrics.CONTESTANTS[0], broken))
    figures = tmp_path / "figures.json"
    flags = ("--only", "metrics", "--scale", 0.02, "--rounds", 1, "--folder", tmp_path / "peers", "--json", figures)
    assert "metrics: 400" in run_here("peers.py", *flags)
    ours, other = json.loads(figures.read_text())
    assert ours["off"] < 1e-6
    assert "no_such_metrics" in other["cannot run"]


@pytest.mark.slow
@pytest.mark.parametrize("like", [pytest.param(False, marks=pytest.mark.long), True])
def test_benchmark_index_measures_an_exact_index(like: bool, tmp_path: Path) -> None:
    imitated: tuple[object, ...] = ()
    if like:
        artists, encoder = (
            paint_tiny_artists(tmp_path / "artists", 5, 6),
            save_tiny_encoder(tmp_path / "encoder.safetensors"),
        )
        PaintingIndex.build(folder=artists, encoder=str(encoder), index=tmp_path / "index", device="cpu")
        imitated = ("--like", tmp_path / "index")
    done = run_script("benchmark_index.py", "--sizes", 300, "--folder", tmp_path / "scaling", *imitated)
    assert done.returncode == 0, done.stderr[-2000:]
    row = done.stdout.splitlines()[0].split("\t")
    assert row[:2] == ["300", "exact"]
    assert row[-1] == "1.000"  # recall


def test_benchmark_index_refuses_an_index_too_small_to_imitate(
    small_index: PaintingIndex, run_here: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run_here("benchmark_index.py", "--like", small_index.folder)
    assert left.value.code == 2
    assert "more than 20 works" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.long
def test_benchmark_growth_fills_and_asks_every_size(tmp_path: Path) -> None:
    sizes, figures = ("--sizes", 200, 400), tmp_path / "figures.json"
    done = run_script("benchmark_growth.py", *sizes, "--folder", tmp_path / "growing", "--json", figures)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = json.loads(figures.read_text())
    assert list(measured) == ["200", "400"]
    assert all(row["query, ms"] > 0 and row["disk, MB"] > 0 for row in measured.values())
    assert not any((tmp_path / "growing").iterdir())


@pytest.mark.slow
@pytest.mark.long
def test_benchmark_versions_measures_a_checkout_beside_itself(collections: Path, tmp_path: Path) -> None:
    assert (collections / "wikiart").is_dir()
    briefly = ("--rounds", 1, "--works", 12, "--backbones", BACKBONE, "--only", "embedding", "query")
    figures = tmp_path / "figures.json"
    baseline = ("--baseline", SCRIPTS.parent)
    done = run_script("benchmark_versions.py", *baseline, *briefly, "--json", figures, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(figures.read_text())
    assert {row["measured"] for row in rows} == {"embedding", "query"}
    assert all(row["this"] > 0 and row["older"] > 0 for row in rows)


def test_benchmark_readers_measures_every_way(run_here: Run, tmp_path: Path) -> None:
    pytest.importorskip("pyvips")
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((1200, 900)).save(tmp_path / f"{number}.jpg")
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    figures = tmp_path / "figures.json"
    assert "libvips, then Pillow" in run_here(
        "benchmark_readers.py", "--originals", tmp_path, "--rounds", 1, "--json", figures
    )
    measured = json.loads(figures.read_text())
    assert measured["originals"] == 2
    assert all(measured[way]["error"] < 5 for way in ("ours", "libvips", "libvips, then Pillow"))


@pytest.mark.slow
def test_benchmark_memory_measures_both_commands(run_here: Run, tmp_path: Path, long: bool) -> None:
    if not long:
        pytest.skip("with --long")
    printed = run_here("benchmark_memory.py", "--sizes", 60, "--folder", tmp_path / "growing")
    assert [command for command in ("prepare", "build-index") if f"│ {command}" in " ".join(printed.split())] == [
        "prepare", "build-index",
    ]  # fmt: skip
    assert not (tmp_path / "growing").exists()


@pytest.mark.slow
def test_benchmark_serve_measures_one_client_and_many(
    run_here: Run, small_index: PaintingIndex, small_collection: Path
) -> None:
    pytest.importorskip("uvicorn")
    briefly = ("--clients", 3, "--seconds", 1, "--rounds", 1)
    printed = run_here(
        "benchmark_serve.py", "--index", small_index.folder, "--paintings", small_collection / "frames", *briefly
    )
    assert "1 client: " in printed
    assert "3 clients: " in printed
    assert "errors: 0" in printed


def test_draw_results_draws_the_table_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(SCRIPTS / "draw_results.py", scripts)
    shutil.copy(SCRIPTS.parent / "README.md", tmp_path)
    monkeypatch.setattr(sys, "argv", ["draw_results.py"])
    runpy.run_path(str(scripts / "draw_results.py"), run_name="__main__")
    figures = re.compile(r">(\d\d\.\d)<")
    drawn = figures.findall((scripts / "results.svg").read_text(encoding="utf-8"))
    assert len(drawn) >= 4
    assert drawn == figures.findall((SCRIPTS / "results.svg").read_text(encoding="utf-8"))


@pytest.mark.long
@pytest.mark.slow
def test_compare_recipes_keeps_artists_whole_and_prints_every_row(
    painted_catalogue: Path, painted_originals: Path, tmp_path: Path, run_here: Run
) -> None:
    source = tmp_path / "painters"
    source.mkdir()
    shutil.copy(painted_catalogue, source / "all_data_info.csv")
    shutil.copytree(painted_originals, source / "originals")
    small = (*TINY, "--epochs", 2, "--without-report")
    printed = run_here("compare_recipes.py", source, "--out", tmp_path / "out", "--splits", 2, *small)
    for row in ("strong, untrained", "strong, fitted in closed form", "strong - strong, untrained"):
        assert row in printed
    train_artists = []
    for number in range(2):
        table = pd.read_csv(tmp_path / "out" / "painters" / f"split-{number}" / "all_data_info.csv")
        assert (table.groupby("artist")["in_train"].nunique() == 1).all()
        train_artists.append(set(table[table["in_train"]]["artist"]))
    assert len(train_artists[0]) == len(train_artists[1])
    assert train_artists[0] != train_artists[1]


@pytest.mark.slow
def test_tutorial_runs_from_top_to_bottom(tmp_path: Path, run_here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    painting = write_paintings(tmp_path / "mine", painters=10, works=3)[-1].rename(tmp_path / "painting.jpg")
    monkeypatch.chdir(tmp_path)
    printed = run_here("tutorial.py", "--folder", "mine", "--painting", painting.name, "--out", "out", *TINY)
    for words in ("works to train on", "files show one picture", "accuracy on artists never seen", "painting.jpg: n"):
        assert words in printed
    assert "without Painter" in printed


def commands_of_the_demo() -> list[list[str]]:
    text = (SCRIPTS / "demo.sh").read_text(encoding="utf-8").replace("\\\n", " ").replace("$resume", "")
    return [
        shlex.split(line.removesuffix("&"))[2:]
        for line in text.splitlines()
        if line.strip().startswith("python -m painter_search.")
    ]


@pytest.mark.parametrize("words", commands_of_the_demo(), ids=lambda words: words[0])
def test_command_of_the_demo_has_flags_that_exist(words: list[str]) -> None:
    parse_flags("test", import_module(words[0]).run, words[1:])


@pytest.mark.parametrize("word", ["", "--no-browser"])
def test_demo_offers_the_served_page_and_waits_for_nobody_who_is_not_there(word: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    end = (SCRIPTS / "demo.sh").read_text(encoding="utf-8").partition("serve=(")[2]
    offered = f"index=demo/index; bin=.venv/bin; serve=({end}"
    done = subprocess.run(
        [bash, "-euc", offered, "demo.sh", word], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        env={**os.environ, "DISPLAY": ":0"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    command = done.stdout[done.stdout.index("python -m painter_search.serve") :].split()
    parse_flags("test", import_module("painter_search.serve").run, command[3:])
    assert ("--no-browser" in command) == bool(word)


def test_compare_encoders_scores_each_and_pairs_differences(
    small_collection: Path, tmp_path: Path, run_here: Run
) -> None:
    one, other = (save_tiny_encoder(tmp_path / f"{seed}.safetensors", seed=seed) for seed in (1, 2))
    artists = sorted({work.artist for work in Collection.open(small_collection).works("test")})
    add_to_checkpoint(other, trained_artists=list(digest_artists(artists[:1])))
    printed = run_here("compare_encoders.py", one, other, one, "--data", small_collection)
    assert f"test works by {len(artists) - 1} artists" in printed
    assert len(re.findall(r"\d\d?\.\d \[", printed)) >= 4


def test_train_painter_takes_only_artists_out_of_copyright() -> None:
    script = runpy.run_path(str(SCRIPTS / "train_painter.py"))
    wikiart = pd.DataFrame(
        {"artist": list("abcd"), "in_train": [True, True, True, False], "latest": [1928, 1929, float("nan"), 1990]}
    )
    assert script["free_of_rights"](wikiart)["artist"].tolist() == ["a", "d"]
    paintings = pd.DataFrame({"artist": ["Titian", "Elaine de Kooning"], "in_train": [True, True]})
    assert script["free_of_rights"](paintings)["artist"].tolist() == ["Titian"]


@pytest.fixture
def learning_curve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., object]:
    """The run that `learning_curve.py` opens for 50 artists and further flags, beside one that is finished."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    script = runpy.run_path(str(SCRIPTS / "learning_curve.py"))
    folder = tmp_path / "50-last-stages-7"
    folder.mkdir()
    (folder / "score.json").touch()
    write_json(folder / "config.json", saved_settings(TrainConfig(seed=7), []))
    monkeypatch.setattr(script["Run"], "load", lambda folder: folder)

    def run(*flags: str) -> object:
        monkeypatch.setattr(sys, "argv", ["learning_curve.py", "--out", str(tmp_path), "--seed", "7", *flags])
        return script["open_or_train"]([], 50, script["parse_flags"]())

    return run


def test_learning_curve_opens_the_run_of_a_finished_training(
    learning_curve: Callable[..., object], tmp_path: Path
) -> None:
    assert learning_curve() == tmp_path / "50-last-stages-7"


def test_learning_curve_takes_no_run_of_other_settings_for_its_own(learning_curve: Callable[..., object]) -> None:
    with pytest.raises(SystemExit, match=r"trained with another backbone, weights; give another --out"):
        learning_curve("--backbone", "resnet18", "--weights", "none")


def test_learning_curve_refuses_to_compare_without_fine_tuning(
    learning_curve: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        learning_curve("--finetune-epochs", "0")
    assert "--finetune-epochs is 0" in capsys.readouterr().err


def test_compare_recipes_trains_each_recipe_with_its_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    script = runpy.run_path(str(SCRIPTS / "compare_recipes.py"))
    main, trained = script["main"], {}
    replaced = {
        "prepare_split": lambda source, number, out: SimpleNamespace(name=source.name, folder=out),
        "train": lambda config: trained.update({(config.name, config.runs): config}),
        "show": lambda name, rows: None,
    }
    for name, function in replaced.items():
        monkeypatch.setitem(main.__globals__, name, function)
    flags = ["a", "b", "--out", str(tmp_path), "--splits", "1", "--backbone-lr", "0", "--img-size", "64", "96"]
    monkeypatch.setattr(sys, "argv", ["compare_recipes.py", *flags])
    main()
    together = trained.pop(("together", tmp_path / "together" / "split-0"))
    assert (together.img_size, together.backbone_lr) == (96, 0)
    for recipe, backbone_lr in (("report", None), ("strong", 0)):
        configs = [trained.pop((recipe, tmp_path / name / "split-0")) for name in "ab"]
        assert [(config.img_size, config.backbone_lr) for config in configs] == [(64, backbone_lr), (96, backbone_lr)]
    assert not trained


def test_convergence_is_measured_from_the_network_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    convergence = import_module("benchmark.convergence")
    measured = []

    def measure(embed: Any, validation: object, margin: float, epoch: int) -> SimpleNamespace:
        measured.append(embed.args[0])
        return SimpleNamespace(epoch=epoch, phase="validation", loss=0.0, accuracy=0.0)

    monkeypatch.setattr(convergence, "measure_validation", measure)
    recipe = SimpleNamespace(embed=dict, encoder="with a readout", train=lambda epoch: None)
    convergence._follow(recipe, "as it came", TrainConfig(epochs=1), None)
    assert measured == ["as it came", "with a readout"]
