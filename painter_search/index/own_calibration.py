"""The calibration of an encoder moved to the works of an index, at every change of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from painter_search.index.manifest import THUMBNAILS, WORKS
from painter_search.index.vector_store.base import SearchSettings
from painter_search.index.vector_store.stores import open_vector_store
from painter_search.index.works.works_db import WorksDB
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import OWN_WORKS, fit_to_index
from painter_search.metrics.identification.plda_file import PLDA_FILE, read_plda
from painter_search.metrics.leave_one_out import draw_artists

LEARNED = ("train", "all")
"""Splits with works that an encoder may have learned from. Among them its artists look easier than they are."""


def calibrate_on_works(
    folder: Path, search: SearchSettings, split: str, confidence: Confidence | None
) -> Confidence | None:
    """The calibration for an index whose works, vectors and statistics lie in `folder`; see `fit_to_index`.

    Unchanged where the index has no PLDA, too few works, or works that the encoder may have learned from.
    """
    if confidence is None or split in LEARNED or not (folder / PLDA_FILE).is_file():
        return confidence
    works = WorksDB(folder / WORKS, folder / THUMBNAILS)
    ids, names = works.artists()
    works.close()
    numbers = np.unique(np.array(names, dtype=object), return_inverse=True)[1]
    drawn = draw_artists(numbers, OWN_WORKS, np.random.default_rng(0))
    embeddings = open_vector_store(folder, search).get(ids[drawn])
    return fit_to_index(confidence, embeddings, numbers[drawn], read_plda(folder / PLDA_FILE)[1])
