"""A run's folder, loaded again."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from painter_search.common.errors import DamagedFileError, NotFoundError
from painter_search.training.run import Run


@pytest.fixture(params=["report_run", "strong_run"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue(request.param)


def test_run_load_returns_the_run_that_was_trained(run: Run) -> None:
    loaded = Run.load(str(run.folder))
    assert loaded.config.resolved == run.config.resolved
    assert loaded.config == replace(
        run.config, data=(), workers=-1, device="auto", **{
            name: getattr(loaded.config, name) for name in run.config.resolved.__dataclass_fields__
        },
    )  # fmt: skip
    assert loaded.best_epoch == run.best_epoch
    assert loaded.test == run.test.with_relative_frames()
    assert [(m.epoch, m.phase) for m in loaded.history] == [(m.epoch, m.phase) for m in run.history]
    assert [m.loss for m in loaded.history] == pytest.approx([m.loss for m in run.history], abs=1e-6)
    assert [m.recall_1 for m in loaded.history] == pytest.approx(
        [m.recall_1 for m in run.history], abs=1e-6, nan_ok=True
    )


def test_run_to_dict_is_plain(run: Run) -> None:
    plain = json.loads(json.dumps(run.to_dict()))
    assert list(plain) == ["run", "best_epoch", "test", "history"]
    assert plain["run"] == str(run.folder)
    assert plain["test"] == json.loads((run.folder / "score.json").read_text())["test"]
    assert plain["history"][0]["phase"] == "validation"


def test_run_to_frame_has_a_row_for_every_phase(run: Run) -> None:
    frame = run.to_frame()
    assert len(frame) == len(run.history)
    assert frame["accuracy"].tolist() == [metrics.accuracy for metrics in run.history]


def test_run_repr_html_escapes_its_folder(run: Run) -> None:
    html = replace(run, folder=Path("<b>runs</b>"))._repr_html_()
    assert "<b>" not in html
    assert f"{run.best_epoch} (best)" in html


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "[]"), ("config.json", "{}"), ("config.json", '{"recipe": "fancy"}'), ("config.json", "{"),
        ("score.json", "{}"), ("score.json", '{"best_epoch": 1, "test": {"accuracy": {}}}'),
        ("history.csv", ""), ("history.csv", "epoch,phase\n1,other"), ("history.csv", "epoch,phase\n1,train"),
    ],
)  # fmt: skip
def test_run_load_refuses_damaged_files(report_run: Run, tmp_path: Path, file: str, content: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("config.json", "score.json", "history.csv"):
        shutil.copyfile(report_run.folder / name, folder / name)
    (folder / file).write_text(content)
    with pytest.raises(DamagedFileError, match=r"damaged|cannot be read"):
        Run.load(folder)


def test_run_load_takes_a_path_in_the_home_folder(user_home: Path) -> None:
    with pytest.raises(NotFoundError) as refused:
        Run.load("~/missing")
    assert str(user_home / "missing") in str(refused.value)


def test_run_load_refuses_a_folder_without_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no finished run"):
        Run.load(tmp_path)
