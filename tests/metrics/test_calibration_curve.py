import numpy as np
import pytest

from painter_search.common.errors import NotEnoughDataError
from painter_search.metrics.calibration_curve import calibration_curve


def test_error_debiased_is_zero_for_calibrated_probabilities_only() -> None:
    rng = np.random.default_rng(0)
    honest = rng.random(20_000)
    outcomes = rng.random(20_000) < honest
    assert calibration_curve(honest, outcomes).error_debiased < 0.01
    boasting = np.clip(1.6 * (honest - 0.5) + 0.5, 0.01, 0.99)
    assert calibration_curve(boasting, outcomes).error_debiased > 0.05


def test_calibration_curve_equals_loop() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(200)
    y = rng.random(200) < 0.4
    found = calibration_curve(p, y, bins=10)
    order = np.argsort(p)
    groups = [order[start : start + 20] for start in range(0, 200, 20)]
    gaps = [abs(p[group].mean() - y[group].mean()) for group in groups]
    bias = [y[group].mean() * (1 - y[group].mean()) / 19 for group in groups]
    assert found.error == pytest.approx(np.mean(gaps))
    squared = np.mean([gap**2 - chance for gap, chance in zip(gaps, bias, strict=True)])
    assert found.error_debiased == pytest.approx(np.sqrt(max(0, squared)))
    assert found.brier == pytest.approx(np.mean([(a - b) ** 2 for a, b in zip(p, y, strict=True)]))
    assert found.brier_constant == pytest.approx(y.mean() * (1 - y.mean()))


def test_error_debiased_removes_what_chance_adds() -> None:
    rng = np.random.default_rng(0)
    plain, debiased = [], []
    for _ in range(200):
        p = rng.random(100)
        found = calibration_curve(p, rng.random(100) < p)
        plain.append(found.error)
        debiased.append(found.error_debiased)
    assert np.mean(plain) > 0.08
    assert np.median(debiased) < 0.05


def test_calibration_curve_ignores_order_of_equal_probabilities() -> None:
    p = np.array([0.2] * 30 + [0.8] * 30)
    y = np.array([0, 1] * 30, bool)
    shuffled = np.random.default_rng(0).permutation(60)
    assert calibration_curve(p, y).error == pytest.approx(calibration_curve(p[shuffled], y[shuffled]).error)


def test_calibration_curve_refuses_too_few_cases() -> None:
    with pytest.raises(NotEnoughDataError, match="too few"):
        calibration_curve(np.full(5, 0.5), np.ones(5, bool))
