"""How sure it is that a quadrilateral is a painting's outline: a logistic regression of the evidence."""

from __future__ import annotations

import numpy as np

from painter_search.images.photographs.evidence import NAMES
from painter_search.images.photographs.lines import Floats

POSSIBLE = 0.15
"""Sureness from which on an outline is looked at further: a person is asked, or the works of an index are."""
PAIRS = np.array(
    [
        [NAMES.index(one), NAMES.index(other)]
        for one, other in (
            ("least_support", "least_wall_outside"),
            ("least_support", "wall_elsewhere"),
            ("step", "wall_outside"),
            ("area", "margin"),
            ("change_outside", "border_spread"),
            ("beyond", "wall_elsewhere"),
            ("tilt", "least_wall_outside"),
            ("upright", "paper"),
            ("paper", "border_spread"),
            ("paper", "least_support"),
            ("upright", "least_support"),
        )
    ]
)
"""Evidence that means more, or less, together."""
# fmt: off
WEIGHTS = np.array([
    -3.62, 4.53, -11.2, -5, 4.51, -0.154, 6.24, 7.25, -1.42, -0.229, 0.231, -1.02, -0.556, 0.162, 0.389, -13,
    0.374, -4.89, 0.496, 6.53, 14.1, 4.5, -9.94, 1.56, -1.95, 7.79, 0.696, -2.18e-07, -1.14, -11.5, -0.118,
    -0.395, -0.174, -5.36, -0.957, -0.913, 6.61, -3.23, 0.772, 2.98, -0.46, -6.83, 3.12, -2.01, 0.718, 4.92,
    -0.336,
])
INTERCEPT = -18.109
# fmt: on
"""Fitted by `scripts/wall_compositions.py fit` to compositions from works of the training part, and to these works as
they are."""


FRAME_ODDS = 6.0
"""By how much a frame inside an outline raises the odds. Of training works with outlines that are neither sure nor
unlikely, 11 of 26 composed photographs have one, and none of 12 plain reproductions; less than that is believed."""


def with_frame(sure: float) -> float:
    """The sureness of an outline with a frame or passe-partout inside."""
    return FRAME_ODDS * sure / (FRAME_ODDS * sure + 1 - sure)


def sureness(evidence: Floats) -> Floats:
    """How sure each candidate is, 0 to 1, from `[n, len(NAMES)]` evidence."""
    exponent = np.clip(features(evidence) @ WEIGHTS + INTERCEPT, -50, 50)
    return np.asarray(1 / (1 + np.exp(-exponent)), np.float32)


def features(evidence: Floats) -> Floats:
    """The evidence, its squares and the products of `PAIRS`."""
    return np.hstack([evidence, evidence**2, evidence[:, PAIRS].prod(axis=2)])
