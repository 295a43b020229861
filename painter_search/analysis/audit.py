"""Audit of a collection: duplicates, train/test leaks, artist names spelled twice, label errors, small works."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painter_search.analysis.config import AuditConfig
from painter_search.analysis.duplicate_works import (
    DuplicatePair,
    duplicate_ids,
    find_duplicate_works,
    sketch_of_collection,
    sketch_of_index,
)
from painter_search.analysis.label_errors import LabelErrors, find_label_errors
from painter_search.collection.artist_names import NameVariant, find_name_variants, suspicious_names
from painter_search.collection.collection import Collection
from painter_search.collection.work import Work
from painter_search.common.errors import InvalidValueError, NotFoundError
from painter_search.common.files.csv_io import read_rows
from painter_search.common.files.urls import Location
from painter_search.common.html_repr import Html, html_picture, html_table
from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.images.fingerprint import has_picture
from painter_search.images.framing import CENTER_SIDE
from painter_search.index.config import DEFAULT_INDEX
from painter_search.index.manifest import CURRENT
from painter_search.index.painting_index import PaintingIndex

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_DATA = Path("data")
SUSPICIOUS, REJECTED = "suspicious_artists.csv", "rejected.csv"
SMALL_SIDE = CENTER_SIDE
"""Works with a shorter side below this many pixels are enlarged before the network sees them."""
PREFETCHED = 64
"""Pictures that are decoded ahead."""
HTML_PAIRS = 5
"""Duplicates that a notebook shows with their pictures."""


@dataclass(frozen=True)
class ArtistVariants:
    """Two names that may be one artist's."""

    spelling: NameVariant
    leak: bool
    """Whether one is a training artist and the other a test artist."""


@dataclass(frozen=True)
class SmallWork:
    """A work whose picture is smaller than what the network sees; sizes in pixels."""

    work: Work
    width: int
    height: int


@dataclass(frozen=True)
class Audit:
    """Findings of an audit. They are questions to a person; nothing was changed."""

    sources: tuple[str, ...]
    """Names of the audited collections."""
    index: str | None
    """Digest of the index whose neighbours were compared; None without an index."""
    index_only: int
    """Works of this index that are in none of the audited collections, so that their pictures were not compared."""
    index_alone: bool
    """Whether the index itself was audited, whose works are in neither train nor test."""
    works: int
    artists: int
    duplicates: tuple[DuplicatePair, ...]
    """Leaks first, then pictures under two artists, then those within one artist; each by descending correlation."""
    spellings: tuple[ArtistVariants, ...]
    """Names that may be one artist's, leaks first."""
    label_errors: LabelErrors | None
    """Works whose nearest neighbours are by another artist; None without an index."""
    suspicious: tuple[dict[str, str], ...]
    """Artists with doubtful names, as in `suspicious_artists.csv`: artist, works, reason."""
    rejected: tuple[dict[str, str], ...] | None
    """Rows of `rejected.csv`: file, reason; None where there is no such file, as in an index of a collection."""
    small_works: tuple[SmallWork, ...]
    """Works with a shorter side below `SMALL_SIDE` pixels, smallest first."""
    picture: Callable[[Work], bytes] = field(repr=False, compare=False)
    """The whole picture of a work, reduced, as a JPEG file."""

    @property
    def leaks(self) -> int | None:
        """How many pictures and artists are in train and in test; None for an index alone."""
        if self.index_alone:
            return None
        return sum(pair.leak for pair in self.duplicates) + sum(variant.leak for variant in self.spellings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `audit --json` prints them; without the pictures."""
        return {
            "leaks": self.leaks,
            "sources": self.sources,
            "index": self.index,
            "index_only": self.index_only,
            "works": self.works,
            "artists": self.artists,
            "repeats": [pair.to_dict() for pair in self.duplicates],
            "spellings": [asdict(variant) for variant in self.spellings],
            "doubts": None if self.label_errors is None else self.label_errors.to_dict(),
            "suspicious": self.suspicious,
            "rejected": self.rejected,
            "tiny": [asdict(small) for small in self.small_works],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per finding, in the order of the attributes.

        Columns: finding (duplicate, name variant, label error, suspicious name, rejected file, small work), leak,
        artist, file, other_artist, other_file, and detail in words. Cells that do not apply are empty.
        """
        import pandas as pd

        columns = ["finding", "leak", "artist", "file", "other_artist", "other_file", "detail"]
        return pd.DataFrame(self._rows(), columns=columns)

    def _rows(self) -> list[tuple[str, bool, str, str, str, str, str]]:
        rows = []
        for pair in self.duplicates:
            (one, other), margins = pair.works, ", without margins" if pair.without_margins else ""
            detail = f"{pair.kind}{margins}, correlation {pair.correlation:.2f}"
            rows.append(("duplicate", pair.leak, one.artist, one.name, other.artist, other.name, detail))
        for variant in self.spellings:
            first, second = variant.spelling.artists
            rows.append(("name variant", variant.leak, first, "", second, "", variant.spelling.how))
        for error in () if self.label_errors is None else self.label_errors.listed:
            votes = f"{error.votes} of {len(error.neighbours)} nearest works"
            rows.append(("label error", False, error.work.artist, error.work.name, error.suggested_artist, "", votes))
        for row in self.suspicious:
            rows.append(("suspicious name", False, row["artist"], "", "", "", row["reason"]))
        for row in self.rejected or ():
            rows.append(("rejected file", False, "", row["file"], "", "", row["reason"]))
        for small in self.small_works:
            size = f"{small.width} x {small.height} px"
            rows.append(("small work", False, small.work.artist, small.work.name, "", "", size))
        return rows

    def _repr_html_(self) -> str:
        """How many findings there are of each kind, and the first duplicates with their pictures."""
        counts = Counter(kind for kind, *_ in self._rows())
        leaks = "" if self.leaks is None else f", {self.leaks:,} leaks"
        caption = f"{', '.join(self.sources)}: {self.works:,} works by {self.artists:,} artists{leaks}"
        table = html_table(("finding", "number"), counts.items(), caption)
        pairs = [
            [cell for work in pair.works for cell in (html_picture(self.picture(work)), f"{work.artist}: {work.file}")]
            for pair in self.duplicates[:HTML_PAIRS]
        ]
        return Html(table + (html_table(("", "", "", ""), pairs, "Duplicates") if pairs else ""))


def audit_collection(config: AuditConfig | None = None) -> Audit:
    """Look for what may be wrong with prepared collections and, if there is one, with an index.

    Every picture is opened once and compared with every other, also without its margins. Nothing is changed.

    Args:
        config: What to audit; by default the collection in `data` with the neighbours of the index in `index`, where
            they exist. An index without a collection is audited itself.

    Returns:
        The findings.

    Raises:
        NotFoundError: There is nothing to audit.
        InvalidValueError: Two of the collections have the same name.
        PainterSearchError: A collection or index cannot be read.

    Example:
        >>> audit = audit_collection(AuditConfig(data=(Path("data"),)))  # doctest: +SKIP
        >>> audit.leaks, len(audit.duplicates)  # doctest: +SKIP
        (0, 3)
        >>> audit.to_frame().groupby("finding").size()  # doctest: +SKIP
    """
    config = config or AuditConfig()
    looks_for_data = config.index is None and (DEFAULT_DATA / "prepare.json").is_file()
    folders = config.data or ((DEFAULT_DATA,) if looks_for_data else ())
    collections = [Collection.open(folder) for folder in folders]
    index = _find_index(config.index, collections)
    if not collections and index is None:
        raise NotFoundError(
            "there is nothing to audit: prepare a collection first (`python -m painter_search.prepare`), "
            "or name one with --data, or an index with --index."
        )
    by_name = {collection.name: collection for collection in collections}
    if len(by_name) < len(collections):
        raise InvalidValueError("two of the collections have the same name; prepare one of them with another --name.")
    indexed = {} if index is None else _works_by_id(index)
    ids = {work.name: id for id, work in indexed.items()}
    entries = _works_of_splits(collections)
    pictures, index_alone = len(entries), not entries and index is not None
    if entries or index is None:
        sketches = map_prefetched(
            lambda entry: sketch_of_collection(by_name[entry[0].collection], *entry), entries, PREFETCHED
        )
    else:
        pictured = set(index.artists.ids[has_picture(index.fingerprints)].tolist())
        shown = [(id, work) for id, work in indexed.items() if id in pictured]
        entries, pictures = [(work, "index") for work in indexed.values()], len(shown)
        sketches = map_prefetched(lambda item: sketch_of_index(index, *item), shown, PREFETCHED)
    sketched = list(track(sketches, "Opening pictures", total=pictures))
    duplicates = find_duplicate_works(sketched)
    small_works = [
        SmallWork(one.work, one.sketch.width, one.sketch.height)
        for one in sketched
        if one.original_size and min(one.sketch.width, one.sketch.height) < SMALL_SIDE
    ]

    def picture(work: Work) -> bytes:
        if index is not None and work.name in ids:
            return index.works.thumbnail(ids[work.name])
        return by_name[work.collection].thumbnail(work.file)

    homes = [collection.folder for collection in collections] or ([index.folder] if index else [])
    return Audit(
        sources=tuple(by_name) or tuple(index.manifest.collections if index else ()),
        index=index.digest if index else None,
        index_only=len(ids.keys() - {work.name for work, _ in entries}),
        index_alone=index_alone,
        works=len(entries),
        artists=len({work.artist for work, _ in entries}),
        duplicates=duplicates,
        spellings=_find_spellings(entries) + _unified_spellings(collections),
        label_errors=None if index is None else find_label_errors(index, duplicate_ids(duplicates, ids)),
        suspicious=_suspicious_names(indexed.values()) if index_alone else _read_rows(homes, SUSPICIOUS) or (),
        rejected=_read_rows(homes, REJECTED),
        small_works=tuple(sorted(small_works, key=lambda s: (min(s.width, s.height), s.work.name))),
        picture=picture,
    )


def _find_index(path: Location | None, collections: Sequence[Collection]) -> PaintingIndex | None:
    """The index at `path`; by default the current one, if it holds works of these collections."""
    if path is not None:
        return PaintingIndex.load(path)
    if not (DEFAULT_INDEX / CURRENT).is_file():
        return None
    index = PaintingIndex.load(DEFAULT_INDEX)
    shared = set(index.manifest.collections) & {collection.name for collection in collections}
    return index if not collections or shared else None


def _works_by_id(index: PaintingIndex) -> dict[int, Work]:
    """The works of an index by id; ids have gaps where works were removed."""
    ids = [int(id) for id in index.artists.ids]
    return dict(zip(ids, index.works.get(ids), strict=True))


def _works_of_splits(collections: Sequence[Collection]) -> list[tuple[Work, str]]:
    return [
        (work, split) for collection in collections for split in ("train", "test") for work in collection.works(split)
    ]


def _find_spellings(entries: Sequence[tuple[Work, str]]) -> tuple[ArtistVariants, ...]:
    splits: dict[str, set[str]] = defaultdict(set)
    for work, split in entries:
        splits[work.artist].add(split)
    variants = [
        ArtistVariants(variant, {"train", "test"} <= splits[variant.artists[0]] | splits[variant.artists[1]])
        for variant in find_name_variants(splits)
    ]
    return tuple(sorted(variants, key=lambda variant: not variant.leak))


def _unified_spellings(collections: Sequence[Collection]) -> tuple[ArtistVariants, ...]:
    """The spellings that `prepare` took as one artist's."""
    pairs = [
        (min(used, other), max(used, other))
        for collection in collections
        for used, others in collection.summary.get("spellings", {}).items()
        for other in others
    ]
    return tuple(
        ArtistVariants(NameVariant(pair, "accents, capitals or order; taken as one"), leak=False) for pair in pairs
    )


def _suspicious_names(works: Iterable[Work]) -> tuple[dict[str, str], ...]:
    """The rows of `suspicious_artists.csv`, as `prepare` would write them for these works."""
    import pandas as pd

    table = suspicious_names(pd.DataFrame([asdict(work) for work in works]))
    return tuple(dict(zip(table.columns, map(str, row), strict=True)) for row in table.itertuples(index=False))


def _read_rows(folders: Sequence[Path], file: str) -> tuple[dict[str, str], ...] | None:
    """The rows of the tables of this name; None if no folder has one."""
    tables = [read_rows(folder / file) for folder in folders if (folder / file).is_file()]
    return tuple(row for table in tables for row in table) if tables else None
