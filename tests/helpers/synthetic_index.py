"""Indexes of drawn embeddings, without pictures to embed: of any number of works, and quickly made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.work import Work
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.files.names import PLDA_FILE
from painter_search.encoder.files.plda_file import write_plda
from painter_search.images.fingerprint import SIDE
from painter_search.index.index_statistics import update_index_statistics
from painter_search.index.manifest import MADE_ELSEWHERE, THUMBNAILS, WORKS, FileEntry, Manifest
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store.faiss_build import build_faiss
from painter_search.index.works.works_writer import write_thumbnails, write_works
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.identification.plda import PLDA


def clustered(
    artists: int, works: int, seed: int, spread: float = 1.1
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Works on the unit sphere in 32 dimensions, scattered around their artists, and the number of each artist."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(artists), works)
    vectors = rng.normal(size=(artists, 32))[numbers] + spread * rng.normal(size=(len(numbers), 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), numbers


def synthetic_index(
    folder: Path,
    vectors: NDArray[np.float32],
    numbers: NDArray[np.int64],
    confidence: Confidence | None = None,
    plda: PLDA | None = None,
    *,
    pictures: NDArray[np.int64] | None = None,
) -> PaintingIndex:
    """An index of embeddings `[n, d]` by artists `[n]`; works with the same number in `pictures` are copies."""
    folder.mkdir(parents=True)
    pictures = np.arange(len(numbers)) if pictures is None else pictures
    patches = np.random.default_rng(0).integers(0, 256, (pictures.max() + 1, 4, 4, 3), dtype=np.uint8)
    drawn = patches.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2)
    rows = [
        (id, Work("c", f"{id}.jpg", f"Artist {number:05d}"), drawn[picture].tobytes() + np.float32(1).tobytes())
        for id, (number, picture) in enumerate(zip(numbers, pictures, strict=True), start=1)
    ]
    write_works(folder / WORKS, rows)
    write_thumbnails(folder / THUMBNAILS, ((id, b"") for id, *_ in rows))
    (folder / "embeddings.f32").write_bytes(vectors.tobytes())
    search = build_faiss(vectors, folder, False, "8GB", 0.95)
    if plda is not None:
        write_plda(folder / PLDA_FILE, plda, plda.mean)
    manifest = Manifest(
        framing="whole",
        encoder=EncoderConfig(MADE_ELSEWHERE, views="center", normalize=True),
        search=search,
        works=len(numbers),
        artists=len(np.unique(numbers)),
        collections=("c",),
        split="folder",
        mean_distance=update_index_statistics(folder, search),
        confidence=confidence,
        files={} if plda is None else {PLDA_FILE: FileEntry(0, "")},
    )
    return PaintingIndex(folder, manifest)
