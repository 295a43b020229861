"""The manifest of an index: what its folder holds, bound by digests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from painter_search.collection.settings import Framing
from painter_search.encoder.settings import EncoderConfig
from painter_search.errors import UserError
from painter_search.folders import digest_bytes, digest_file, put_in_place, read_json, write_bytes, write_json
from painter_search.retrieval.search_plan import SearchKind
from painter_search.scores.confidence import Confidence

FORMAT = 2
"""Version of the folder's layout, kept in `manifest.json`."""

MANIFEST, CURRENT = "manifest.json", "CURRENT"
VECTORS, WORKS, THUMBNAILS, ENCODER = "vectors.faiss", "works.sqlite", "thumbnails.sqlite", "encoder.onnx"

LARGE = 100_000_000
"""Bytes above which a file is not read whole to see that it is the one that was built: a search that works are looked
up in need not read more than it touches."""
NEEDED = {"framing", "encoder", "search", "works", "artists", "collections", "split", "files", "typical"}
"""What a manifest must say."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an index, held against itself and its files.

    Raises `UserError` where it is damaged, altered, or of another format, or a file is not as it says.
    """
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise UserError(
            f"{folder} has format {found}, and this version reads format {FORMAT}; "
            "build it again: `python -m painter_search.build-index`."
        )
    if manifest.get("digest") != digest_manifest(manifest):
        raise UserError(f"{folder / MANIFEST} has been altered since the index was built; copy or build it again.")
    missing = NEEDED - set(manifest)
    if missing:
        raise UserError(
            f"{folder / MANIFEST} lacks {', '.join(sorted(missing))}; it is damaged: build the index again."
        )
    strange = _strange_entry(manifest)
    if strange:
        raise UserError(
            f"{folder / MANIFEST} has under {strange!r} what this version of painter_search cannot read; build the "
            "index again, or use the version that it was built with."
        )
    check_files(folder, manifest)
    return manifest


def seal_index(beside: Path, home: Path, manifest: dict[str, Any]) -> Path:
    """Bind the files in `beside` with a manifest, put them into `home` as an index, and make it the current one.

    Returns its folder, which is named by the digest of the manifest.
    """
    names = sorted(path.name for path in beside.iterdir() if path.name != MANIFEST)
    files = {name: {"size": (beside / name).stat().st_size, "sha256": digest_file(beside / name)} for name in names}
    manifest = {**manifest, "files": files}
    digest = digest_manifest(manifest)
    write_json(beside / MANIFEST, {**manifest, "digest": digest})
    put_in_place(beside, home / digest)
    write_bytes(home / CURRENT, f"{digest}\n".encode())
    return home / digest


def _strange_entry(manifest: dict[str, Any]) -> str | None:
    """The first entry that is not what the code that reads it takes for granted; None where all are."""
    counts = ("works", "artists")
    strange = [key for key in counts if type(manifest[key]) is not int or manifest[key] < 0]
    strange += [] if manifest["framing"] in get_args(Framing) else ["framing"]
    names = manifest["collections"]
    strange += [] if isinstance(names, list) and all(isinstance(name, str) for name in names) else ["collections"]
    try:
        EncoderConfig.from_plain(manifest["encoder"])
    except (TypeError, ValueError, AttributeError):
        strange.append("encoder")
    try:
        SearchKind(**manifest["search"])
    except (TypeError, ValueError):
        strange.append("search")
    typical = manifest.get("typical", 1.0)
    strange += [] if isinstance(typical, int | float) and 0 <= typical < float("inf") else ["typical"]
    try:
        if manifest.get("confidence") is not None:
            Confidence.from_plain(manifest["confidence"])
    except (KeyError, TypeError, ValueError, AttributeError):
        strange.append("confidence")
    return next(iter(strange), None)


def find_index(path: Path) -> Path:
    """The folder of the index at `path`, or of the one that `path/CURRENT` names."""
    if (path / MANIFEST).is_file():
        return path
    if (path / CURRENT).is_file():
        name = (path / CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        folder = path / name
        if name and Path(name).name == name and (folder / MANIFEST).is_file():
            return folder
        raise UserError(f"{path / CURRENT} names {name!r}, which is not there; build the index again.")
    raise UserError(f"{path} holds no index; build one: `python -m painter_search.build-index --index {path}`.")


def digest_manifest(manifest: dict[str, Any]) -> str:
    """The digest of a manifest, its own entry for it left out: 16 hexadecimal digits."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return digest_bytes(json.dumps(rest, sort_keys=True).encode())[:16]


def _files_of(manifest: dict[str, Any]) -> set[str]:
    """The files that an index's folder must have."""
    elsewhere = manifest.get("search", {}).get("uri")
    return {WORKS, THUMBNAILS, ENCODER} | (set() if elsewhere else {VECTORS})


def check_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Hold every file of an index against its manifest; raises `UserError` that names the one that differs.

    The thumbnails, needed for pages only, and files too large to be read before an answer are held against their size.
    """
    files = manifest.get("files")
    if not isinstance(files, dict) or not _files_of(manifest) <= set(files):
        raise UserError(f"{folder / MANIFEST} does not name an index's files; it is damaged: build it again.")
    for name, expected in files.items():
        if Path(name).name != name or not isinstance(expected, dict) or not {"size", "sha256"} <= set(expected):
            raise UserError(
                f"{folder / MANIFEST} has a file {name!r} that no index has; it is damaged: build it again."
            )
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path} is missing; copy the whole index folder, or build it again.")
        size = path.stat().st_size
        if size != expected["size"]:
            raise UserError(f"{path} has {size:,} bytes and should have {expected['size']!s}; copy or build it again.")
        if name != THUMBNAILS and size <= LARGE and digest_file(path) != expected["sha256"]:
            raise UserError(f"{path} has been altered since the index was built; copy or build it again.")
