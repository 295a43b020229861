"""An index: vectors, works, encoder and the manifest that binds them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from painter_search.collection.fingerprint import coarse
from painter_search.collection.settings import Framing
from painter_search.encoder.settings import EncoderConfig
from painter_search.errors import UserError
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.known import KnownWorks, look_up
from painter_search.retrieval.manifest import ENCODER, THUMBNAILS, WORKS, find_index, read_manifest
from painter_search.retrieval.search_plan import SearchKind
from painter_search.retrieval.selection import Selection, select_works
from painter_search.retrieval.settings import DEFAULT_INDEX, IndexConfig
from painter_search.retrieval.stores import open_vectors
from painter_search.retrieval.works import Works
from painter_search.scores.confidence import Confidence
from painter_search.scores.triplets import distance_matrix

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from painter_search.encoder.exported import ExportedEncoder

CANDIDATES = 1024
"""Works that an approximate index offers for weighing artists."""
SAMPLE = 1024
"""Works that tell how far a query lies from works in general."""


class PaintingIndex:
    """Paintings by the embedding of their style. Distances are Euclidean."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        """Use `load`, which checks what it opens."""
        self.folder = folder
        self.manifest = manifest
        self.framing: Framing = manifest["framing"]
        self.works = Works(folder / WORKS, folder / THUMBNAILS)
        self.selection: Selection | None = None
        self._opening: Future[InferenceSession] | None = None
        self._vectors = open_vectors(folder, SearchKind(**manifest["search"]))
        # Of as many works as are searched exactly every one is held against the list; of more, their number.
        strange = self.exact and not np.array_equal(self._vectors.ids, self.works.ids())
        if strange or len(self) != manifest["works"]:
            raise self._other_works()

    @classmethod
    def build(cls, config: IndexConfig) -> PaintingIndex:
        """Embed the works that `config` names and write an index of them; see `retrieval/building.py`."""
        from painter_search.retrieval.building import build_painting_index

        return cls.load(build_painting_index(config))

    @classmethod
    def load(cls, path: Path | str = DEFAULT_INDEX, to_ask: bool = False) -> PaintingIndex:
        """Open an index: its own folder, or the folder of indexes whose `CURRENT` names it.

        `to_ask` opens the encoder on a thread meanwhile, half of the time of a lone query.
        Raises `UserError` where there is none, or it is damaged or of another format.
        """
        folder = find_index(Path(path))
        # What is no file is left to the check to refuse: to open a pipe, say, would wait for ever.
        opening = _opened_meanwhile(folder / ENCODER) if to_ask and (folder / ENCODER).is_file() else None
        index = cls(folder, read_manifest(folder))
        index._opening = opening
        return index

    @property
    def digest(self) -> str:
        """What the index is known by: the digest of its manifest, which names the digests of its files."""
        return str(self.manifest["digest"])

    def __len__(self) -> int:
        return len(self._vectors) if self.selection is None else len(self.selection.ids)

    def filtered(self, filter: WorkFilter | None) -> PaintingIndex:
        """The same index with no other works than a filter leaves, for asking; with None, the index as it is.

        Raises `UserError` for a filter that cannot be used or leaves nothing; see `retrieval/selection.py`.
        """
        if filter is None:
            return self
        narrowed = copy(self)
        for name, member in vars(PaintingIndex).items():
            if isinstance(member, cached_property) and not name.startswith("encoder"):
                vars(narrowed).pop(name, None)  # it was worked out from all the works
        narrowed.selection = select_works(self.folder / WORKS, filter)
        return narrowed

    @cached_property
    def encoder(self) -> ExportedEncoder:
        """The network that made the vectors, on the CPU."""
        from painter_search.encoder.exported import ExportedEncoder, open_session

        session = open_session(self.folder / ENCODER) if self._opening is None else self._opening.result()
        return ExportedEncoder(session, self.encoder_config)

    @property
    def encoder_config(self) -> EncoderConfig:
        """How the encoder sees a frame."""
        return EncoderConfig.from_plain(self.manifest["encoder"])

    @cached_property
    def encoder_of_many(self) -> ExportedEncoder:
        """The same network on one core, for many paintings on threads of their own: together they get half as much
        again done as one after another on all cores, but a lone painting waits longer."""
        from painter_search.encoder.exported import ON_ONE_CORE, ExportedEncoder, open_session

        return ExportedEncoder(open_session(self.folder / ENCODER, 1), self.encoder.config, ON_ONE_CORE)

    @cached_property
    def artists(self) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
        """All ids, the number of each one's artist, and the artists' names by number."""
        ids, names = self.works.artists()
        if self.selection is not None:
            chosen = np.searchsorted(ids, self.selection.ids)
            ids, names = ids[chosen], [names[place] for place in chosen]
        distinct, numbers = np.unique(np.array(names, dtype=object), return_inverse=True)
        return ids, numbers.astype(np.int64), [str(name) for name in distinct]

    @cached_property
    def isolations(self) -> NDArray[np.float32]:
        """How isolated each work lies, in the order of `artists`; see `scores/artists.py`."""
        found = self.works.isolations()
        if self.selection is not None:
            found = found[np.searchsorted(self.works.artists()[0], self.selection.ids)]
        return found

    @cached_property
    def confidence(self) -> Confidence | None:
        """What distances are worth; None for an encoder without calibration."""
        kept = self.manifest.get("confidence")
        return None if kept is None else Confidence.from_plain(kept)

    @property
    def typical(self) -> float:
        """The mean distance between works by different artists."""
        return float(self.manifest["typical"])

    @cached_property
    def sample(self) -> NDArray[np.float32]:
        """The embeddings of works that stand for all: at most `SAMPLE`, `[n, 256]`."""
        if self.selection is not None:
            ids = self.selection.ids
        elif self.exact:
            ids = self.artists[0]
        else:
            return self.vectors(self.works.draw(SAMPLE, self.next_id - 1))
        drawn = np.random.default_rng(0).permutation(len(ids))[:SAMPLE]
        return self.vectors(ids[np.sort(drawn)])

    @property
    def next_id(self) -> int:
        """The id that the next work gets: never one that another work had."""
        kept = self.manifest.get("next_id")
        return int(self.works.ids().max() + 1 if kept is None else kept)

    @property
    def search_kind(self) -> SearchKind:
        """How the index searches."""
        return self._vectors.kind

    @property
    def exact(self) -> bool:
        """Whether every work is compared with; else only those near a query are looked up."""
        return self._vectors.kind.name == "exact"

    def known(self, ids: NDArray[np.int64]) -> KnownWorks:
        """What a query with these candidates is weighed by: all works where the index is exact, else the candidates,
        so that nothing grows with the index."""
        if self.exact:
            return self._all_known
        known = look_up(self.works, ids, self._among)
        if len(known.ids) != len(ids):
            raise self._other_works()
        return known

    def _other_works(self) -> UserError:
        return UserError(f"{self.folder} has vectors of other works than it lists; copy or build the index again.")

    @cached_property
    def _all_known(self) -> KnownWorks:
        ids, numbers, names = self.artists
        _, marks, reduced = self.fingerprints
        sizes = np.bincount(numbers, minlength=len(names))
        return KnownWorks(ids, numbers, names, sizes, self.isolations, marks, reduced)

    @property
    def _among(self) -> NDArray[np.int64] | None:
        return None if self.selection is None else self.selection.ids

    @cached_property
    def fingerprints(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float32]]:
        """All ids, their fingerprints, and these reduced for a first look; see `collection/fingerprint.py`."""
        ids, marks = self.works.fingerprints()
        if self.selection is not None:
            chosen = np.searchsorted(ids, self.selection.ids)
            ids, marks = ids[chosen], marks[chosen]
        return ids, marks, coarse(marks)

    def search(self, embeddings: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The `k` nearest works to each embedding `[n, 256]`: distances and ids, `[n, min(k, len(index))]` each.

        An approximate search that finds fewer fills up with infinite distances and the id -1.
        """
        return self._vectors.search(embeddings, k, self._among)

    def candidates(self, embeddings: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """For each embedding `[n, 256]` the distances and ids of the works to weigh: all of them where the index is
        exact, else the nearest `CANDIDATES`."""
        if self.exact:
            return [(row, self.artists[0]) for row in distance_matrix(embeddings, self._matrix)]
        found = self.search(embeddings, CANDIDATES)
        return [(row[ids >= 0], ids[ids >= 0]) for row, ids in zip(*found, strict=True)]

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        return self.vectors(self.artists[0])

    def vectors(self, ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """The stored embeddings of these works: `[n, 256]`."""
        return self._vectors.get(np.asarray(ids, np.int64))

    def embed(self, frames: Sequence[bytes], of_many: bool = False) -> NDArray[np.float32]:
        """Embed frames (JPEG files made with the index's framing) with the index's encoder: `[n, 256]`.

        `of_many`: on one core, as others are embedded on other threads meanwhile.
        """
        from painter_search.encoder.embedding import embed_all

        return embed_all(self.encoder_of_many if of_many else self.encoder, list(frames))


def _opened_meanwhile(encoder: Path) -> Future[InferenceSession]:
    from painter_search.encoder.exported import open_session

    thread = ThreadPoolExecutor(1)
    opening = thread.submit(open_session, encoder)
    thread.shutdown(wait=False)
    return opening
