"""What a frozen backbone gives for every work, computed once and kept on disk during a training.

Whatever is measured of an encoder with that backbone, its embeddings come from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from painter_search.common.files.atomic_io import digest_bytes
from painter_search.common.files.stored import to_stored
from painter_search.common.log import logger
from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.encoder.backbone_features import FeatureReader, embed_features, new_layer
from painter_search.encoder.inference.embedding import chunks_of_a_side, mean_over_views
from painter_search.encoder.last_stages import stage_output_size
from painter_search.encoder.network import EncoderNetwork
from painter_search.encoder.views import MAX_VIEWS, View, make_views
from painter_search.images.framing import read_frame
from painter_search.training.data.stage_cache import (
    LARGEST,
    StageCache,
    check_space,
    fill_stage_record,
    stage_record,
)
from painter_search.training.distributed import barrier, rank, world_size

SUFFIX = ".partial"
"""Of the cache in a run's folder; it is deleted at the end of the training."""
BLOCK = 256
"""Works that are embedded from the cache at once."""


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

    def __init__(
        self, files: Sequence[Path], paths: Sequence[Sequence[Path]], width: int, stage: StageCache | None = None
    ) -> None:
        """Map the files, one a process, that hold the features of these frames; one without frames has no file."""
        self._stage = stage
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
            counts = self.view_counts(block.tolist())
            views = self._read(block)[np.arange(MAX_VIEWS) < counts[:, None]]
            embeddings = embed_features(encoder, torch.from_numpy(views).to(encoder.device)).float().cpu().numpy()
            blocks.append(mean_over_views(embeddings, counts, encoder.config.normalize))
        return np.concatenate(blocks)

    def embed(self, encoder: EncoderNetwork, paths: Sequence[Path]) -> NDArray[np.float32]:
        return self.embed_rows(encoder, self.rows_of(paths))

    def rows_of(self, paths: Sequence[Path]) -> list[int]:
        """The numbers of works given by their frames."""
        return [self._row[path] for path in paths]

    def view_counts(self, rows: Sequence[int]) -> NDArray[np.int64]:
        """How many views these works have."""
        return self._pick(np.asarray(rows), "count").astype(np.int64)

    def stage_outputs(self, rows: torch.Tensor, views: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """What the last frozen stage gives for one view of each of these works; see `StageCache.read`."""
        assert self._stage is not None
        return self._stage.read(rows, views)

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
def cached_features(
    encoder: EncoderNetwork,
    paths: Sequence[Path],
    folder: Path,
    with_stage: Sequence[Path] = (),
    name: str = "features",
) -> Iterator[FeatureCache]:
    """Compute the features of frames, each process its share, and delete them at the end.

    They are written to `folder` as they come, so that an interrupted training continues where it stopped; it begins
    anew where it has other frames to look at.

    Args:
        encoder: Its backbone gives the features.
        paths: The frames, in the order in which their works are numbered, after those of `with_stage`.
        folder: Of the run.
        with_stage: Frames for which what the last frozen stage gives is kept, too.
        name: Of the files; a folder can hold the features of several backbones.
    """
    width = new_layer(encoder)[1]
    with_stage = list(dict.fromkeys(with_stage))
    paths = list(dict.fromkeys([*with_stage, *paths]))
    bounds = np.linspace(0, len(paths), world_size() + 1).astype(int)
    shares = [paths[bounds[part] : bounds[part + 1]] for part in range(world_size())]
    staged = [min(max(len(with_stage) - bounds[part], 0), len(share)) for part, share in enumerate(shares)]
    files = [
        folder / f"{name}-{_digest(encoder, share)}-{part}-of-{world_size()}{SUFFIX}"
        for part, share in enumerate(shares)
    ]
    stage_files = [file.with_name(f"stage-{file.name}") for file in files]
    size = stage_output_size(encoder) if with_stage else 0
    if with_stage:
        check_space(folder, len(with_stage), size, stage_files)
    here = rank()
    _Writer(encoder, width, size, staged[here]).write(shares[here], files[here], stage_files[here])
    barrier()
    yield FeatureCache(files, shares, width, StageCache(stage_files, staged, size) if with_stage else None)
    barrier()
    if rank() == 0:
        for file in folder.glob(f"*{SUFFIX}*"):  # those of an interruption with other frames, too
            with suppress(OSError):  # Windows deletes no file that is mapped into memory
                file.unlink(missing_ok=True)


def _record(width: int) -> np.dtype[np.void]:
    """A work in the file: how many views it has, and their features, repeated in order."""
    return np.dtype([("count", np.uint16), ("views", np.float16, (MAX_VIEWS, width))])


def _digest(encoder: EncoderNetwork, paths: Sequence[Path]) -> str:
    """Identifies frames, wherever their collections lie, and how they are looked at."""
    names = ["/".join(path.parts[-3:]) for path in paths]
    return digest_bytes(repr((to_stored(encoder.config), names)).encode("utf-8", "surrogatepass"))[:12]


@dataclass(frozen=True)
class _Writer:
    """Writes the features of one process's works, and what the last frozen stage gives for the first of them."""

    encoder: EncoderNetwork
    width: int
    """Features a view."""
    stage_size: int
    """Numbers that the stage gives for a view, at most."""
    staged: int
    """Works, the first ones, for which these are kept."""

    def write(self, paths: Sequence[Path], file: Path, stage_file: Path) -> None:
        """Append the features of the works that the files lack."""
        kind, stage_kind = _record(self.width), stage_record(self.stage_size)
        with file.open("ab") as out, stage_file.open("ab") if self.staged else nullcontext() as stage_out:
            # Continue after whole groups only: the same groups as in an uninterrupted run give the same bits.
            done = out.tell() // kind.itemsize
            if stage_out is not None and stage_out.tell() // stage_kind.itemsize < self.staged:
                done = min(done, stage_out.tell() // stage_kind.itemsize)
            if done >= len(paths):
                return
            reader = FeatureReader(self.encoder, with_stage=self.staged > 0)
            group_size = reader.group_size
            done = done // group_size * group_size
            out.truncate(done * kind.itemsize)
            if stage_out is not None:
                stage_out.truncate(min(done, self.staged) * stage_kind.itemsize)
            if done:
                logger.info(f"Continuing: {done:,} of {len(paths):,} paintings were looked at before the interruption.")
            views = map_prefetched(
                lambda path: make_views(read_frame(path), self.encoder.config), paths[done:], ahead=2 * group_size
            )
            groups = iter(lambda: list(islice(views, group_size)), [])
            for group in track(groups, "Looking at the paintings", total=-(-(len(paths) - done) // group_size)):
                records, stage_records = self._compute(reader, group, with_stage=done < self.staged)
                out.write(records.tobytes())
                if stage_out is not None:
                    stage_out.write(stage_records[: max(0, self.staged - done)].tobytes())
                done += len(group)

    def _compute(
        self, reader: FeatureReader, group: Sequence[Sequence[View]], *, with_stage: bool
    ) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """The records of works given as their views."""
        records = np.empty(len(group), _record(self.width))
        stage_records = np.zeros(len(group) if with_stage else 0, stage_record(self.stage_size))
        records["count"] = counts = [len(views) for views in group]
        flat = [(work, number) for work, views in enumerate(group) for number in range(len(views))]
        sides = np.array([group[work][number].shape[-1] for work, number in flat])
        for rows in chunks_of_a_side(sides, reader.batch_size):
            chunk = [flat[row] for row in rows]
            pixels = np.stack([group[work][number] for work, number in chunk])
            if with_stage:
                features, outputs = reader.read_with_stage(pixels)
                for (work, number), output in zip(chunk, outputs, strict=True):
                    fill_stage_record(stage_records[work], counts[work], number, output)
            else:
                features = reader.read(pixels)
            for (work, number), row in zip(chunk, features.clip(-LARGEST, LARGEST), strict=True):
                records["views"][work, number :: len(group[work])] = row
        return records, stage_records
