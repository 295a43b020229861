"""The calibration that is stored with an encoder, read and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from painter_search.common.errors import DamagedFileError
from painter_search.common.files.stored import from_stored
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.identification.naming_threshold import GRID


def read_confidence(stored: object, source: Path) -> Confidence | None:
    """A stored calibration, None for None; raises `DamagedFileError`, which names `source`, where it is damaged."""
    if stored is None:
        return None
    try:
        confidence = from_stored(Confidence, cast("Mapping[str, Any]", stored))
        numbers = (
            *confidence.same_artist_weights,
            *confidence.artist_known_weights,
            confidence.sharpness,
            confidence.threshold,
            *(confidence.share_weights or ()),
            *(confidence.known_weights or ()),
            *confidence.strangers,
            *confidence.right,
        )
        valid = (
            len(confidence.same_artist_weights) == 2
            and len(confidence.artist_known_weights) == 4
            and (confidence.share_weights is None or len(confidence.share_weights) == 2)
            and (confidence.known_weights is None or len(confidence.known_weights) == 3)
            and len(confidence.strangers) == len(confidence.right)
            and len(confidence.right) in (0, len(GRID))
            and all(map(math.isfinite, numbers))
        )
        counts = (confidence.artists, confidence.works, confidence.measured_artists, confidence.measured_works)
        if not valid or not all(isinstance(count, int) for count in counts):
            raise ValueError(confidence)
    except (AttributeError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{source} has a damaged calibration; copy it again, or train again.") from error
    return confidence
