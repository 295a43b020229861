"""The learning rate's schedule."""

from __future__ import annotations

import math

WARM_UP = 0.1
"""Share of all steps in which the learning rate rises linearly."""


def learning_rate_factor(step: int, steps: int) -> float:
    """The learning rate at `step` (from 0) of `steps`, as a share of its maximum: linear warm-up times a cosine decay.

    It depends on the step alone, so that a checkpoint needs no state of a scheduler. `LambdaLR` gives the same rates
    to the bit, but enters the next step's rate and `initial_lr` into the optimizer's state, which older checkpoints
    do not have; `SequentialLR` of `LinearLR` and `CosineAnnealingLR` gives others, as the cosine begins after warm-up.
    """
    progress = step / steps
    return min(1.0, (progress + 1 / steps) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * progress))
