import pytest

from painter_search.training.history import Phase, best_epoch, should_stop


def phases(losses: list[float], accuracies: list[float] | None = None) -> list[Phase]:
    accuracies = accuracies or [0.5] * len(losses)
    return [
        Phase(epoch, "validation", loss, accuracy, 1.0, 1.0)
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
    assert best_epoch(phases([1] * 5, [0.99, 0.6, 0.8, 0.7, 0.8])) == 2
