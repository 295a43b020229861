"""Embeddings written to a file as they come, so that an interrupted run continues where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.encoder.embedding import BATCH, Embedder, embed_frames
from painter_search.encoder.settings import EMBEDDING_SIZE
from painter_search.progress import say, track

ROW_BYTES = EMBEDDING_SIZE * 4


def embed_to_file(embedder: Embedder, frames: Sequence[Path], file: Path) -> NDArray[np.float32]:
    """Embed frames into `file` and map it: float32 `[n, 256]`.

    What an earlier run of the same frames left there is kept.
    """
    with file.open("ab") as rows:
        # Whole batches only: the same batches as in an undisturbed run give the same bits.
        done = rows.tell() // ROW_BYTES
        done = len(frames) if done >= len(frames) else done // BATCH * BATCH
        rows.truncate(done * ROW_BYTES)
    if done:
        say(f"Continuing: {done:,} of {len(frames):,} paintings were embedded before the interruption.")
    steps = -(-(len(frames) - done) // BATCH)
    with file.open("ab") as rows:
        for block in track(embed_frames(embedder, frames[done:], BATCH), "Embedding", total=steps):
            rows.write(block.tobytes())
    return np.memmap(file, np.float32, "r").reshape(-1, EMBEDDING_SIZE)
