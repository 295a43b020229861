"""Names of the files that hold encoders; none of what reads them is imported here."""

from __future__ import annotations

from pathlib import Path

SUFFIX, OLD_SUFFIX = ".safetensors", ".pt"
"""Of checkpoints: as they are written, and as earlier versions wrote them."""
BEST, LAST = f"best{SUFFIX}", f"last{SUFFIX}"
"""The checkpoints of a run's best epoch and of its last."""
CONFIG, WEIGHTS, ONNX, CARD = "config.json", "model.safetensors", "encoder.onnx", "README.md"
"""The files of an encoder's folder. The last two may be missing."""
PLDA_FILE = "plda.npz"
"""A PLDA, in a calibrated encoder's folder and in an index of it; see `plda_file.py`."""

PACKAGED = Path(__file__).parents[1] / "painter"
"""The folder of the encoder that comes with the package; `scripts/train_painter.py` makes it."""


def find_checkpoint(path: Path) -> Path:
    """The checkpoint at `path`; where that is missing, the one of this name with the other suffix, if there is one."""
    other = path.with_suffix(SUFFIX if path.suffix == OLD_SUFFIX else OLD_SUFFIX)
    is_twin = path.suffix in (SUFFIX, OLD_SUFFIX) and not path.is_file() and other.is_file()
    return other if is_twin else path


def newest_run(runs: Path) -> Path | None:
    """The newest finished run in a folder of runs."""
    finished = sorted(runs.glob("*/score.json"), key=lambda path: path.stat().st_mtime)
    return finished[-1].parent if finished else None
