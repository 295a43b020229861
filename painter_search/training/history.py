"""The metrics of every epoch, and `history.csv`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from painter_search.common.errors import DamagedFileError
from painter_search.common.files.atomic_io import write_bytes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class EpochMetrics:
    """The metrics of one phase, training or validation, of one epoch. Epoch 0 is the network before training."""

    epoch: int
    phase: Literal["train", "validation"]
    loss: float
    """The mean triplet loss of all triplets, those with a loss of 0 included, whichever loss is trained on."""
    accuracy: float
    """Share of triplets with d(a, p) < d(a, n)."""
    active: float
    """Share of triplets with a loss above 0."""
    positive: float
    """Mean d(a, p)."""
    negative: float
    """Mean d(a, n)."""
    all_negatives: float
    """Validation: the accuracy with every work by another artist as the negative; `nan` in training."""
    recall_1: float
    """Validation: share of works whose nearest neighbour is by their own artist; `nan` in training."""
    seconds: float
    images_per_second: float


def write_history(path: Path, history: Sequence[EpochMetrics]) -> None:
    """Write the history as CSV, floats with six decimals and `nan` as an empty cell."""
    write_bytes(path, history_frame(history).to_csv(index=False, float_format="%.6f", lineterminator="\n").encode())


def read_history(path: Path) -> list[EpochMetrics]:
    """Read what `write_history` wrote; raise `DamagedFileError` where it cannot be read."""
    try:
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        names = header.split(",")
        return [_parse_row(dict(zip(names, row.split(","), strict=True))) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{path} cannot be read ({error}); copy the run again, or train again.") from error


def _parse_row(row: dict[str, str]) -> EpochMetrics:
    epoch, phase = int(row.pop("epoch")), row.pop("phase")
    if phase not in ("train", "validation"):
        raise ValueError(f"unknown phase {phase!r}")
    return EpochMetrics(
        epoch,
        "train" if phase == "train" else "validation",
        **{name: float(value) if value else math.nan for name, value in row.items()},
    )


def as_rows(history: Sequence[EpochMetrics]) -> list[dict[str, object]]:
    """The history as plain values: a dictionary for each phase of each epoch."""
    return [asdict(metrics) for metrics in history]


def history_frame(history: Sequence[EpochMetrics]) -> pd.DataFrame:
    """The history as a table: a row for each phase of each epoch, the columns of `EpochMetrics`."""
    import pandas as pd

    return pd.DataFrame(as_rows(history), columns=[field.name for field in fields(EpochMetrics)])
