"""The calibration of an encoder moved to the works of an index, at every change of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from painter_search.index.attribution_data import AttributionData
from painter_search.index.manifest import FileEntry, Manifest
from painter_search.index.own_works import OwnWorks
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import OWN_QUERIES, OWN_WORKS, can_fit_to_index, fit_to_index
from painter_search.metrics.identification.naming_threshold import LEAST_WORKS
from painter_search.metrics.identification.plda_file import PLDA_FILE

TRAINING_SPLITS = ("train", "all")
"""Splits with training works, which an encoder of their collection has learned from."""


def calibrated(manifest: Manifest, folder: Path) -> Manifest:
    """The manifest of an index whose works, vectors and statistics lie in `folder`, calibrated on these works.

    It keeps its encoder's calibration without PLDA, with too few works (see `can_fit_to_index`), and with works that
    the encoder may have learned from.
    """
    of_encoder = manifest.encoder_confidence or manifest.confidence
    moved = of_encoder
    if of_encoder is not None and not may_have_learned(manifest) and (folder / PLDA_FILE).is_file():
        moved = _fit_to_works(folder, manifest, of_encoder)
    return replace(manifest, confidence=moved, encoder_confidence=None if moved == of_encoder else of_encoder)


def may_have_learned(manifest: Manifest) -> bool:
    """Whether the encoder may have been trained on works of the index, whose artists then look easier than they are."""
    if manifest.split not in TRAINING_SPLITS:
        return False
    return manifest.trained_on is None or is_trained_on(manifest.trained_on, manifest.collections)


def is_trained_on(trained_on: Sequence[str] | None, collections: Iterable[str]) -> bool:
    """Whether one of the named collections is known to be among those that an encoder was trained on."""
    return not set(collections).isdisjoint(trained_on or ())


def _fit_to_works(folder: Path, manifest: Manifest, confidence: Confidence) -> Confidence:
    named = {PLDA_FILE: FileEntry(0, "")}  # as the manifest will name it
    index = AttributionData(folder, replace(manifest, confidence=confidence, files=named))
    works = OwnWorks(index, OWN_WORKS, np.random.default_rng(0))
    if can_fit_to_index(confidence, works.sample[1]):
        rows = works.draw(OWN_QUERIES, np.random.default_rng(0))
        if len(rows) >= LEAST_WORKS:
            confidence = fit_to_index(confidence, works.query(rows), works.numbers[rows], works.sample)
    index.works.close()
    return confidence
