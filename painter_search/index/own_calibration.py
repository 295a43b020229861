"""The calibration of an encoder moved to the works of an index, at every change of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from painter_search.index.manifest import THUMBNAILS, WORKS, Manifest
from painter_search.index.vector_store.stores import open_vector_store
from painter_search.index.works.works_db import WorksDB
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import OWN_WORKS, fit_to_index
from painter_search.metrics.identification.plda_file import PLDA_FILE, read_plda
from painter_search.metrics.leave_one_out import draw_artists

LEARNED = ("train", "all")
"""Splits with works that an encoder may have learned from. Among them its artists look easier than they are."""


def calibrated(manifest: Manifest, folder: Path) -> Manifest:
    """The manifest of an index whose works, vectors and statistics lie in `folder`, calibrated on these works.

    It keeps its encoder's calibration without PLDA, with too few works (see `fit_to_index`), and with works that the
    encoder may have learned from.
    """
    of_encoder = manifest.encoder_confidence or manifest.confidence
    moved = of_encoder
    if of_encoder is not None and manifest.split not in LEARNED and (folder / PLDA_FILE).is_file():
        moved = _fit_to_works(folder, manifest, of_encoder)
    return replace(manifest, confidence=moved, encoder_confidence=None if moved == of_encoder else of_encoder)


def _fit_to_works(folder: Path, manifest: Manifest, confidence: Confidence) -> Confidence:
    works = WorksDB(folder / WORKS, folder / THUMBNAILS)
    ids, names = works.artists()
    numbers = np.unique(np.array(names, dtype=object), return_inverse=True)[1]
    drawn = draw_artists(numbers, OWN_WORKS, np.random.default_rng(0))
    drawn = drawn[works.first_of_each_picture(ids[drawn])]
    works.close()
    embeddings = open_vector_store(folder, manifest.search).get(ids[drawn])
    plda, _ = read_plda(folder / PLDA_FILE)
    return fit_to_index(confidence, embeddings, numbers[drawn], plda)
