"""One version of an index, opened: its manifest, works, vectors and encoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError, NotFoundError, UnknownWorkError
from painter_search.common.files.urls import Location
from painter_search.common.log import logger
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.trained_artists import TrainedShare, count_trained
from painter_search.images.types import Framing
from painter_search.index.id_sets import as_ids
from painter_search.index.manifest import (
    ENCODER,
    PICTURES,
    THUMBNAILS,
    WORKS,
    Manifest,
    check_files,
    find_index,
    read_manifest,
)
from painter_search.index.remote_index import local_folder
from painter_search.index.vector_store.base import SearchSettings
from painter_search.index.vector_store.stores import open_vector_store
from painter_search.index.works.works_db import WorksDB

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Self

    from painter_search.encoder.inference.onnx_export import OnnxEncoder
    from painter_search.encoder.views import View


class IndexReader:
    """Reads one version of an index. Building and changing an index needs no more of it than this."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Open the files of an index that were checked; use `load`, which checks them.

        Raises:
            DamagedFileError: The vectors are of other works than `works.sqlite` lists.
        """
        self.folder = folder
        # Much is opened when it is first used, perhaps from another working directory.
        self._path = path = folder.absolute()
        self.manifest = manifest
        self.works = WorksDB(path / WORKS, path / THUMBNAILS, path / PICTURES if self.has_larger_pictures else None)
        self.store = open_vector_store(path, manifest.search)
        self._preloaded: Future[OnnxEncoder] | None = None
        self._process = os.getpid()
        # A store that can list its ids is compared id by id, others by their number.
        ids = self.store.ids
        if (ids is not None and not np.array_equal(ids, self.works.ids())) or len(self.store) != manifest.works:
            raise self._inconsistent()

    @classmethod
    def load(cls, path: Location, preload_encoder: bool = False) -> Self:
        """Open the index at `path`; see `PaintingIndex.load`."""
        folder = find_index(local_folder(path))
        manifest = read_manifest(folder)
        # Skip non-files: opening a pipe would block. `check_files` refuses them.
        ready = preload_encoder and ENCODER in manifest.files and (folder / ENCODER).is_file()
        preloaded = _preload(folder.absolute() / ENCODER, manifest) if ready else None
        check_files(folder, manifest)
        index = cls(folder, manifest)
        index._preloaded = preloaded
        logger.debug(f"Index {index.digest}: {len(index):,} works, {index.search_settings.name} search")
        return index

    def __len__(self) -> int:
        return len(self.store)

    @property
    def digest(self) -> str:
        """Identifies the version: the digest of its manifest, which holds the digests of its files."""
        return self.manifest.digest

    @property
    def framing(self) -> Framing:
        """How paintings are framed before they are embedded."""
        return self.manifest.framing

    @property
    def picture_size(self) -> int:
        """Long side in pixels of the largest pictures that it keeps of its works."""
        return self.manifest.picture_size

    @property
    def has_larger_pictures(self) -> bool:
        """Whether it keeps pictures larger than thumbnails, to be zoomed."""
        return PICTURES in self.manifest.files

    @property
    def search_settings(self) -> SearchSettings:
        """How the index searches."""
        return self.store.settings

    @property
    def exact(self) -> bool:
        """Whether a query is compared with every work."""
        return self.store.settings.name == "exact"

    @cached_property
    def next_id(self) -> int:
        """The id that the next work gets: never one that another work had."""
        stored = self.manifest.next_id
        return int(self.works.ids().max()) + 1 if stored is None else stored

    @cached_property
    def trained_share(self) -> TrainedShare | None:
        """How many of its artists the encoder was trained or validated on; None where that is not known."""
        digests = self.manifest.trained_artists
        return None if digests is None else count_trained(digests, self.works.works_per_artist())

    @property
    def encoder_config(self) -> EncoderConfig:
        """Settings of the encoder: which views of a frame it embeds, and how."""
        return self.manifest.encoder

    @property
    def encoder_digest(self) -> str | None:
        """SHA-256 of the encoder; None for an index of embeddings that were made elsewhere and came without one."""
        return self.manifest.files[ENCODER].sha256 if ENCODER in self.manifest.files else None

    @property
    def engine(self) -> str | None:
        """The library that computes the encoder, with its version; None without an encoder."""
        return None if self.encoder_digest is None else self.encoder.engine

    @cached_property
    def encoder(self) -> OnnxEncoder:
        """The network that embedded the works, on the CPU; raises `NotFoundError` if the index has none."""
        if self.encoder_digest is None:
            raise NotFoundError(
                f"{self.folder} holds embeddings that were made elsewhere, and no encoder for new pictures; ask about "
                "a work of the index (`query '#1'`), or build the index with --embeddings and --encoder."
            )
        from painter_search.encoder.inference.onnx_export import open_encoder

        if self._preloaded is not None and (self._preloaded.done() or self._process == os.getpid()):
            return self._preloaded.result()  # the thread that opens it does not live on in a forked process
        return open_encoder(self._path / ENCODER, self.encoder_config, digest=self.encoder_digest)

    def embed_frames(self, frames: Sequence[bytes]) -> NDArray[np.float32]:
        """Embed frames (JPEG files in the index's framing): float32 `[n, d]`."""
        from painter_search.encoder.inference.embedding import embed_all

        return embed_all(self.encoder, list(frames))

    def embed_views(self, views: Sequence[Sequence[View]]) -> NDArray[np.float32]:
        """Embed paintings, each given as the views that `make_views` cuts of its frame: float32 `[n, d]`."""
        from painter_search.encoder.inference.embedding import embed_views

        return embed_views(self.encoder, views)

    def embeddings(self, ids: int | Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """The stored embeddings of the works with these ids, one or several, in their order: float32 `[n, d]`.

        Raises `UnknownWorkError` for an id that no work has, and `InvalidValueError` for what is no whole number.
        """
        wanted = as_ids(ids)
        doubtful = wanted[(wanted < 1) | (wanted >= self.next_id)]
        if not len(doubtful):
            try:
                found = self.store.get(wanted)
                doubtful = wanted[~found.any(axis=1)]  # so is the place of a removed work in a large index
            except DamagedFileError:  # perhaps only of a removed work
                if np.isin(wanted, self.works.known_ids(wanted)).all():
                    raise
                doubtful = wanted
        unknown = doubtful[~np.isin(doubtful, self.works.known_ids(doubtful))]
        if len(unknown):
            raise UnknownWorkError(f"the index has no work {unknown[0]}.")
        return found

    def open_thumbnail(self, id: int) -> Image.Image:
        """The whole painting in RGB, 512 px on its longer side.

        Raises `PainterSearchError` if it is damaged: thumbnails are not checked when an index is opened.
        """
        from painter_search.images.framing import open_frame

        return open_frame(self.works.thumbnail(id), f"the thumbnail of work {id} in {self.folder / THUMBNAILS}")

    def _inconsistent(self) -> DamagedFileError:
        return DamagedFileError(
            f"{self.folder} has vectors of other works than it lists; copy or build the index again."
        )


def _preload(encoder: Path, manifest: Manifest) -> Future[OnnxEncoder]:
    from painter_search.encoder.inference.onnx_export import open_encoder

    thread = ThreadPoolExecutor(1)
    opened = thread.submit(open_encoder, encoder, manifest.encoder, digest=manifest.files[ENCODER].sha256)
    thread.shutdown(wait=False)
    return opened
