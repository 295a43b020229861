"""The index as users have it: built, loaded, searched, filtered, added to and removed from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from painter_search.common.command_line.flag_types import whole_number
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.cache_folder import cache_folder
from painter_search.common.files.urls import as_locations, writable_path
from painter_search.index.attribution_data import AttributionData
from painter_search.index.config import (
    DEFAULT_INDEX,
    BuildIndexConfig,
    WorkFilter,
    as_names,
    check_added_sources,
    check_artist,
    check_removed,
)
from painter_search.index.manifest import WORKS, Manifest, find_index
from painter_search.index.works.filters import Selection, select_works
from painter_search.index.works.works_db import IndexedWork
from painter_search.metrics.identification.naming_threshold import NamingThreshold

if TYPE_CHECKING:
    import pandas as pd

    from painter_search.collection.catalogues.preview import Preview
    from painter_search.common.files.urls import Location
    from painter_search.images.image_inputs import ImageInputs
    from painter_search.images.photographs.crop import CropInput
    from painter_search.index.update import Change

SHOWN = 20
"""Ids that are drawn for the pictures of the notebook view, which shows six: removed works leave gaps."""


class PaintingIndex(AttributionData):
    """Paintings under the embedding of their style. Distances are Euclidean.

    Made by `PaintingIndex.build` or `PaintingIndex.load`. An index is never changed: `add` and `remove` write its next
    version and return that.

    Attributes:
        folder: The folder of this version.
        manifest: What the index is and how it was made.
        works: The works in SQLite, by id.
        preview: What was read as an artist, if the index has just been built from a folder.

    Example:
        >>> index = PaintingIndex.load("index")
        >>> distances, ids = index.search("painting.jpg", k=5)
        >>> works = index.works.get(ids[0])
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        super().__init__(folder, manifest)
        self.preview: Preview | None = None

    @classmethod
    def build(cls, config: BuildIndexConfig | None = None, **settings: Any) -> PaintingIndex:
        """Embed the works of collections and write an index of them, which becomes the current one of its folder.

        An interrupted build of the same works with the same encoder continues where it stopped.

        Args:
            config: The settings; None takes them from `settings`.
            settings: Fields of `BuildIndexConfig`, instead of or changing those of `config`.

        Returns:
            The new index.

        Raises:
            NotFoundError: A collection or the encoder does not exist.
            NotEnoughDataError: There are no works to index.
            InvalidValueError: Settings contradict each other, or a collection is framed otherwise than the encoder's.

        Example:
            >>> index = PaintingIndex.build(data="data", encoder="runs/demo/best.safetensors", index="index")
        """
        from dataclasses import replace

        from painter_search.index.build import build_painting_index

        config = BuildIndexConfig(**settings) if config is None else replace(config, **settings)
        built = build_painting_index(config)
        index = cls.load(built.folder)
        index.preview = built.preview
        return index

    @classmethod
    def load(cls, path: Location = DEFAULT_INDEX, preload_encoder: bool = False) -> PaintingIndex:
        """Open an index and check its files.

        Args:
            path: The folder of indexes, whose current one is opened, or the folder of one index; or the URL of either
                (`s3://bucket/index`), which is fetched once and again when it has changed.
            preload_encoder: Open the encoder meanwhile, on a thread, which saves half of the time of a single query.
                By default it is opened when it is first used.

        Returns:
            The index.

        Raises:
            NotFoundError: There is no index.
            DamagedFileError: The index is damaged or of another format.
            UnreachableError: The URL cannot be reached, and was not fetched before.

        Example:
            >>> len(PaintingIndex.load("index"))
            16
        """
        return super().load(path, preload_encoder)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled for another process, which opens the same folder."""
        return _open_again, (self._path, self.selection, self._threshold)

    def __copy__(self) -> PaintingIndex:
        """The same open files; by default, copies are pickled."""
        copied = PaintingIndex.__new__(PaintingIndex)
        vars(copied).update(vars(self))
        return copied

    def __len__(self) -> int:
        return len(self.store) if self.selection is None else len(self.selection.ids)

    def __repr__(self) -> str:
        return f"<PaintingIndex {self.digest}: {len(self):,} works, {self.search_settings.name} search>"

    def _repr_html_(self) -> str:
        from painter_search.common.html_repr import Html, html_table
        from painter_search.index.works.notebook_views import picture_strip

        rows: list[tuple[str, object]] = [
            ("folder", self.folder),
            ("works", f"{len(self):,}" if self.selection is None else str(self.selection)),
            ("artists", f"{self.manifest.artists if self.selection is None else len(self.artists.names):,}"),
            ("collections", ", ".join(self.manifest.collections)),
            ("framing", self.framing),
            ("encoder", self.encoder_config.backbone),
            ("search", self.search_settings.name),
        ]
        ids = self.works.draw_ids(SHOWN, self.next_id - 1) if self.selection is None else self.selection.ids
        return Html(html_table(("index", self.digest), rows) + picture_strip(self.works, ids))

    def search(
        self,
        queries: NDArray[np.floating] | Sequence[float] | Sequence[Sequence[float]] | ImageInputs,
        k: int = 10,
        *,
        crop: CropInput = "auto",
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find the `k` nearest works to each query.

        Args:
            queries: Embeddings as an array or lists of floats, `[n, d]` or `[d]`, d being the index's width; or images,
                one or several: paths, bytes of image files, PIL images or uint8 arrays, which are framed and embedded
                as the index's works were.
            k: Works per query, at most `len(index)`.
            crop: What of images that are photographs of paintings is used, as in `attribute`.

        Returns:
            Distances and ids, `[n, k]` each, nearest first. Where an approximate search finds fewer works, the rest are
            infinite distances and the id -1.

        Raises:
            InvalidValueError: `k` is not a whole number from 1, the embeddings have another shape or are not finite, or
                an image cannot be used.

        Example:
            >>> distances, ids = index.search(index.embeddings([12]), k=3)
            >>> int(ids[0, 0])
            12
        """
        k = whole_number("k", k)
        if k < 1:
            raise InvalidValueError(f"--k is {k}; it must be at least 1.")
        first: object = queries
        while isinstance(first, list | tuple) and first:
            first = first[0]
        if isinstance(first, Real) or (isinstance(first, np.ndarray) and np.issubdtype(first.dtype, np.floating)):
            try:
                given = np.asarray(queries, np.float32)
            except (TypeError, ValueError):  # rows of several lengths, or something else between the numbers
                raise InvalidValueError("the queries are not all numbers, or not all of one length.") from None
            embeddings = np.atleast_2d(given)
            if embeddings.ndim != 2 or embeddings.shape[1] != self.store.dim:
                raise InvalidValueError(
                    f"the queries are of the shape {list(given.shape)}; embeddings of this index are "
                    f"[n, {self.store.dim}]."
                )
            if not np.isfinite(embeddings).all():
                raise InvalidValueError("the queries have numbers that are not finite; embed these images again.")
        else:
            embeddings = self.embed_images(cast("ImageInputs", queries), crop=crop)
        return self.store.search(embeddings, k, self._among)

    def embed_images(self, images: ImageInputs, *, crop: CropInput = "auto") -> NDArray[np.float32]:
        """Frame and embed images as the index's works were: float32 `[n, d]`, d being the index's width.

        Args:
            images: One image or several: paths, bytes of image files, PIL images or uint8 arrays.
            crop: What of photographs of paintings is used, as in `attribute`.

        Raises:
            InvalidValueError: An image cannot be used.
        """
        from painter_search.common.errors import UnreadableImageError
        from painter_search.images.framing import frame_painting
        from painter_search.images.image_inputs import as_list as as_images
        from painter_search.images.image_inputs import image_file
        from painter_search.images.photographs.crop import parse_crop

        part = parse_crop(crop)
        frames = []
        for number, image in enumerate(as_images(images), start=1):
            try:
                frames.append(frame_painting(image_file(image), self.framing, crop=part).jpeg)
            except (UnreadableImageError, ValueError) as error:
                name = image if isinstance(image, str | os.PathLike) else f"image {number}"
                raise InvalidValueError(f"{name} cannot be embedded: {error}") from error
        return self.embed_frames(frames)

    def filtered(self, filter: WorkFilter | None) -> PaintingIndex:
        """The same index, narrowed to the works that meet a filter, for searching; unchanged with None.

        Args:
            filter: The conditions.

        Raises:
            InvalidValueError: `filter` is no `WorkFilter`, or its `where` no SQL expression over the columns of a work.
            UnknownWorkError: The index has no work by an artist that the filter names.
            NotEnoughDataError: No work meets the filter.

        Example:
            >>> len(index.filtered(WorkFilter(exclude_artists="Claude Monet")))
            12
        """
        if filter is None:
            return self
        if not isinstance(filter, WorkFilter):
            raise InvalidValueError(f"{filter!r} is not a filter; give a WorkFilter(...).")
        if self.selection is not None:
            raise InvalidValueError("this index is filtered already; give all conditions in one WorkFilter.")
        return self.narrowed(select_works(self._path / WORKS, filter))

    def narrowed(self, selection: Selection) -> PaintingIndex:
        """The same index, narrowed to the works that a filter of it selected before; its files are not read."""
        narrowed = copy(self)
        for name, member in vars(AttributionData).items():
            if isinstance(member, cached_property) and name != "_pldas":
                vars(narrowed).pop(name, None)  # computed from all works; the encoders of IndexReader stay open
        narrowed.selection = selection
        narrowed._unfiltered = self.unfiltered
        return narrowed

    def add(
        self,
        source: Location | Iterable[Location],
        artist: str | None = None,
        originals: Location | Iterable[Location] = (),
        *,
        layout: str | None = None,
        keep_uncertain: bool = False,
        crop: CropInput = "auto",
    ) -> IndexUpdate:
        """Add paintings; this object stays as it is, and the returned update holds the new index.

        See `add_paintings` for the arguments. Raises `InvalidValueError` if this is not the current index of its
        folder, or is filtered.

        Example:
            >>> index = index.add("scans", artist="Berthe Morisot").index
        """
        return add_paintings(
            self._index_dir(), source, artist, originals, layout=layout, keep_uncertain=keep_uncertain, crop=crop
        )

    def remove(self, works: str | float | Iterable[str | float]) -> IndexUpdate:
        """Remove works; this object stays as it is, and the returned update holds the new index.

        See `remove_works` for the argument. Raises `InvalidValueError` if this is not the current index of its folder,
        or is filtered.

        Example:
            >>> index = index.remove(12).index
        """
        return remove_works(self._index_dir(), works)

    def _index_dir(self) -> Path:
        """The folder of indexes whose current index this is."""
        if self.selection is not None:
            raise InvalidValueError("a filtered index cannot be changed; change the index that it was made from.")
        index_dir = self._path.parent
        if index_dir.resolve().is_relative_to(cache_folder("indexes").resolve()):
            raise InvalidValueError(
                "an index fetched from a URL cannot be changed; change it in a folder, and copy that to the URL."
            )
        if find_index(index_dir) != self._path:
            home = self.folder.parent
            raise InvalidValueError(
                f"{self.folder} is no longer the current index of {home}; load {home} and change that."
            )
        return index_dir

    def to_frame(self) -> pd.DataFrame:
        """The works as a `pandas.DataFrame`: one row each by ascending id, which is the index of the table."""
        from painter_search.index.works.notebook_views import works_frame

        ids = self.artists.ids.tolist()
        return works_frame(map(IndexedWork, ids, self.works.get(ids))).set_index("id")


def _open_again(folder: Path, selection: Selection | None, threshold: NamingThreshold | None) -> PaintingIndex:
    index = PaintingIndex.load(folder)
    index._threshold = threshold
    return index if selection is None else index.narrowed(selection)


def check_opened(index: object) -> None:
    """Raise `InvalidValueError` for what is not a `PaintingIndex`, its folder above all."""
    if not isinstance(index, PaintingIndex):
        shown = repr(str(index)) if isinstance(index, str | Path) else type(index).__name__
        raise InvalidValueError(f"{shown} is not an opened index; give what PaintingIndex.load(folder) returns.")


@dataclass(frozen=True)
class IndexUpdate:
    """What an addition or a removal did."""

    index: PaintingIndex
    """The index as it is now."""
    added: tuple[IndexedWork, ...] = ()
    """Works that were added, with their ids."""
    removed: tuple[IndexedWork, ...] = ()
    """Works that were removed, with the ids that they had."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Files that were not added, each with the reason."""
    preview: Preview | None = None
    """What was read as an artist in a folder or catalogue that was added."""
    cropped: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Photographs that were cropped to the painting, each with where and how sure, as `PaintingCrop.to_dict` says."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `build-index add --json` and `build-index remove --json` print them."""
        manifest = self.index.manifest
        preview = {} if self.preview is None else {"artists_read": self.preview.to_dict()}
        cropped = {"cropped": [{"file": file, **part} for file, part in self.cropped]} if self.cropped else {}
        return {
            "index": self.index.digest,
            "folder": self.index.folder.as_posix(),
            "works": manifest.works,
            "artists": manifest.artists,
            **preview,
            "added": [entry.to_dict() for entry in self.added],
            "removed": [entry.to_dict() for entry in self.removed],
            "left_out": [{"file": file, "reason": reason} for file, reason in self.left_out],
            **cropped,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per added or removed work, with the columns change, id and those of a work."""
        from painter_search.index.works.notebook_views import works_frame

        frame = works_frame([*self.added, *self.removed])
        frame.insert(0, "change", ["added"] * len(self.added) + ["removed"] * len(self.removed))
        return frame

    def _repr_html_(self) -> str:
        from painter_search.common.html_repr import html_table
        from painter_search.index.works.notebook_views import works_table

        added = works_table(self.index.works, self.added, f"{len(self.added):,} added, {len(self.removed):,} removed")
        return added + html_table(("left out", "reason"), self.left_out)

    @classmethod
    def of(cls, change: Change) -> IndexUpdate:
        """Load the index that a change has written."""
        index = PaintingIndex.load(change.folder)
        return cls(index, change.added, change.removed, change.left_out, change.preview, change.cropped)


def add_paintings(
    index: Path | str,
    source: Location | Iterable[Location],
    artist: str | None = None,
    originals: Location | Iterable[Location] = (),
    *,
    layout: str | None = None,
    keep_uncertain: bool = False,
    crop: CropInput = "auto",
) -> IndexUpdate:
    """Add paintings to the current index of a folder of indexes.

    Only they are framed and embedded, as the index's own works were. Pictures that the index already has by the same
    artist are left out, and so are files that are no usable image and works that are no one artist's own ("Unknown",
    "workshop of Rembrandt"). An artist's name is spelled as the index spells it. An interrupted addition leaves the
    index as it was and continues when it is run again.

    Args:
        index: The folder of indexes.
        source: One or several pictures, folders and zip archives of them, or URLs of these, all by `artist` or with one
            sub-folder per artist; a catalogue (.csv, .xlsx, …) with `originals`; or a prepared collection.
        artist: The artist of all the paintings.
        originals: With a catalogue: the folders, zip archives or URLs that hold its images; one, or several.
        layout: What the levels of a folder mean, in the words of `prepare --layout`; None recognises it.
        keep_uncertain: Add also what is no one artist's own hand.
        crop: What of photographs of paintings is kept, as in `attribute`. A prepared collection stays as it is.

    Returns:
        The new index, the added works with their ids, and what was left out.

    Raises:
        NotFoundError: There is no index.
        NotEnoughDataError: There is no usable image to add.
        AmbiguousError: It is not certain what in a folder tells the artist; `layout` decides.
        InvalidValueError: A prepared collection is framed otherwise than the index.
        BusyError: Another process is changing the index.

    Example:
        >>> update = add_paintings("index", "scans", artist="Berthe Morisot")
        >>> [entry.id for entry in update.added]
        [17, 18, 19]
    """
    from painter_search.images.photographs.crop import parse_crop
    from painter_search.index.add import write_addition

    sources, places = as_locations(source), as_locations(originals)
    check_artist(artist)
    check_added_sources(sources, artist, places)
    folder = writable_path(index, "--index")
    addition = write_addition(
        folder, sources, artist, places, layout=layout, keep_uncertain=keep_uncertain, crop=parse_crop(crop)
    )
    return IndexUpdate.of(addition)


def remove_works(index: Path | str, works: str | float | Iterable[str | float]) -> IndexUpdate:
    """Remove works from the current index of a folder of indexes.

    The version before stays in its folder. Ids of removed works are never given to others.

    Args:
        index: The folder of indexes.
        works: Works by id (`12`, `"12"` or `"#12"`), or all works of an artist by name; one of them, or several.

    Returns:
        The new index and the removed works.

    Raises:
        InvalidValueError: No work is named.
        UnknownWorkError: The index has no work with an id, or by an artist.
        NotEnoughDataError: No work would be left.
        BusyError: Another process is changing the index.

    Example:
        >>> update = remove_works("index", ["12", "Claude Monet"])
        >>> len(update.index)
        11
    """
    from painter_search.index.update import write_removal

    names = as_names(works)
    check_removed(names)
    return IndexUpdate.of(write_removal(writable_path(index, "--index"), names))
