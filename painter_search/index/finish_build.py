"""The end of every build: the embeddings stored to be searched, and the finished folder made the current index."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np

from painter_search.collection.work import Work
from painter_search.common.log import logger
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.names import PLDA_FILE
from painter_search.encoder.files.plda_file import write_plda
from painter_search.encoder.trained_artists import count_trained
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.index.calibration.recalibration import recalibrate
from painter_search.index.config import BuildIndexConfig
from painter_search.index.index_statistics import update_index_statistics
from painter_search.index.manifest import Manifest, publish_index
from painter_search.index.vector_store.base import EMBEDDINGS, SearchSettings, Vectors
from painter_search.index.vector_store.faiss_build import build_faiss
from painter_search.index.vector_store.stores import discarded_on_failure


def store_vectors(vectors: Vectors, staging: Path, config: BuildIndexConfig, made_by: str) -> SearchSettings:
    """Write the embeddings `[n, d]` of the works 1 to n into `staging`, or into Milvus; returns how they are searched.

    `made_by` identifies what made them, for Milvus.
    """
    if config.vector_store is None:
        return build_faiss(vectors, staging, config.exact, config.memory, config.recall)
    from painter_search.index.vector_store.milvus import fill_milvus

    return fill_milvus(vectors, np.arange(1, len(vectors) + 1), config.vector_store, made_by)


def publish_built(
    staging: Path,
    index_dir: Path,
    works: Sequence[Work],
    search: SearchSettings,
    encoder: Encoder | None,
    *,
    encoder_config: EncoderConfig,
    split: str,
    picture_size: int = THUMBNAIL_SIDE,
) -> Path:
    """Make `staging`, whose vectors, works and pictures are complete, the current index of `index_dir`.

    Args:
        staging: The folder, which is moved.
        index_dir: The folder of indexes, which is locked.
        works: The works 1 to n.
        search: How their vectors are searched.
        encoder: What embedded them; None for embeddings made elsewhere that came without an encoder.
        encoder_config: Its settings, or what is known of it.
        split: See `Manifest.split`.
        picture_size: Long side in pixels of the largest pictures.

    Returns:
        The folder of the index.
    """
    artists = {work.artist for work in works}
    with discarded_on_failure(search):
        if encoder is not None and encoder.plda is not None and encoder.confidence is not None:
            write_plda(staging / PLDA_FILE, encoder.plda, encoder.plda.mean)
        if search.name != "approximate":
            (staging / EMBEDDINGS).unlink(missing_ok=True)  # the vector store has them
        manifest = Manifest(
            framing="whole" if encoder is None else encoder.framing,
            encoder=encoder_config,
            search=search,
            works=len(works),
            artists=len(artists),
            collections=tuple(sorted({work.collection for work in works})),
            split=split,
            next_id=len(works) + 1,
            picture_size=picture_size,
            trained_on=None if encoder is None else encoder.trained_on,
            trained_artists=None if encoder is None else encoder.trained_artists,
            mean_distance=update_index_statistics(staging, search),
            confidence=None if encoder is None else encoder.confidence,
        )
        manifest = recalibrate(manifest, staging)
        folder = publish_index(staging, index_dir, manifest)
    if split == "folder":
        _tell_of_learned(manifest, artists)
    return folder


def _tell_of_learned(manifest: Manifest, artists: Set[str]) -> None:
    """Say which artists of a folder or table the encoder learned from: ordinary where new pictures are asked about."""
    learned = count_trained(manifest.trained_artists or (), artists)
    if not learned.trained:
        return
    calibration = ""
    if manifest.confidence is not None and manifest.encoder_confidence is None:
        calibration = ", and the encoder's own calibration is kept"
    elif manifest.confidence is not None:
        on_others = manifest.confidence.measured_artists <= learned.artists - learned.trained
        works = "the others" if on_others else "all of them, which makes them more cautious"
        calibration = f", and its probabilities are calibrated on {works}"
    logger.info(
        f"The encoder was trained or validated on {learned.trained:,} of these {learned.artists:,} artists: "
        f"scores of this index flatter it{calibration}."
    )
