from dataclasses import replace
from pathlib import Path

import pytest

from painter_search.training.history import Phase, best_epoch, should_stop, sign_of_collapse, write_history


def phases(losses: list[float], accuracies: list[float] | None = None) -> list[Phase]:
    accuracies = accuracies or [0.5] * len(losses)
    return [
        Phase(epoch, "validation", loss, accuracy, 0.5, 1.0, 1.2, accuracy, 0.5, 1.0, 1.0)
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
def test_training_stops_when_the_validation_loss_rises_twice_running(losses: list[float], stops: bool) -> None:
    assert should_stop(phases(losses), patience=2) is stops


def test_patience_0_never_stops() -> None:
    assert not should_stop(phases([1, 2, 3, 4, 5]), patience=0)


def test_the_best_epoch_is_the_first_with_the_highest_validation_accuracy() -> None:
    assert best_epoch(phases([1] * 5, [0.99, 0.6, 0.8, 0.7, 0.8]), "accuracy") == 2


def test_collapse_is_seen_in_coinciding_embeddings_and_in_a_loss_stuck_at_the_margin() -> None:
    healthy = phases([1.0, 0.9])
    assert sign_of_collapse(healthy, 5.0) is None
    assert "coincide" in str(sign_of_collapse([healthy[0], replace(healthy[1], negative=1e-5)], 5.0))
    stuck = replace(healthy[1], phase="train", loss=4.99, active=1.0)
    assert "stuck at the margin" in str(sign_of_collapse([*healthy, stuck, healthy[1]], 5.0))
    learning = replace(stuck, loss=4.0)
    assert sign_of_collapse([*healthy, learning, healthy[1]], 5.0) is None


def test_what_a_phase_does_not_have_is_left_empty(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [replace(phases([1.0])[0], recall_1=float("nan"))])
    header, row = (tmp_path / "history.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["recall_1"] == ""
