"""From originals and a catalogue to a clean collection: the whole of `prepare`."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from painter_search.collection.catalogue import CLEAN_COLUMNS, suspicious_names
from painter_search.collection.cleaning import Cleaned, clean_catalogue, count, reject_rows
from painter_search.collection.collection import CLEAN_FILES, FORMAT, TRIPLET_FILES, Collection, frame_name
from painter_search.collection.framing_journal import JOURNAL, frame_originals
from painter_search.collection.framing_pool import Framed
from painter_search.collection.inputs import Inputs, gather_inputs
from painter_search.collection.settings import PrepareConfig
from painter_search.collection.triplets import Triplets, any_text, draw_triplets
from painter_search.errors import UserError
from painter_search.folders import (
    IDENTITY,
    begin_folder,
    digest_bytes,
    discard,
    locked,
    put_in_place,
    read_json,
    recover,
    write_json,
)
from painter_search.progress import say

OWN = {
    *CLEAN_FILES.values(), *TRIPLET_FILES.values(), "rejected.csv", "suspicious_artists.csv", "prepare.json", "frames",
    "thumbnails",
}  # fmt: skip
"""What a collection's folder holds."""


@any_text()
def prepare_collection(config: PrepareConfig) -> Collection:
    """Prepare a collection into `config.out` and open it.

    An interrupted preparation continues where it stopped; a complete one with the same settings and inputs is
    returned as it is. Raises `UserError` for inputs that cannot be used, and where `out` holds something else.
    """
    if config.out.is_symlink():  # what it leads to is replaced, not the link
        config = replace(config, out=config.out.resolve())
    _check_out(config)
    with locked(config.out.with_name(f".{config.out.name}.lock"), f"{config.out} is being prepared"):
        recover(config.out)
        return _prepare(config)


def _prepare(config: PrepareConfig) -> Collection:
    inputs = gather_inputs(config)
    identity = _identity(config, inputs)
    # The sample is the package's own: installing it again does not change it.
    # Files from elsewhere may be dated in the future, which says nothing.
    dates = [original.changed_ns for original in inputs.originals if original.changed_ns <= time.time_ns()]
    changed = 0 if config.is_sample else max(dates, default=0)
    beside = config.out.with_name(f".{config.out.name}.partial")
    if _is_complete(config, identity, changed):
        if not (beside / IDENTITY).exists():
            discard(beside)  # what the new collection has replaced
        say(f"{config.out} is already prepared from these files with these settings.")
        return Collection.open(config.out)
    _begin(beside, identity)
    framed, rejected = frame_originals(inputs, config.framing, beside, config.workers)
    usable, refused = reject_rows(inputs.catalogue)
    readable = usable[usable["new_filename"].isin(framed)]
    if readable.empty:
        raise UserError(_nothing_readable(inputs, rejected))
    cleaned = clean_catalogue(readable, config.works_cap, config.random_state, keep_single=config.only_test)
    if config.capped_only:
        cleaned = replace(cleaned, train_all=cleaned.train)
    triplets = draw_triplets(
        cleaned.train, cleaned.test, config.validation_share, config.kept_test_triplets, config.random_state
    )
    rejected = pd.concat([rejected, refused], ignore_index=True).sort_values(["file", "reason"])
    suspicious = suspicious_names(inputs.catalogue)
    _write_tables(beside, cleaned, triplets, rejected, suspicious, config.capped_only)
    _drop_unlisted_frames(beside, cleaned)
    counts = {"catalogue": count(inputs.catalogue), **cleaned.counts}
    write_json(
        beside / "prepare.json",
        {
            "format": FORMAT,
            "name": inputs.name,
            "framing": config.framing,
            "config": _lasting_settings(config),
            "identity": identity,
            "inputs_digest": _digest_inputs(inputs.catalogue, framed),
            "counts": counts,
            "triplets": {part: len(getattr(triplets, part)) for part in TRIPLET_FILES},
            "suspicious": len(suspicious),
            "enlarged": sum(framed[file].enlarged for file in readable["new_filename"]),
            "rejected": dict(sorted(Counter(_kind(reason) for reason in rejected["reason"]).items())),
        },
    )
    for leftover in (JOURNAL, IDENTITY):
        (beside / leftover).unlink()
    put_in_place(beside, config.out)
    return Collection.open(config.out)


def _identity(config: PrepareConfig, inputs: Inputs) -> dict[str, object]:
    """What makes two preparations the same: the settings, the catalogue, and the originals' names and sizes."""
    listing = "\n".join(f"{original.file}\t{original.size}{original.version}" for original in inputs.originals)
    return {
        "config": _lasting_settings(config),
        "name": inputs.name,
        "catalogue": digest_bytes(inputs.catalogue.to_csv(index=False).encode("utf-8", "surrogatepass")),
        "originals": digest_bytes(listing.encode("utf-8", "surrogatepass")),
    }


def _lasting_settings(config: PrepareConfig) -> dict[str, object]:
    """The settings that shape the result; where files lie and how many cores work on them does not."""
    passing = {"info", "originals", "folder", "out", "name", "workers", "replace"}
    return {key: value for key, value in asdict(config).items() if key not in passing}


def _is_complete(config: PrepareConfig, identity: dict[str, object], changed_ns: int) -> bool:
    """Whether `out` was prepared with these settings from these files, and none was changed since."""
    if not config.out.exists() or not any(config.out.iterdir()):
        return False
    report = config.out / "prepare.json"
    if not report.is_file():
        raise UserError(f"{config.out} exists and is no prepared collection; choose another folder with --out.")
    unchanged = changed_ns <= report.stat().st_mtime_ns
    if unchanged and _identity_in(report) == identity:
        return True
    if not config.replace:
        raise UserError(
            f"{config.out} holds a collection prepared from other files or with other settings; "
            "choose another folder with --out, or add --replace to replace it."
        )
    more = sorted(path.name for path in config.out.iterdir() if path.name not in OWN and not path.name.startswith("."))
    if more:
        raise UserError(
            f"{config.out} holds {more[0]!r}, which is no part of a collection and would be lost with it; move it "
            "elsewhere, or choose another folder with --out."
        )
    return False


def _identity_in(report: Path) -> object:
    """The identity that a report was written with; None where it is damaged, which is to be replaced, too."""
    try:
        kept = read_json(report)
    except UserError:
        return None
    return kept.get("identity") if isinstance(kept, dict) else None


def _check_out(config: PrepareConfig) -> None:
    if config.out.resolve() == Path.cwd() or not config.out.name:
        raise UserError("--out cannot be the folder that this runs in; name one inside it, or elsewhere.")
    if config.out.exists() and not config.out.is_dir():
        raise UserError(f"{config.out} is a file; choose a folder with --out.")
    for source in (config.folder, *config.originals):
        if isinstance(source, Path) and source.is_dir() and config.out.resolve().is_relative_to(source.resolve()):
            raise UserError(
                f"--out {config.out} lies inside {source}, whose files are read; choose a folder elsewhere."
            )


def _begin(beside: Path, identity: dict[str, object]) -> None:
    try:
        begin_folder(beside, identity)
    except OSError as error:
        raise UserError(f"{beside.parent} cannot be written to ({error.strerror}); choose another --out.") from error


def _write_tables(
    beside: Path,
    cleaned: Cleaned,
    triplets: Triplets,
    rejected: pd.DataFrame,
    suspicious: pd.DataFrame,
    capped_only: bool,
) -> None:
    for part, file in CLEAN_FILES.items():
        if part == "train_all" and capped_only:
            continue
        _write_table(getattr(cleaned, part)[CLEAN_COLUMNS], beside / file)
    for part, file in TRIPLET_FILES.items():
        _write_table(getattr(triplets, part), beside / file)
    _write_table(rejected, beside / "rejected.csv")
    _write_table(suspicious, beside / "suspicious_artists.csv")


def _write_table(table: pd.DataFrame, path: Path) -> None:
    # Bytes of a file name that are no UTF-8 come back as they were.
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", errors="surrogateescape")


def _drop_unlisted_frames(beside: Path, cleaned: Cleaned) -> None:
    """Keep the frames of the listed works only: single works and test works beyond the cap have served."""
    listed = pd.concat([cleaned.train, cleaned.train_all, cleaned.test])["new_filename"]
    kept = {frame_name(file) for file in listed}
    for folder in ("frames", "thumbnails"):
        for path in (beside / folder).iterdir():
            if path.name not in kept:
                path.unlink()
        if not any((beside / folder).iterdir()):
            (beside / folder).rmdir()


def _digest_inputs(catalogue: pd.DataFrame, framed: dict[str, Framed]) -> str:
    lines = "\n".join(f"{file}\t{framed[file].digest}" for file in sorted(framed))
    table = catalogue.sort_values(CLEAN_COLUMNS, kind="stable").to_csv(index=False, lineterminator="\n")
    return digest_bytes(table.encode("utf-8", "surrogatepass"), lines.encode("utf-8", "surrogatepass"))


def _kind(reason: str) -> str:
    """A reason without its particulars, for counting."""
    return reason.split(" (")[0].split(":")[0]


def _nothing_readable(inputs: Inputs, rejected: pd.DataFrame) -> str:
    if inputs.by_path:
        return f"none of the {len(inputs.originals):,} files in the folder is a readable image."
    kinds = Counter(_kind(reason) for reason in rejected["reason"])
    found = ", ".join(f"{number:,} {reason}" for reason, number in kinds.most_common(3))
    return (
        f"none of the {len(inputs.catalogue):,} works in the catalogue has a readable original ({found}); "
        "check that --originals holds the files that the catalogue's new_filename names."
    )
