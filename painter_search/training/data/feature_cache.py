"""What a frozen backbone gives for every work, computed once and kept on disk during a training.

Whatever is measured of an encoder with that backbone, its embeddings come from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.atomic_io import digest_bytes
from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.common.stored import to_stored
from painter_search.common.threads import map_prefetched
from painter_search.encoder.backbone_features import FeatureReader, embed_features, new_layer
from painter_search.encoder.embedding import mean_over_views
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.views import MAX_VIEWS, View, make_views
from painter_search.images.framing import read_frame
from painter_search.training.distributed import barrier, rank, world_size

SUFFIX = ".partial"
"""Of the cache in a run's folder; it is deleted at the end of the training."""
BLOCK = 256
"""Works that are embedded from the cache at once."""
LARGEST = float(np.finfo(np.float16).max)


class Features(Protocol):
    """The features of works, which are numbered from 0."""

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """One view's features of each of these works: float32 `[n, width]`; `views` are taken modulo `MAX_VIEWS`."""

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        """The features of all views of these works: float32 `[n * MAX_VIEWS, width]`."""

    def embed_rows(self, encoder: EncoderNetwork, rows: Sequence[int]) -> NDArray[np.float32]:
        """The embeddings of these works, means over their views, by an encoder with this backbone: `[n, 256]`."""

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        """The embeddings of works given by their frames, likewise."""


class FeatureCache:
    """Features in files, float16 `[MAX_VIEWS, width]` a work; one with fewer views has them repeated in order."""

    def __init__(self, files: Sequence[Path], paths: Sequence[Sequence[Path]], width: int) -> None:
        """Map the files, one a process, that hold the features of these frames; one without frames has no file."""
        kind = _record(width)
        parts = zip(files, paths, strict=True)
        self._parts = [np.memmap(file, kind, "r", shape=(len(of_file),)) for file, of_file in parts if of_file]
        self._starts = np.cumsum([0] + [len(part) for part in self._parts])
        self._row = {path: row for row, path in enumerate(path for of_file in paths for path in of_file)}
        self._width = width

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self._read(rows.numpy(), views.numpy() % MAX_VIEWS))

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        return torch.from_numpy(self._read(np.asarray(rows)).reshape(-1, self._width))

    @torch.inference_mode()
    def embed_rows(self, encoder: EncoderNetwork, rows: Sequence[int]) -> NDArray[np.float32]:
        blocks = []
        for start in range(0, len(rows), BLOCK):
            block = np.asarray(rows[start : start + BLOCK])
            counts = self._pick(block, "count").astype(np.int64)
            views = self._read(block)[np.arange(MAX_VIEWS) < counts[:, None]]
            embeddings = embed_features(encoder, torch.from_numpy(views).to(encoder.device)).float().cpu().numpy()
            blocks.append(mean_over_views(embeddings, counts, encoder.config.normalize))
        return np.concatenate(blocks)

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        return self.embed_rows(encoder, [self._row[path] for path in paths])

    def _read(self, rows: NDArray[np.int64], views: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """All views of these works `[n, MAX_VIEWS, width]`, or one of each `[n, width]`."""
        return np.asarray(self._pick(rows, "views", views), np.float32)

    def _pick(self, rows: NDArray[np.int64], field: str, views: NDArray[np.int64] | None = None) -> NDArray[np.generic]:
        part_of_row = np.searchsorted(self._starts, rows, "right") - 1
        found: NDArray[np.generic] | None = None
        for number in np.unique(part_of_row):
            here = part_of_row == number
            within = rows[here] - self._starts[number]
            column = self._parts[number][field]
            picked = column[within] if views is None else column[within, views[here]]
            if found is None:
                found = np.empty((len(rows), *picked.shape[1:]), picked.dtype)
            found[here] = picked
        assert found is not None
        return found


class FeatureCacheSubset:
    """The features of some of the works, numbered anew from 0."""

    def __init__(self, features: Features, rows: NDArray[np.int64]) -> None:
        self._features, self._rows = features, rows

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        return self._features.rows(torch.from_numpy(self._rows[rows.numpy()]), views)

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        return self._features.every_view([int(self._rows[row]) for row in rows])

    def embed_rows(self, encoder: EncoderNetwork, rows: Sequence[int]) -> NDArray[np.float32]:
        return self._features.embed_rows(encoder, [int(self._rows[row]) for row in rows])

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        return self._features.embed(encoder, paths)


@contextmanager
def cached_features(encoder: EncoderNetwork, paths: Sequence[Path], folder: Path) -> Iterator[FeatureCache]:
    """Compute the features of frames, each process its share, and delete them at the end.

    They are written to `folder` as they come, so that an interrupted training continues where it stopped; it begins
    anew where it has other frames to look at.
    """
    width = new_layer(encoder)[1]
    paths = list(dict.fromkeys(paths))
    bounds = np.linspace(0, len(paths), world_size() + 1).astype(int)
    shares = [paths[bounds[part] : bounds[part + 1]] for part in range(world_size())]
    files = [
        folder / f"features-{_digest(encoder, share)}-{part}-of-{world_size()}{SUFFIX}"
        for part, share in enumerate(shares)
    ]
    _write_features(encoder, shares[rank()], files[rank()], width)
    barrier()
    yield FeatureCache(files, shares, width)
    barrier()
    if rank() == 0:
        for file in folder.glob(f"*{SUFFIX}*"):  # those of an interruption with other frames, too
            file.unlink(missing_ok=True)


def _record(width: int) -> np.dtype[np.void]:
    """A work in the file: how many views it has, and their features, repeated in order."""
    return np.dtype([("count", np.uint16), ("views", np.float16, (MAX_VIEWS, width))])


def _digest(encoder: EncoderNetwork, paths: Sequence[Path]) -> str:
    """Identifies frames, wherever their collections lie, and how they are looked at."""
    names = ["/".join(path.parts[-3:]) for path in paths]
    return digest_bytes(repr((to_stored(encoder.config), names)).encode("utf-8", "surrogatepass"))[:12]


def _write_features(encoder: EncoderNetwork, paths: Sequence[Path], file: Path, width: int) -> None:
    """Append the features of the works that the file lacks."""
    kind = _record(width)
    with file.open("ab") as out:
        # Continue after whole groups only: the same groups as in an uninterrupted run give the same bits.
        done = out.tell() // kind.itemsize
        if done < len(paths):
            reader = FeatureReader(encoder)
            group_size = reader.batch_size // MAX_VIEWS  # works that fill a forward pass
            done = done // group_size * group_size
            out.truncate(done * kind.itemsize)
            if done:
                logger.info(f"Continuing: {done:,} of {len(paths):,} paintings were looked at before the interruption.")
            views = map_prefetched(
                lambda path: make_views(read_frame(path), encoder.config), paths[done:], 8 * group_size
            )
            groups = iter(lambda: list(islice(views, group_size)), [])
            for group in track(groups, "Looking at the paintings", total=-(-(len(paths) - done) // group_size)):
                out.write(_compute_features(reader, group, kind).tobytes())


def _compute_features(
    reader: FeatureReader, group: Sequence[Sequence[View]], kind: np.dtype[np.void]
) -> NDArray[np.void]:
    """The records of works given as their views."""
    records = np.empty(len(group), kind)
    records["count"] = [len(views) for views in group]
    flat = [(work, number) for work, views in enumerate(group) for number in range(len(views))]
    sides = np.array([group[work][number].shape[-1] for work, number in flat])
    for side in np.unique(sides):
        chunk = [flat[position] for position in np.flatnonzero(sides == side)]
        features = reader.read(np.stack([group[work][number] for work, number in chunk]))
        for (work, number), row in zip(chunk, features.clip(-LARGEST, LARGEST), strict=True):
            records["views"][work, number :: len(group[work])] = row
    return records
