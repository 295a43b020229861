from collections.abc import Sequence
from pathlib import Path

import pytest
from matplotlib.axes import Axes

from painter_search.display import plots
from painter_search.display.plots import TrainingCurves
from painter_search.training.config import TrainConfig
from painter_search.training.history import EpochMetrics
from painter_search.training.run import Run

EPOCH = EpochMetrics(0, "validation", 5.0, 0.6, 0.9, 1.0, 1.5, 0.55, 0.3, 1.0, 100.0)


def test_training_curves_wait_nine_times_as_long_as_drawing_took_and_are_whole_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, drawn = [100.0], []

    def draw(folder: Path, history: Sequence[EpochMetrics]) -> None:
        drawn.append(len(history))
        now[0] += 1

    monkeypatch.setattr(plots, "draw_curves", draw)
    monkeypatch.setattr(plots.time, "monotonic", lambda: now[0])
    curves = TrainingCurves()
    for count in range(1, 14):  # an epoch a second
        curves.on_epoch(tmp_path, [EPOCH] * count)
        now[0] += 1
    curves.on_end(Run(tmp_path, TrainConfig(), [EPOCH] * 13, best_epoch=0, test=None))
    assert drawn == [1, 10, 13]


def test_draw_curves_leaves_out_a_phase_without_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[str] = []
    monkeypatch.setattr(Axes, "plot", lambda axes, *values, label, **style: labels.append(label))
    plots.draw_curves(tmp_path, [EPOCH])
    assert labels == ["validation", "validation", "validation, every negative", "validation"]
