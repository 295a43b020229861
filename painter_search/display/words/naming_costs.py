"""What giving names costs with the threshold in use, in words."""

from __future__ import annotations

from painter_search.display.words.error_rates import read_error_rates
from painter_search.index.painting_index import PaintingIndex

FILTERED = (
    "This was measured with all works of the index. Among those alone that were compared, probabilities are higher, "
    "and names wrong more often."
)


def naming_costs(index: PaintingIndex) -> str:
    """How often answers are wrong: as was measured in trials with the index, or else as its calibration says.

    Empty where that is not known.
    """
    measured = read_error_rates(index) if index.names_by_default else ""
    costs = measured or ("" if index.naming_threshold is None else str(index.naming_threshold))
    return f"{costs} {FILTERED}" if costs and index.selection is not None else costs
