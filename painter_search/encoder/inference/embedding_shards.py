"""Embeddings in Parquet shards, each complete or absent, so that an interrupted run continues where it stopped.

One machine embeds the shards one after another, a cluster many at once (`ray_embedding.py`); both use `embed_shard`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError, NotFoundError
from painter_search.common.files.atomic_io import remove_partial_files, write_file
from painter_search.common.files.urls import (
    Location,
    join_location,
    list_names,
    read_bytes_from,
    redact_url,
    write_bytes_to,
)
from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.encoder.config import EMBEDDING_SIZE
from painter_search.encoder.inference.embedding import GPU_BATCH, Embedder, embed_frames

SHARD_SIZE = 4 * GPU_BATCH
"""Works a shard (1 MB): the most that a killed worker loses. Whole batches, so that any order gives the same bits."""


class DamagedShardError(DamagedFileError):
    """A shard that is truncated, altered, or of other works."""


@dataclass(frozen=True)
class Shard:
    """Works that are embedded together and written as one file."""

    number: int
    first: int
    """The id of the first work; those of the others follow."""
    works: tuple[str, ...]
    """The name of each work."""
    frames: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.number:06d}.parquet"

    @property
    def ids(self) -> NDArray[np.int64]:
        """The works' ids: int64 `[n]`."""
        return np.arange(self.first, self.first + len(self.works))


def split_into_shards(works: Sequence[str], frames: Sequence[Path], first: int = 1) -> list[Shard]:
    """Divide works into shards of `SHARD_SIZE` works; their ids count from `first`."""
    shards = []
    for number, start in enumerate(range(0, len(works), SHARD_SIZE)):
        rows = slice(start, start + SHARD_SIZE)
        shards.append(Shard(number, first + start, tuple(works[rows]), tuple(frames[rows])))
    return shards


def missing_shards(shards: Sequence[Shard], location: Location) -> list[Shard]:
    """The shards that are absent from `location`, or damaged there."""
    if isinstance(location, Path) and location.is_dir():
        remove_partial_files(location)
    names, missing = list_names(location), []
    for shard in shards:
        try:
            if shard.name in names:
                read_shard(shard, location)
            else:
                missing.append(shard)
        except DamagedShardError as damage:
            logger.info(f"{damage} It is embedded again.")
            missing.append(shard)
    if len(missing) < len(shards):
        left, total = (sum(len(shard.works) for shard in some) for some in (missing, shards))
        logger.info(f"Continuing: {total - left:,} of {total:,} paintings were embedded before the interruption.")
    return missing


def embed_shards(embedder: Embedder, shards: Sequence[Shard], location: Location) -> None:
    """Embed and write shards, one after another."""
    steps = sum(-(-len(shard.works) // embedder.batch_size) for shard in shards)
    batches = chain.from_iterable(embed_shard(embedder, shard, location) for shard in shards)
    for _ in track(batches, "Embedding", steps):
        pass


def embed_shard(embedder: Embedder, shard: Shard, location: Location, threads: int = 0) -> Iterator[None]:
    """Embed the works of one shard and write it, as a generator that yields after every batch.

    `threads` decode frames meanwhile (0: one per core; 1: this thread decodes, too).
    """
    blocks = []
    for block in embed_frames(embedder, shard.frames, threads=threads):
        blocks.append(block)
        yield
    write_shard(shard, np.concatenate(blocks), location)


def write_shard(shard: Shard, embeddings: NDArray[np.float32], location: Location) -> None:
    """Write the embeddings `[n, d]` of a shard's works: columns `id` (int64), `embedding` (float32) and `work`."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    flat = pa.array(np.ascontiguousarray(embeddings, np.float32).ravel())
    table = pa.table(
        {
            "id": shard.ids,
            "embedding": pa.FixedSizeListArray.from_arrays(flat, embeddings.shape[1]),
            "work": [_as_text(work) for work in shard.works],
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file, compression="none", use_dictionary=False, write_page_checksum=True)
    write_bytes_to(location, shard.name, file.getvalue())


def read_shard(shard: Shard, location: Location) -> NDArray[np.float32]:
    """The embeddings of a shard's works: float32 `[n, d]`.

    Raises `FileNotFoundError` where it is absent, and `DamagedShardError` where it is damaged or of other works.
    """
    import pyarrow.parquet as parquet

    content, name = read_bytes_from(location, shard.name), redact_url(join_location(location, shard.name))
    embeddings: NDArray[np.float32]
    try:
        table = parquet.read_table(io.BytesIO(content), page_checksum_verification=True)
        column = table["embedding"].combine_chunks()
        embeddings = column.flatten().to_numpy().reshape(-1, column.type.list_size)
        ids, works = table["id"].to_numpy(), table["work"].to_pylist()
    except Exception as error:  # a damaged file makes Arrow raise anything
        raise DamagedShardError(f"the shard {name} is damaged.") from error
    if not np.array_equal(ids, shard.ids) or works != [_as_text(work) for work in shard.works]:
        raise DamagedShardError(f"the shard {name} is of other works.")
    if len(embeddings) != len(ids) or not np.isfinite(embeddings).all():
        raise DamagedShardError(f"the shard {name} has embeddings that are missing or not finite.")
    return embeddings


def join_shards(shards: Sequence[Shard], location: Location, file: Path) -> NDArray[np.float32]:
    """Write the embeddings of all shards into `file`, one shard at a time, and map it: float32 `[n, d]`.

    Raises `DamagedFileError` or `NotFoundError` where a shard is damaged or absent.
    """

    size = EMBEDDING_SIZE

    def write(temporary: Path) -> None:
        nonlocal size
        with temporary.open("wb") as rows:
            for shard in shards:
                embeddings = _read_written(shard, location)
                size = embeddings.shape[1]
                rows.write(embeddings.tobytes())

    write_file(file, write)
    return np.memmap(file, np.float32, "r").reshape(-1, size)


def _read_written(shard: Shard, location: Location) -> NDArray[np.float32]:
    try:
        return read_shard(shard, location)
    except DamagedShardError as damage:
        raise DamagedFileError(f"{damage} Run the same command again: it alone is embedded again.") from damage
    except FileNotFoundError:
        raise NotFoundError(
            f"the shard {shard.name} was written, but is not in {redact_url(location)}, which must be a folder that "
            "all workers share: give one, or a URL, with --shards."
        ) from None


def _as_text(work: str) -> str:
    """A work's name as Parquet takes it: bytes of a file name that are no UTF-8 are escaped."""
    return work.encode("utf-8", "backslashreplace").decode()
