"""How often the answers of an index are wrong, in one sentence that is kept next to the index."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.common.errors import PainterSearchError
from painter_search.common.files.atomic_io import read_json, write_json
from painter_search.index.painting_index import PaintingIndex

if TYPE_CHECKING:  # an answer only reads the sentence
    from painter_search.analysis.reliability import IndexReliability


def error_rates_sentence(reliability: IndexReliability | None) -> str:
    """The two error rates that matter, as counts of 100; empty where they were not measured, or on too little."""
    if reliability is None or not reliability.enough:
        return ""
    if reliability.true_named is None or reliability.false_named is None:
        return ""
    right = 100 * reliability.first_artist.value * reliability.true_named
    wrong = 100 * reliability.false_named
    return (
        f"In trials with {reliability.queries:,} of this index's own works by {reliability.queried_artists:,} artists: "
        f"of 100 paintings by artists in it, {right:.0f} were rightly named; of 100 by artists not in it, "
        f"{wrong:.0f} were named all the same."
    )


def keep_error_rates(index: PaintingIndex, reliability: IndexReliability | None) -> None:
    """Keep the sentence next to the index, so that no answer needs to wait for the measurement."""
    if not index.folder.is_dir():
        return  # removed meanwhile, and not to be made anew
    with suppress(OSError):  # the folder may be read-only
        write_json(_path(index), {"index": index.digest, "error_rates": error_rates_sentence(reliability)})


def read_error_rates(index: PaintingIndex) -> str:
    """The sentence that was kept; empty if there is none."""
    path = _path(index)
    if not path.is_file():
        return ""
    try:
        kept = read_json(path)
    except PainterSearchError:
        return ""
    sentence = kept.get("error_rates") if isinstance(kept, dict) else None
    return sentence if isinstance(sentence, str) else ""


def _path(index: PaintingIndex) -> Path:
    return index.folder.with_name(f".reliability-{index.digest}.json")
