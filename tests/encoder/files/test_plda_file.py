from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from painter_search.common.errors import DamagedFileError
from painter_search.encoder.files.plda_file import read_plda, write_plda
from painter_search.metrics.identification.plda import PLDA


@pytest.fixture
def plda() -> PLDA:
    rng = np.random.default_rng(0)
    arrays = (rng.normal(size=6), rng.normal(size=(6, 6)), rng.random(6))
    return PLDA(*(array.astype(np.float32) for array in arrays))


def test_plda_file_keeps_model_and_centre(plda: PLDA, tmp_path: Path) -> None:
    write_plda(tmp_path / "plda.npz", plda, plda.mean + 1)
    fitted, centred = read_plda(tmp_path / "plda.npz")
    for name in ("mean", "transform", "between"):
        np.testing.assert_array_equal(getattr(fitted, name), getattr(plda, name))
    np.testing.assert_array_equal(centred.mean, plda.mean + 1)


@pytest.mark.parametrize("damage", ["text", "shape", "nan", "missing"])
def test_damaged_plda_file_is_named(plda: PLDA, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "plda.npz"
    broken = {"shape": replace(plda, between=plda.between[1:]), "nan": replace(plda, mean=plda.mean * np.nan)}
    write_plda(path, broken.get(damage, plda), plda.mean)
    if damage == "text":
        path.write_text("no arrays")
    if damage == "missing":
        np.savez(path, mean=plda.mean)
    with pytest.raises(DamagedFileError, match=r"plda\.npz"):
        read_plda(path)
