"""How far a map can be trusted, in words."""

from __future__ import annotations

import math

from painter_search.analysis.projection import trusted_neighbours


def describe_faithfulness(shown: int, total: int, kept: float, trustworthiness: float) -> str:
    """How far a map of `shown` works of `total` can be trusted; the two measures are those of `Projection`."""
    if math.isnan(trustworthiness):
        return "There are too few works to say how far the map can be trusted."
    count, among = trusted_neighbours(shown), "shown that are " if total > shown else ""
    return (
        f"Of the {count} works {among}nearest in style to a work, {100 * kept:.0f} % are among the {count} nearest on "
        f"the map; its trustworthiness is {trustworthiness:.2f} (1: all neighbours on the map are neighbours in style; "
        "about 0.5: as by chance). How far apart two groups lie means little."
    )
