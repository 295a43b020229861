"""The manifest of an index: which files its folder holds, bound by digests, and how they were made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args

from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError, PainterSearchError
from painter_search.common.files.atomic_io import (
    digest_bytes,
    digest_file,
    read_json,
    replace_folder,
    write_bytes,
    write_json,
)
from painter_search.common.files.lfs import refuse_lfs_pointer
from painter_search.common.files.stored import from_stored, to_stored
from painter_search.encoder.config import EncoderConfig
from painter_search.images.picture_size import THUMBNAIL_SIDE, is_picture_size
from painter_search.images.types import Framing
from painter_search.index.vector_store.base import VECTORS, SearchSettings
from painter_search.metrics.confidence import Confidence

FORMAT = 2
"""Version of the folder's layout, stored in `manifest.json`."""

MANIFEST, CURRENT = "manifest.json", "CURRENT"
WORKS, THUMBNAILS, ENCODER = "works.sqlite", "thumbnails.sqlite", "encoder.onnx"
PICTURES = "pictures.sqlite"
"""The larger pictures, in an index that has some."""
REJECTED = "rejected.csv"
"""Files that were not indexed, each with the reason, in an index that left some out."""

MADE_ELSEWHERE = "made elsewhere"
"""The backbone of embeddings that were given without an encoder; the index has no `encoder.onnx`."""

MAX_DIGESTED = 100_000_000
"""Bytes up to which a file's digest is checked when an index is opened, for which it is read whole. A search of a large
index reads no more than it touches, and opening it should not either."""

REQUIRED = {"framing", "encoder", "search", "works", "artists", "collections", "split", "files", "typical"}
"""Entries that a manifest must have."""


@dataclass(frozen=True)
class FileEntry:
    """A file of an index, as its manifest describes it."""

    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an index is: how its works were framed and embedded, how it searches, and which files its folder holds.

    The names on disk are those of format 2; `next_id`, `picture_size`, `trained_on`, `trained_artists` and both
    calibrations may be missing there.
    """

    framing: Framing
    encoder: EncoderConfig
    search: SearchSettings
    works: int
    artists: int
    collections: tuple[str, ...]
    """Names of the collections that the works are from, sorted."""
    split: str
    """What was indexed: `test`, `train`, `all` (also once a collection with training works was added), or `folder`
    where that is not known; `all` also where only the name of the collection tells that the encoder was trained on
    it."""
    mean_distance: float
    """Mean distance between works by different artists."""
    confidence: Confidence | None = None
    """Turns distances into probabilities; None for an encoder without calibration."""
    encoder_confidence: Confidence | None = None
    """The encoder's own calibration, where `confidence` was moved from it to the works of this index; else None."""
    next_id: int | None = None
    """The id that the next work gets; None in an index written before works could be added."""
    picture_size: int = THUMBNAIL_SIDE
    """Long side in pixels of the largest pictures that it keeps of its works."""
    trained_on: tuple[str, ...] | None = None
    """Names of the collections that the encoder was trained on; None where they are not known."""
    trained_artists: tuple[str, ...] | None = None
    """The artists that the encoder was trained or validated on, as `digest_artists` gives them; None where they are not
    known."""
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    """The files of the folder by name, without the manifest itself."""
    digest: str = ""
    """Identifies the index: 16 hexadecimal digits over everything else."""
    others: Mapping[str, object] = field(default_factory=dict)
    """Entries that this version does not know; they stay when the index changes."""

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Manifest:
        """Read the content of `manifest.json`; raises `ValueError` with the name of the first invalid entry."""
        entries = dict(stored)
        entries.pop("format", None)
        known = {name: _read_entry(name, entries.pop(name)) for name in ENTRIES if name in entries}
        known["mean_distance"] = known.pop("typical")
        return cls(**known, others=entries)

    def to_stored(self) -> dict[str, Any]:
        """The entries of `manifest.json`, in its order."""
        optional: dict[str, object] = {} if self.next_id is None else {"next_id": self.next_id}
        if self.picture_size != THUMBNAIL_SIDE:
            optional["picture_size"] = self.picture_size
        if self.trained_on is not None:
            optional["trained_on"] = list(self.trained_on)
        if self.trained_artists is not None:
            optional["trained_artists"] = list(self.trained_artists)
        if self.encoder_confidence is not None:
            optional["encoder_confidence"] = to_stored(self.encoder_confidence)
        return {
            "format": FORMAT,
            "framing": self.framing,
            "encoder": to_stored(self.encoder),
            "search": to_stored(self.search),
            "works": self.works,
            "artists": self.artists,
            "collections": list(self.collections),
            "split": self.split,
            **optional,
            "typical": self.mean_distance,
            "confidence": None if self.confidence is None else to_stored(self.confidence),
            **self.others,
            "files": {name: asdict(entry) for name, entry in self.files.items()},
        }


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an index and check it alone; `check_files` checks the files that it names.

    Raises:
        DamagedFileError: The manifest is damaged, altered, missing, or of another format.
    """
    stored = read_json(folder / MANIFEST)
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        version = stored.get("format") if isinstance(stored, dict) else None
        raise DamagedFileError(
            f"{folder} has format {version}, and this version reads format {FORMAT}; "
            "build it again: `python -m painter_search.build-index`."
        )
    if stored.get("digest") != digest_manifest(stored):
        raise DamagedFileError(
            f"{folder / MANIFEST} has been altered since the index was built; copy or build it again."
        )
    missing = REQUIRED - set(stored)
    if missing:
        raise DamagedFileError(
            f"{folder / MANIFEST} lacks {', '.join(sorted(missing))}; it is damaged: build the index again."
        )
    try:
        manifest = Manifest.from_stored(stored)
    except ValueError as error:
        raise DamagedFileError(
            f"{folder / MANIFEST} has under {str(error)!r} what this version of painter_search cannot read; build the "
            "index again, or use the version that it was built with."
        ) from error
    return manifest


def publish_index(staging: Path, index_dir: Path, manifest: Manifest) -> Path:
    """Make the files in `staging` the current index of `index_dir`.

    They are bound by a manifest and moved to a folder named by its digest, which is returned.
    """
    names = sorted(path.name for path in staging.iterdir() if path.name != MANIFEST)
    files = {name: FileEntry((staging / name).stat().st_size, digest_file(staging / name)) for name in names}
    stored = replace(manifest, files=files).to_stored()
    digest = digest_manifest(stored)
    write_json(staging / MANIFEST, {**stored, "digest": digest})
    replace_folder(staging, index_dir / digest)
    write_bytes(index_dir / CURRENT, f"{digest}\n".encode())
    return index_dir / digest


def find_index(path: Path) -> Path:
    """The folder of the index at `path`, or of the one that `path/CURRENT` names.

    Raises `NotFoundError` if there is none.
    """
    if (path / MANIFEST).is_file():
        return path
    if (path / CURRENT).is_file():
        name = (path / CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        folder = path / name
        if name and Path(name).name == name and (folder / MANIFEST).is_file():
            return folder
        raise NotFoundError(f"{path / CURRENT} names {name!r}, which is not there; build the index again.")
    versions = sorted(path.glob(f"{'[0-9a-f]' * 16}/{MANIFEST}"), key=lambda file: file.stat().st_mtime)
    if versions:
        version = versions[-1].parent
        raise NotFoundError(
            f"{path} lacks {CURRENT}, the file that names the index in use; give {version} to ask it, or to change it "
            f"write {version.name} into {path / CURRENT}."
        )
    is_where = f"{path} holds no index" if path.exists() else f"{path} does not exist"
    raise NotFoundError(
        f"{is_where}; name the folder of an index, or build one of your paintings: "
        f"`python -m painter_search.build-index --folder FOLDER --index {path}`."
    )


def check_is_no_version(index_dir: Path) -> None:
    """Raise `InvalidValueError` for one index in place of the folder of its versions, where the next is written."""
    if (index_dir / MANIFEST).is_file():
        raise InvalidValueError(
            f"{index_dir} is one index and is never changed; give --index the folder that holds it."
        )


def current_manifest(path: Path) -> Manifest | None:
    """The manifest of the index at `path`, see `find_index`; None if there is none that can be read."""
    try:
        return read_manifest(find_index(path))
    except PainterSearchError:
        return None


def digest_manifest(stored: Mapping[str, Any]) -> str:
    """The digest of a stored manifest without its own entry for it: 16 hexadecimal digits."""
    rest = {key: value for key, value in stored.items() if key != "digest"}
    return digest_bytes(json.dumps(rest, sort_keys=True).encode())[:16]


def check_files(folder: Path, manifest: Manifest) -> None:
    """Check every file of an index against its manifest; raises `DamagedFileError` with the name of one that differs.

    Of pictures, which only pages need, and of files above `MAX_DIGESTED` only the size is checked; of the list of
    rejected files, which no answer needs, neither: Git for Windows gives a text other ends of lines.
    """
    required = {WORKS, THUMBNAILS} | (set() if manifest.search.uri else {VECTORS})
    required |= set() if manifest.encoder.backbone == MADE_ELSEWHERE else {ENCODER}
    if not required <= set(manifest.files):
        raise DamagedFileError(f"{folder / MANIFEST} does not name an index's files; it is damaged: build it again.")
    for name, expected in manifest.files.items():
        if Path(name).name != name:
            raise DamagedFileError(
                f"{folder / MANIFEST} has a file {name!r} that no index has; it is damaged: build it again."
            )
        path = folder / name
        if not path.is_file():
            raise DamagedFileError(f"{path} is missing; copy the whole index folder, or build it again.")
        if name == REJECTED:
            continue
        size = path.stat().st_size
        if size != expected.size:
            refuse_lfs_pointer(path)
            raise DamagedFileError(
                f"{path} has {size:,} bytes and should have {expected.size!s}; copy or build it again."
            )
        if name not in (THUMBNAILS, PICTURES) and size <= MAX_DIGESTED and digest_file(path) != expected.sha256:
            raise DamagedFileError(f"{path} has been altered since the index was built; copy or build it again.")


def _read_entry(name: str, value: Any) -> Any:
    try:
        return ENTRIES[name](value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(name) from error


def _framing(value: object) -> Framing:
    if value not in get_args(Framing):
        raise ValueError(value)
    return cast(Framing, value)


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _picture_size(value: object) -> int:
    if not is_picture_size(value):
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(map(_text, value))


def _distance(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(value)
    return value


def _files(value: Any) -> dict[str, FileEntry]:
    return {name: FileEntry(entry["size"], entry["sha256"]) for name, entry in value.items()}


ENTRIES: dict[str, Callable[[Any], object]] = {
    "framing": _framing,
    "encoder": partial(from_stored, EncoderConfig),
    "search": partial(from_stored, SearchSettings),
    "works": _count,
    "artists": _count,
    "collections": _names,
    "split": str,
    "next_id": _count,
    "picture_size": _picture_size,
    "trained_on": _names,
    "trained_artists": _names,
    "typical": _distance,
    "confidence": lambda value: None if value is None else from_stored(Confidence, value),
    "encoder_confidence": partial(from_stored, Confidence),
    "files": _files,
    "digest": _text,
}
"""How each entry of `manifest.json` is read; each function raises an error for an invalid value."""
