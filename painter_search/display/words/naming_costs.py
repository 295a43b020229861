"""What giving names costs with the threshold in use, in words."""

from __future__ import annotations

from painter_search.display.words.error_rates import read_error_rates
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.identification.naming_threshold import NamingThreshold

FILTERED = (
    "This was measured with all works of the index. Among those alone that were compared, probabilities are higher, "
    "and names wrong more often."
)


def naming_costs(index: PaintingIndex) -> str:
    """How often answers are wrong: as was measured in trials with the index, or else as its calibration says.

    Empty where that is not known.
    """
    measured = read_error_rates(index) if index.names_by_default else ""
    threshold = index.naming_threshold
    costs = measured or ("" if threshold is None else _threshold_costs(threshold, index))
    return f"{costs} {FILTERED}" if costs and index.selection is not None else costs


def _threshold_costs(threshold: NamingThreshold, index: PaintingIndex) -> str:
    whose = (
        " when the encoder was calibrated; on this index it was not measured"
        if index.manifest.encoder_confidence is None
        else " of this index"
    )
    return (
        f"With this threshold {100 * threshold.false_names:.0f} of 100 works by artists not in the index are given a "
        f"name, and {100 * threshold.true_names:.0f} of 100 whose artist ranks first keep it, as measured on "
        f"{threshold.works:,} works by {threshold.artists:,} artists{whose}."
    )
