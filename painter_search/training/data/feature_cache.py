"""The features that a readout reads of every training work, computed once and cached on disk during a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.common.threads import map_prefetched
from painter_search.encoder.cpu_inference import fast_on_cpu
from painter_search.encoder.mixed_precision import mixed_precision
from painter_search.encoder.multi_stage_features import Readout
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.views import MAX_VIEWS, View, make_views
from painter_search.images.framing import read_frame
from painter_search.training.distributed import barrier, rank, world_size

FILE = "statistics.partial"
"""The cache in a run's folder; it is deleted at the end of the training."""


class Features(Protocol):
    """The features of training works, which are numbered from 0."""

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """One view's features of each of these works: float32 `[n, width]`; `views` are taken modulo `MAX_VIEWS`."""

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        """The features of all views of these works: float32 `[n * MAX_VIEWS, width]`."""


class FeatureCache:
    """Features in files, float16 `[works, MAX_VIEWS, width]`; a work with fewer views has them repeated in order."""

    def __init__(self, files: Sequence[Path], counts: Sequence[int], width: int) -> None:
        """Map the files, one a process, that hold these `counts` of works; a process without works has no file."""
        shapes = [(count, MAX_VIEWS, width) for count in counts]
        parts = zip(files, shapes, strict=True)
        self._parts = [np.memmap(file, np.float16, "r", shape=shape) for file, shape in parts if shape[0]]
        self._starts = np.cumsum([0] + [len(part) for part in self._parts])

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        features = [self._work(int(row))[int(view) % MAX_VIEWS] for row, view in zip(rows, views, strict=True)]
        return torch.from_numpy(np.stack(features).astype(np.float32))

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([self._work(row) for row in rows]).astype(np.float32))

    def _work(self, row: int) -> NDArray[np.float16]:
        part = int(np.searchsorted(self._starts, row, "right")) - 1
        features: NDArray[np.float16] = self._parts[part][row - self._starts[part]]
        return features


class FeatureCacheSubset:
    """The features of some of the works, numbered anew from 0."""

    def __init__(self, features: Features, rows: NDArray[np.int64]) -> None:
        self._features, self._rows = features, rows

    def rows(self, rows: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        return self._features.rows(torch.from_numpy(self._rows[rows.numpy()]), views)

    def every_view(self, rows: Sequence[int]) -> torch.Tensor:
        return self._features.every_view([int(self._rows[row]) for row in rows])


@contextmanager
def cached_features(encoder: EncoderNetwork, paths: Sequence[Path], folder: Path) -> Iterator[FeatureCache]:
    """Compute the features of frames, each process its share, and delete them at the end.

    They are written to `folder` as they come, so that an interrupted training continues where it stopped.
    """
    width = _readout(encoder).width
    bounds = np.linspace(0, len(paths), world_size() + 1).astype(int)
    files = [
        folder / (FILE if world_size() == 1 else f"{FILE}-{part}-of-{world_size()}") for part in range(world_size())
    ]
    _write_features(encoder, paths[bounds[rank()] : bounds[rank() + 1]], files[rank()], width)
    barrier()
    yield FeatureCache(files, list(np.diff(bounds)), width)
    barrier()
    files[rank()].unlink(missing_ok=True)


def _readout(encoder: EncoderNetwork) -> Readout:
    return cast(Readout, encoder.network.get_submodule("readout"))


def _write_features(encoder: EncoderNetwork, paths: Sequence[Path], file: Path, width: int) -> None:
    """Append the features of the works that the file lacks."""
    bytes_per_work = MAX_VIEWS * width * 2
    with file.open("ab") as out:
        # Continue after whole groups only: the same groups as in an uninterrupted run give the same bits.
        done = out.tell() // bytes_per_work
        group_size = encoder.batch_size // MAX_VIEWS  # works that fill a forward pass
        done = len(paths) if done >= len(paths) else done // group_size * group_size
        out.truncate(done * bytes_per_work)
        if 0 < done < len(paths):
            logger.info(f"Continuing: the features of {done:,} of {len(paths):,} training works are computed already.")
        views = map_prefetched(lambda path: make_views(read_frame(path), encoder.config), paths[done:], 8 * group_size)
        groups = iter(lambda: list(islice(views, group_size)), [])
        left = -(-(len(paths) - done) // group_size)
        taps = fast_on_cpu(encoder.network.get_submodule("taps"), encoder.device)
        for group in track(groups, "Computing features of training works", total=left) if left else ():
            for features in _compute_features(encoder, taps, group):
                padded = features[np.arange(MAX_VIEWS) % len(features)]
                out.write(padded.astype(np.float16).tobytes())


@torch.inference_mode()
def _compute_features(
    encoder: EncoderNetwork, taps: nn.Module, group: Sequence[Sequence[View]]
) -> list[NDArray[np.float32]]:
    """The features of each work's views: float32 `[views, width]` each."""
    readout = _readout(encoder)
    flat = [(work, view) for work, views in enumerate(group) for view in views]
    features: list[list[NDArray[np.float32]]] = [[] for _ in group]
    for side in sorted({view.shape[-1] for _, view in flat}):
        of_side = [(work, view) for work, view in flat if view.shape[-1] == side]
        for start in range(0, len(of_side), encoder.batch_size):
            chunk = of_side[start : start + encoder.batch_size]
            pixels = encoder.on_device(np.stack([view for _, view in chunk]))
            with mixed_precision(encoder.device, taps):
                outputs = taps(encoder.normalized(pixels).contiguous(memory_format=torch.channels_last))
            rows = readout.statistics(outputs)[: len(chunk)].float().cpu().numpy()
            for (work, _), row in zip(chunk, rows, strict=True):
                features[work].append(row)
    return [np.stack(rows) for rows in features]
