import math
from dataclasses import replace
from pathlib import Path

import pytest

from painter_search.training.early_stopping import best_epoch, collapse_warning, should_stop
from painter_search.training.history import EpochMetrics, read_history, write_history


def phases(losses: list[float], accuracies: list[float] | None = None) -> list[EpochMetrics]:
    accuracies = accuracies or [0.5] * len(losses)
    return [
        EpochMetrics(epoch, "validation", loss, accuracy, 0.5, 1.0, 1.2, accuracy, 0.5, 1.0, 1.0)
        for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True))
    ]


@pytest.mark.parametrize(
    ("losses", "stops"),
    [
        ([9, 1, 2, 3], True),
        ([9, 1, 2, 2], False),
        ([9, 1, 2, 1.5, 2], False),
        ([9, 3, 2, 1], False),
        ([0, 1, 2], False),  # the network before training does not count
        ([9, 5, 4, 3, 4, 5], True),
    ],
)
def test_should_stop_when_the_validation_loss_rises_twice_in_a_row(losses: list[float], stops: bool) -> None:
    assert should_stop(phases(losses), patience=2) is stops


def test_should_stop_never_with_patience_0() -> None:
    assert not should_stop(phases([1, 2, 3, 4, 5]), patience=0)


def test_best_epoch_is_the_first_with_the_highest_validation_accuracy() -> None:
    assert best_epoch(phases([1] * 5, [0.99, 0.6, 0.8, 0.7, 0.8]), "accuracy") == 2


def test_collapse_warning_for_coinciding_embeddings_and_a_loss_stuck_at_the_margin() -> None:
    healthy = phases([1.0, 0.9])
    assert collapse_warning(healthy, 5.0) is None
    assert "coincide" in str(collapse_warning([healthy[0], replace(healthy[1], negative=1e-5)], 5.0))
    stuck = replace(healthy[1], phase="train", loss=4.99, active=1.0)
    assert "stuck at the margin" in str(collapse_warning([*healthy, stuck, healthy[1]], 5.0))
    learning = replace(stuck, loss=4.0)
    assert collapse_warning([*healthy, learning, healthy[1]], 5.0) is None


def test_write_history_leaves_nan_empty_and_read_history_restores_it(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [replace(phases([1.0])[0], recall_1=float("nan"))])
    header, row = (tmp_path / "history.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["recall_1"] == ""
    (restored,) = read_history(tmp_path / "history.csv")
    assert math.isnan(restored.recall_1)
    assert replace(restored, recall_1=0.5) == phases([1.0])[0]


def test_write_history_writes_whole_numbers_as_they_are_and_others_with_six_decimals(tmp_path: Path) -> None:
    epochs = [
        EpochMetrics(0, "validation", 0.123456789, 1.0, 0.5, math.inf, 1e-7, 1e6, 0.25, 2.0, 30.5),
        EpochMetrics(1, "train", -0.5, 0.1, math.nan, 1.0, 2.0, math.nan, math.nan, 3.0, 1234567.0),
    ]
    write_history(tmp_path / "history.csv", epochs)
    assert (tmp_path / "history.csv").read_bytes() == (
        b"epoch,phase,loss,accuracy,active,positive,negative,all_negatives,recall_1,seconds,images_per_second\n"
        b"0,validation,0.123457,1.000000,0.500000,inf,0.000000,1000000.000000,0.250000,2.000000,30.500000\n"
        b"1,train,-0.500000,0.100000,,1.000000,2.000000,,,3.000000,1234567.000000\n"
    )


def test_write_history_of_no_epoch_is_its_header(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [])
    assert read_history(tmp_path / "history.csv") == []
