"""Embeddings in Parquet shards, each whole or absent: what an interrupted run has written is never embedded again.

One machine embeds the shards one after another, a cluster many at once (`cluster.py`); what embeds and writes a shard
is the same function.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from painter_search.encoder.embedding import GPU_BATCH, Embedder, embed_frames
from painter_search.encoder.settings import EMBEDDING_SIZE
from painter_search.errors import UserError
from painter_search.folders import sweep, write_file
from painter_search.places import Place, names_at, read_bytes_at, shown, within, write_bytes_at
from painter_search.progress import say, track

SHARD = 4 * GPU_BATCH
"""Works a shard, 1 MB: what a killed worker loses at most. Whole batches, so that any order gives the same bits."""


class DamagedShardError(UserError):
    """A shard that is not what was written."""


@dataclass(frozen=True)
class Shard:
    """Works that are embedded together and written as one file."""

    number: int
    first: int
    """The id of the first work; those of the others follow."""
    works: tuple[str, ...]
    """What each work is known by."""
    frames: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Its file."""
        return f"{self.number:06d}.parquet"

    @property
    def ids(self) -> NDArray[np.int64]:
        """The works' ids: int64 `[n]`."""
        return np.arange(self.first, self.first + len(self.works))


def cut_shards(works: Sequence[str], frames: Sequence[Path], first: int = 1) -> list[Shard]:
    """Divide works into shards; their ids count from `first`."""
    starts = range(0, len(works), SHARD)
    return [
        Shard(number, first + start, tuple(works[start : start + SHARD]), tuple(frames[start : start + SHARD]))
        for number, start in enumerate(starts)
    ]


def unwritten(shards: Sequence[Shard], place: Place) -> list[Shard]:
    """The shards that `place` does not have, or not whole."""
    if isinstance(place, Path) and place.is_dir():
        sweep(place)
    there, missing = names_at(place), []
    for shard in shards:
        try:
            if shard.name in there:
                read_shard(shard, place)
            else:
                missing.append(shard)
        except DamagedShardError as damage:
            say(f"{damage} It is embedded again.")
            missing.append(shard)
    if len(missing) < len(shards):
        done, total = (sum(len(shard.works) for shard in some) for some in (missing, shards))
        say(f"Continuing: {total - done:,} of {total:,} paintings were embedded before the interruption.")
    return missing


def embed_shards(embedder: Embedder, shards: Sequence[Shard], place: Place) -> None:
    """Embed and write shards, one after another."""
    steps = sum(-(-len(shard.works) // embedder.at_once) for shard in shards)
    for _ in track(chain.from_iterable(embed_shard(embedder, shard, place) for shard in shards), "Embedding", steps):
        pass


def embed_shard(embedder: Embedder, shard: Shard, place: Place, threads: int = 0) -> Iterator[None]:
    """Embed the works of one shard and write it, as a generator that stops for a moment after every batch.

    Frames are decoded by `threads` (0: one per core; 1: by this very thread).
    """
    blocks = []
    for block in embed_frames(embedder, shard.frames, threads=threads):
        blocks.append(block)
        yield
    write_shard(shard, np.concatenate(blocks), place)


def write_shard(shard: Shard, embeddings: NDArray[np.float32], place: Place) -> None:
    """Write the embeddings `[n, 256]` of a shard's works: columns `id` (int64), `embedding` (float32) and `work`."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    flat = pa.array(np.ascontiguousarray(embeddings, np.float32).ravel())
    table = pa.table(
        {
            "id": shard.ids,
            "embedding": pa.FixedSizeListArray.from_arrays(flat, EMBEDDING_SIZE),
            "work": [_as_text(work) for work in shard.works],
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file, compression="none", use_dictionary=False, write_page_checksum=True)
    write_bytes_at(place, shard.name, file.getvalue())


def read_shard(shard: Shard, place: Place) -> NDArray[np.float32]:
    """The embeddings of a shard's works: float32 `[n, 256]`.

    Raises `FileNotFoundError` where it is not written, and `DamagedShardError` where it is not whole or of other works.
    """
    import pyarrow.parquet as parquet

    content, where = read_bytes_at(place, shard.name), shown(within(place, shard.name))
    try:
        table: Any = parquet.read_table(io.BytesIO(content), page_checksum_verification=True)
        embeddings = table["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, EMBEDDING_SIZE)
        ids, works = table["id"].to_numpy(), table["work"].to_pylist()
    except Exception as error:  # a damaged file makes Arrow raise anything
        raise DamagedShardError(f"the shard {where} is not whole.") from error
    if not np.array_equal(ids, shard.ids) or works != [_as_text(work) for work in shard.works]:
        raise DamagedShardError(f"the shard {where} is of other works.")
    if len(embeddings) != len(ids) or not np.isfinite(embeddings).all():
        raise DamagedShardError(f"the shard {where} has no sound embeddings.")
    return embeddings


def join_shards(shards: Sequence[Shard], place: Place, file: Path) -> NDArray[np.float32]:
    """Write the embeddings of all shards into `file`, one shard at a time, and map it: float32 `[n, 256]`."""

    def write(beside: Path) -> None:
        with beside.open("wb") as rows:
            for shard in shards:
                rows.write(_read_written(shard, place).tobytes())

    write_file(file, write)
    return np.memmap(file, np.float32, "r").reshape(-1, EMBEDDING_SIZE)


def _read_written(shard: Shard, place: Place) -> NDArray[np.float32]:
    try:
        return read_shard(shard, place)
    except DamagedShardError as damage:
        raise UserError(f"{damage} Run the same command again: it alone is embedded again.") from damage
    except FileNotFoundError:
        raise UserError(
            f"the shard {shard.name} was written and is not in {shown(place)}, which must be a folder that all workers "
            "share: give one, or a URL, with --shards."
        ) from None


def _as_text(work: str) -> str:
    return work.encode("utf-8", "backslashreplace").decode()
