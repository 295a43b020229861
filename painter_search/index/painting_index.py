"""The index as users have it: built, loaded, searched, filtered, added to, removed from and listed."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import InvalidValueError
from painter_search.images.fingerprint import coarse_fingerprints
from painter_search.index.config import (
    DEFAULT_INDEX,
    BuildIndexConfig,
    WorkFilter,
    as_locations,
    as_names,
    check_added_sources,
    writable_folder,
)
from painter_search.index.filters import Selection, select_works
from painter_search.index.index_reader import IndexReader
from painter_search.index.manifest import WORKS, Manifest, find_index
from painter_search.index.work_tables import ArtistTable, CandidateWorks, read_candidate_works
from painter_search.index.works_db import IndexedWork
from painter_search.metrics.artist_ranking import MAX_CANDIDATES
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.distances import distance_matrix
from painter_search.metrics.identification.naming_threshold import NamingThreshold
from painter_search.metrics.identification.plda import PLDA, artist_sums
from painter_search.metrics.identification.plda_file import PLDA_FILE, read_plda

if TYPE_CHECKING:
    import pandas as pd

    from painter_search.collection.preview import Preview
    from painter_search.common.urls import Location
    from painter_search.images.image_inputs import ImageInputs
    from painter_search.images.photographs.crop import CropInput
    from painter_search.index.update import Change

SHOWN = 20
"""Ids that are drawn for the pictures of the notebook view, which shows six: removed works leave gaps."""
REFERENCE_WORKS = 1024
"""Random works, at most, that stand for all when the distance of a query to works in general is measured."""


class Candidates(NamedTuple):
    """The works that a query is compared with when artists are ranked, `[m]` each."""

    distances: NDArray[np.float32]
    ids: NDArray[np.int64]


class PaintingIndex(IndexReader):
    """Paintings under the embedding of their style. Distances are Euclidean.

    Made by `PaintingIndex.build` or `PaintingIndex.load`. An index is never changed: `add` and `remove` write its next
    version and return that.

    Attributes:
        folder: The folder of this version.
        manifest: What the index is and how it was made.
        works: The works in SQLite, by id.
        selection: The works that a filter left; None for the whole index.
        preview: What was read as an artist, if the index has just been built from a folder.

    Example:
        >>> index = PaintingIndex.load("index")
        >>> distances, ids = index.search("painting.jpg", k=5)
        >>> works = index.works.get(ids[0])
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        super().__init__(folder, manifest)
        self.selection: Selection | None = None
        self.preview: Preview | None = None
        self._threshold: NamingThreshold | None = None
        self._exact_sums: tuple[NDArray[np.float64], NDArray[np.int64]] | None = None

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

    def __len__(self) -> int:
        return len(self.store) if self.selection is None else len(self.selection.ids)

    def __repr__(self) -> str:
        return f"<PaintingIndex {self.digest}: {len(self):,} works, {self.search_settings.name} search>"

    def _repr_html_(self) -> str:
        from painter_search.common.html_repr import Html, html_table
        from painter_search.index.notebook_views import picture_strip

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
        self, queries: NDArray[np.floating] | ImageInputs, k: int = 10, *, crop: CropInput = "auto"
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find the `k` nearest works to each query.

        Args:
            queries: Embeddings as an array of floats, `[n, 256]` or `[256]`; or images, one or several: paths, bytes of
                image files, PIL images or uint8 arrays, which are framed and embedded as the index's works were.
            k: Works per query, at most `len(index)`.
            crop: What of images that are photographs of paintings is used, as in `attribute`.

        Returns:
            Distances and ids, `[n, k]` each, nearest first. Where an approximate search finds fewer works, the rest are
            infinite distances and the id -1.

        Raises:
            InvalidValueError: `k` is below 1, the embeddings have another shape, or an image cannot be used.

        Example:
            >>> distances, ids = index.search(index.embeddings([12]), k=3)
            >>> int(ids[0, 0])
            12
        """
        if k < 1:
            raise InvalidValueError(f"--k is {k}; it must be at least 1.")
        if isinstance(queries, np.ndarray) and np.issubdtype(queries.dtype, np.floating):
            embeddings = np.atleast_2d(np.asarray(queries, np.float32))
            if embeddings.ndim != 2 or embeddings.shape[1] != self.store.dim:
                raise InvalidValueError(
                    f"the queries are of the shape {list(queries.shape)}; embeddings of this index are "
                    f"[n, {self.store.dim}]."
                )
        else:
            embeddings = self.embed_images(cast("ImageInputs", queries), crop=crop)
        return self.store.search(embeddings, k, self._among)

    def embed_images(self, images: ImageInputs, *, crop: CropInput = "auto") -> NDArray[np.float32]:
        """Frame and embed images as the index's works were: float32 `[n, 256]`.

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
                name = image if isinstance(image, str | Path) else f"image {number}"
                raise InvalidValueError(f"{name} cannot be embedded: {error}") from error
        return self.embed_frames(frames)

    def filtered(self, filter: WorkFilter | None) -> PaintingIndex:
        """The same index, narrowed to the works that meet a filter, for searching; unchanged with None.

        Args:
            filter: The conditions.

        Raises:
            InvalidValueError: `filter.where` is no SQL expression over the columns of a work.
            UnknownWorkError: The index has no work by an artist that the filter names.
            NotEnoughDataError: No work meets the filter.

        Example:
            >>> len(index.filtered(WorkFilter(exclude_artists="Claude Monet")))
            12
        """
        if filter is None:
            return self
        narrowed = copy(self)
        for name, member in vars(PaintingIndex).items():
            if isinstance(member, cached_property):
                vars(narrowed).pop(name, None)  # computed from all works; the encoders of IndexReader stay open
        narrowed.selection = select_works(self.folder / WORKS, filter)
        narrowed._exact_sums = None
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

    def remove(self, works: str | int | Iterable[str | int]) -> IndexUpdate:
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
        index_dir = self.folder.parent
        if find_index(index_dir) != self.folder:
            raise InvalidValueError(
                f"{self.folder} is no longer the current index of {index_dir}; load {index_dir} and change that."
            )
        return index_dir

    def to_frame(self) -> pd.DataFrame:
        """The works as a `pandas.DataFrame`: one row each by ascending id, which is the index of the table."""
        import pandas as pd

        ids = self.artists.ids
        columns = ["collection", "file", "artist", "title", "date", "style", "genre"]
        rows = [[getattr(work, column) for column in columns] for work in self.works.get(ids.tolist())]
        return pd.DataFrame(rows, columns=columns, index=pd.Index(ids, name="id"))

    @property
    def confidence(self) -> Confidence | None:
        """Turns distances into probabilities; None for an encoder without calibration."""
        return self.manifest.confidence

    def naming(self, false_names: float | None) -> PaintingIndex:
        """The same index with another threshold for naming artists; unchanged with None.

        Args:
            false_names: Per cent of works by artists not in the index that may be given a name: more than 0, below 100.

        Raises:
            InvalidValueError: The number is another one, or the costs of a threshold were not measured.

        Example:
            >>> answers = attribute(index.naming(false_names=10), "painting.jpg")  # doctest: +SKIP
        """
        if false_names is None:
            return self
        if not 0 < false_names < 100:
            raise InvalidValueError(f"--false-names is {false_names}; it must be more than 0 and below 100 (per cent).")
        found = None if self.confidence is None else self.confidence.naming_threshold(false_names / 100)
        if found is None:
            raise InvalidValueError(
                f"--false-names is {false_names}, and {self.folder} does not know what a threshold costs, which needs "
                "40 works by 8 artists to measure: train its encoder with this version, on more artists, and build the "
                "index again."
            )
        chosen = copy(self)
        chosen._threshold = found
        return chosen

    @property
    def naming_threshold(self) -> NamingThreshold | None:
        """From which probability on an artist is named, and what that costs; None where that was not measured."""
        if self._threshold is not None or self.confidence is None:
            return self._threshold
        return self.confidence.naming_threshold()

    @property
    def least_named(self) -> float:
        """No artist is named below this probability that the artist is in the index; 0 without calibration."""
        threshold = self.naming_threshold
        if threshold is not None:
            return threshold.probability
        return 0.0 if self.confidence is None else self.confidence.threshold

    @cached_property
    def plda(self) -> PLDA | None:
        """Gives likelihood ratios, around this index's works; None where its calibration uses none."""
        if self.confidence is None or self.confidence.share_weights is None:
            return None
        return read_plda(self.folder / PLDA_FILE)[1] if PLDA_FILE in self.manifest.files else None

    def artist_sums(self, plda: PLDA, candidates: CandidateWorks) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The sum of each candidate artist's works as `plda` projects them, and their number: `[artists, 256]` and
        `[artists]`. A filtered index sums the candidates themselves."""
        if not self.exact:
            return self._sum_works(plda, candidates)
        if self._exact_sums is None:
            self._exact_sums = self._sum_works(plda, candidates)
        return self._exact_sums

    def count_artists(self, candidates: CandidateWorks) -> int:
        """How many artists may have painted a query: all of the index; those of the candidates if it is filtered."""
        return self.manifest.artists if self.selection is None else len(candidates.artists)

    def _sum_works(self, plda: PLDA, candidates: CandidateWorks) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        if self.selection is not None:
            projected = plda.project(self.embeddings(candidates.ids))
            return artist_sums(projected, candidates.numbers, len(candidates.artists))
        means = self.works.artist_means(candidates.artists, self.store.dim)
        return means.astype(np.float64) * candidates.sizes[:, None], candidates.sizes

    @property
    def mean_distance(self) -> float:
        """The mean distance between works by different artists."""
        return self.manifest.mean_distance

    @cached_property
    def artists(self) -> ArtistTable:
        """The artist of each work, by ascending id."""
        ids, names = self.works.artists()
        if self.selection is not None:
            rows = np.searchsorted(ids, self.selection.ids)
            ids, names = ids[rows], [names[row] for row in rows]
        distinct, numbers = np.unique(np.array(names, dtype=object), return_inverse=True)
        return ArtistTable(ids, numbers.astype(np.int64), [str(name) for name in distinct])

    @cached_property
    def local_scales(self) -> NDArray[np.float32]:
        """How isolated each work is, in the order of `artists`: float32 `[n]`; see `metrics/local_scaling.py`."""
        return self._of_selection(self.works.local_scales())

    @cached_property
    def fingerprints(self) -> NDArray[np.uint8]:
        """The fingerprint of each work, in the order of `artists`: uint8 `[n, FINGERPRINT_BYTES]`."""
        return self._of_selection(self.works.fingerprints()[1])

    def _of_selection(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Those of one row per work, by ascending id, that belong to selected works."""
        if self.selection is None:
            return rows
        return rows[np.searchsorted(self.works.ids(), self.selection.ids)]

    @cached_property
    def reference_embeddings(self) -> NDArray[np.float32]:
        """The embeddings of random works that stand for all: float32 `[at most REFERENCE_WORKS, 256]`."""
        if self.selection is not None:
            ids = self.selection.ids
        elif self.exact:
            ids = self.artists.ids
        else:
            return self.embeddings(self.works.draw_ids(REFERENCE_WORKS, self.next_id - 1))
        drawn = np.random.default_rng(0).permutation(len(ids))[:REFERENCE_WORKS]
        return self.embeddings(ids[np.sort(drawn)])

    def search_candidates(self, embeddings: NDArray[np.float32]) -> list[Candidates]:
        """For each query `[n, 256]` the works among which artists are ranked: all works if the index is exact, else the
        nearest `MAX_CANDIDATES`."""
        if self.exact:
            return [Candidates(row, self.artists.ids) for row in distance_matrix(embeddings, self._all_embeddings)]
        found = self.search(embeddings, MAX_CANDIDATES)
        return [Candidates(row[ids >= 0], ids[ids >= 0]) for row, ids in zip(*found, strict=True)]

    def load_candidates(self, ids: NDArray[np.int64]) -> CandidateWorks:
        """What ranking artists needs to know of candidates: of all works if the index is exact, else of those with
        these ids, so that nothing grows with the index."""
        if self.exact:
            return self._all_candidates
        candidates = read_candidate_works(self.works, ids, self._among)
        if len(candidates.ids) != len(ids):
            raise self._inconsistent()
        return candidates

    @cached_property
    def _all_embeddings(self) -> NDArray[np.float32]:
        return self.embeddings(self.artists.ids)

    @cached_property
    def _all_candidates(self) -> CandidateWorks:
        table = self.artists
        return CandidateWorks(
            ids=table.ids,
            numbers=table.numbers,
            artists=table.names,
            sizes=np.bincount(table.numbers, minlength=len(table.names)),
            local_scales=self.local_scales,
            fingerprints=self.fingerprints,
            reduced=coarse_fingerprints(self.fingerprints),
        )

    @property
    def _among(self) -> NDArray[np.int64] | None:
        return None if self.selection is None else self.selection.ids


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

    def to_frame(self) -> pd.DataFrame:
        """One row per added or removed work, with the columns change, id and those of a work."""
        from painter_search.index.notebook_views import works_frame

        frame = works_frame([*self.added, *self.removed])
        frame.insert(0, "change", ["added"] * len(self.added) + ["removed"] * len(self.removed))
        return frame

    def _repr_html_(self) -> str:
        from painter_search.common.html_repr import html_table
        from painter_search.index.notebook_views import works_table

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
    check_added_sources(sources, artist, places)
    folder = writable_folder(Path(index))
    addition = write_addition(
        folder, sources, artist, places, layout=layout, keep_uncertain=keep_uncertain, crop=parse_crop(crop)
    )
    return IndexUpdate.of(addition)


def remove_works(index: Path | str, works: str | int | Iterable[str | int]) -> IndexUpdate:
    """Remove works from the current index of a folder of indexes.

    The version before stays in its folder. Ids of removed works are never given to others.

    Args:
        index: The folder of indexes.
        works: Works by id (`12`, `"12"` or `"#12"`), or all works of an artist by name; one of them, or several.

    Returns:
        The new index and the removed works.

    Raises:
        UnknownWorkError: The index has no work with an id, or by an artist.
        NotEnoughDataError: No work would be left.
        BusyError: Another process is changing the index.

    Example:
        >>> update = remove_works("index", ["12", "Claude Monet"])
        >>> len(update.index)
        11
    """
    from painter_search.index.update import write_removal

    return IndexUpdate.of(write_removal(writable_folder(Path(index)), as_names(works)))


@dataclass(frozen=True)
class Listing:
    """The artists of an index, or the works of one artist."""

    index: PaintingIndex
    artists: dict[str, int]
    """The number of works of each artist listed."""
    works: tuple[IndexedWork, ...] = ()
    """The works of the one artist asked for."""

    def to_frame(self) -> pd.DataFrame:
        """The works, or else the artists with the columns artist and works."""
        import pandas as pd

        from painter_search.index.notebook_views import works_frame

        if self.works:
            return works_frame(self.works)
        return pd.DataFrame(self.artists.items(), columns=["artist", "works"])

    def _repr_html_(self) -> str:
        from painter_search.common.html_repr import html_table
        from painter_search.index.notebook_views import works_table

        if self.works:
            return works_table(self.index.works, self.works, f"{len(self.works):,} works")
        return html_table(("artist", "works"), self.artists.items())


def list_works(index: PaintingIndex, artist: str | None = None) -> Listing:
    """List the artists of an index, or the works of `artist`; raises `UnknownWorkError` if it has none."""
    if artist is None:
        return Listing(index, index.works.works_per_artist())
    works = tuple(index.works.by_artist(artist))
    return Listing(index, {works[0].work.artist: len(works)}, works)
