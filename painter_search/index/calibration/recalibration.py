"""The calibration of an encoder moved to the works of an index, at every change of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from painter_search.encoder.files.names import PLDA_FILE
from painter_search.encoder.trained_artists import find_trained
from painter_search.index.attribution_data import AttributionData
from painter_search.index.calibration.leave_one_out_index import LeaveOneOutIndex
from painter_search.index.manifest import FileEntry, Manifest
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.confidence_fit import can_fit_to_index, fit_to_index
from painter_search.metrics.identification.naming_threshold import LEAST_WORKS

if TYPE_CHECKING:  # works are added and removed without PyTorch
    from painter_search.encoder.encoder import Encoder

TRAINING_SPLITS = ("train", "all")
"""Splits with training works, which an encoder of their collection has learned from."""
SAMPLED_WORKS = 1_000
"""Artists of an index are drawn until they have about this many works, for the probabilities of pairs; see
`draw_artists`."""
MAX_QUERIES = 150
"""Works of an index, at most, that it is queried with."""


def recalibrate(manifest: Manifest, folder: Path) -> Manifest:
    """The manifest of an index whose works, vectors and statistics lie in `folder`, calibrated on these works.

    Works by artists that the encoder may have learned from seem nearer to each other than works by others. They count
    where others are too few (see `can_fit_to_index`) and even they make the calibration of an index of test works or of
    a folder more cautious. Else the encoder's calibration is kept, and so it is without PLDA.
    """
    of_encoder = manifest.encoder_confidence or manifest.confidence
    moved = of_encoder
    if of_encoder is not None and (folder / PLDA_FILE).is_file():
        moved = _fit_to_works(folder, manifest, of_encoder)
    return replace(manifest, confidence=moved, encoder_confidence=None if moved == of_encoder else of_encoder)


def find_learned(manifest: Manifest, artists: Collection[str]) -> set[str]:
    """Which artists of an index its encoder may have learned from."""
    if manifest.trained_artists is not None:
        return find_trained(manifest.trained_artists, artists)
    trained = manifest.trained_on is None or is_trained_on(manifest, manifest.collections)
    return set(artists) if trained and manifest.split in TRAINING_SPLITS else set()


def is_trained_on(encoder: Encoder | Manifest, collections: Iterable[str]) -> bool:
    """Whether an encoder was trained on one of the named collections, as far as names tell.

    They tell nothing where its artists are known: a collection may be divided anew or renamed.
    """
    return encoder.trained_artists is None and not set(collections).isdisjoint(encoder.trained_on or ())


def _fit_to_works(folder: Path, manifest: Manifest, confidence: Confidence) -> Confidence:
    named = {PLDA_FILE: FileEntry(0, "")}  # as the manifest will name it
    index = AttributionData(folder, replace(manifest, confidence=confidence, files=named))
    learned = find_learned(manifest, index.artists.names)
    fitted = _fit_without(learned, index, confidence)
    if fitted is None and learned and manifest.split not in TRAINING_SPLITS:
        on_all = _fit_without(set(), index, confidence) or confidence
        fitted = min(confidence, on_all, key=_artists_known)  # works learned from only make it too sure
    index.works.close()
    return fitted or confidence


def _fit_without(learned: set[str], index: AttributionData, confidence: Confidence) -> Confidence | None:
    """The calibration moved to the works of an index by other artists; None if they are too few."""
    queried = LeaveOneOutIndex(index, SAMPLED_WORKS, np.random.default_rng(0), learned)
    sample = queried.queried_sample
    if not can_fit_to_index(confidence, sample.artists):
        return None
    rows = queried.draw(MAX_QUERIES, np.random.default_rng(0))
    if len(rows) < LEAST_WORKS:
        return None
    return fit_to_index(confidence, queried.query(rows), queried.numbers[rows], sample)


def _artists_known(confidence: Confidence) -> float:
    """The offset of the probability that a query's artist is in the index; `fit_to_index` moves nothing else of it."""
    return -np.inf if confidence.known_weights is None else confidence.known_weights[0]
