"""Preparation: originals and a catalogue become a clean collection."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

from painter_search.collection.artist_names import suspicious_names
from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS
from painter_search.collection.catalogues.inputs import CollectionInputs, read_inputs
from painter_search.collection.catalogues.preview import show_preview
from painter_search.collection.catalogues.remarks import readings_of
from painter_search.collection.cleaning import (
    CleanedCatalogue,
    clean_catalogue,
    count_works,
    doubt_hands,
    files_of_uncertain_hands,
    reject_rows,
)
from painter_search.collection.collection import (
    CLEAN_FILES,
    FORMAT,
    TRIPLET_FILES,
    Collection,
    frame_name,
)
from painter_search.collection.config import PrepareConfig
from painter_search.collection.copies import count_copies_once
from painter_search.collection.framing_journal import JOURNAL, can_frame_any, frame_originals, may_pass
from painter_search.collection.summary import CollectionSummary, count_reasons
from painter_search.collection.triplets import TRIPLET_COLUMNS, Triplets, draw_triplets
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotEnoughDataError
from painter_search.common.files.atomic_io import (
    IDENTITY,
    digest_bytes,
    locked,
    read_json,
    recover_folder,
    remove_folder,
    replace_folder,
    start_stage_folder,
    write_json,
)
from painter_search.common.files.csv_io import python_strings, read_rows, write_rows
from painter_search.common.files.stored import to_stored
from painter_search.common.log import logger
from painter_search.images.decode_pool import FramingResult
from painter_search.images.picture_size import THUMBNAIL_SIDE

TABLES = {*CLEAN_FILES.values(), *TRIPLET_FILES.values(), "rejected.csv", "suspicious_artists.csv"}
COLLECTION_FILES = {*TABLES, "prepare.json", "frames", "thumbnails", "pictures"}
"""Names in a collection's folder."""
DAY_NS = 24 * 3600 * 10**9
"""By how much the clock of another machine may be ahead; dates farther in the future say nothing of changes."""


@python_strings()
def prepare_collection(config: PrepareConfig, *, triplets: bool = True) -> Collection:
    """Prepare a collection into the folder `config.out`.

    An interrupted preparation continues where it stopped; a complete one with the same settings and inputs is opened as
    it is, but prepared again if it has lost files, and with `config.replace` if originals that could not be read have
    become readable. The folder appears complete or not at all.

    Args:
        config: Settings; the defaults prepare the built-in sample.
        triplets: Draw triplets. Their number grows with the square of an artist's works, and an index needs none.

    Returns:
        The prepared collection.

    Raises:
        NotFoundError: A catalogue, folder or archive does not exist.
        NotEnoughDataError: There are no works, or none with a readable original.
        AmbiguousError: It is not certain what in a folder tells the artist; `layout` decides.
        DamagedFileError: A catalogue or archive cannot be read.
        UnreachableError: A URL cannot be reached.
        InvalidValueError: `out` holds something else, or another collection and `config.replace` is False.
        BusyError: Another process is preparing the folder.

    Example:
        >>> from painter_search import PrepareConfig, prepare_collection
        >>> collection = prepare_collection(PrepareConfig(out="data", workers=1))  # the built-in sample
        >>> len(collection.works("train")), len(collection.works("test"))
        (238, 187)
    """
    if config.out.is_symlink():  # the folder behind the link is replaced, not the link
        config = replace(config, out=config.out.resolve())
    _check_out(config)
    with locked(config.out.with_name(f".{config.out.name}.lock"), f"{config.out} is being prepared"):
        recover_folder(config.out)
        return _prepare(config, triplets)


def _prepare(config: PrepareConfig, with_triplets: bool) -> Collection:
    inputs = read_inputs(config)
    preview = show_preview(inputs, config.keep_uncertain)
    identity = _identity(config, inputs) | ({} if with_triplets else {"triplets": False})
    now_ns = time.time_ns()
    dates = [original.changed_ns for original in inputs.originals if original.changed_ns <= now_ns + DAY_NS]
    changed_ns = 0 if config.is_sample else max(dates, default=0)  # installing the sample does not change it
    staging = config.out.with_name(f".{config.out.name}.partial")
    is_same = _is_prepared_from(config.out, identity, changed_ns)
    is_whole = is_same and _is_whole(config)
    if is_whole and not (config.replace and _can_read_more(config, inputs)):
        if not (staging / IDENTITY).exists():
            remove_folder(staging)  # the replaced collection, left by a kill
        unread = 0 if config.replace else len(_files_to_try_again(config.out))
        remedy = f" Files that could not be read: {unread:,}; --replace tries them again." if unread else ""
        logger.info(f"{config.out} is already prepared from these files with these settings.{remedy}")
        return replace(Collection.open(config.out), preview=preview)
    if is_same and not is_whole:
        logger.info(f"{config.out} has lost frames or tables; it is prepared again.")
    _check_replaceable(config.out, may_replace=is_same or config.replace)
    usable, rejected_rows = reject_rows(inputs.catalogue, config.keep_uncertain)
    left_out = set() if config.keep_uncertain else files_of_uncertain_hands(inputs.catalogue)
    _start_staging(staging, identity)
    framed, rejected_files = frame_originals(
        inputs, config.framing, staging, config.workers, left_out, picture_size=config.picture_size
    )
    readable = usable[usable["new_filename"].isin(framed)]
    if readable.empty:
        raise NotEnoughDataError(_nothing_readable(inputs, rejected_files))
    if config.folder is not None:  # the works of a catalogue are listed on purpose
        readable, rejected_copies = count_copies_once(readable, framed, staging)
        if readable.empty:
            raise NotEnoughDataError(f"every file in {config.folder} lies under several artists; keep it under one.")
        rejected_rows = pd.concat([rejected_rows, rejected_copies], ignore_index=True)
    cleaned = clean_catalogue(readable, config.works_cap, config.random_state, keep_single=config.only_test)
    if config.capped_only:
        cleaned = replace(cleaned, train_all=cleaned.train)
    none = pd.DataFrame(columns=TRIPLET_COLUMNS)
    triplets = (
        draw_triplets(
            cleaned.train, cleaned.test, config.validation_share, config.kept_test_triplets, config.random_state
        )
        if with_triplets
        else Triplets(none, none, none)
    )
    rejected = pd.concat([rejected_files, rejected_rows], ignore_index=True).sort_values(["file", "reason"])
    suspicious = suspicious_names(inputs.catalogue)
    _write_tables(staging, cleaned, triplets, rejected, suspicious, config.capped_only)
    _remove_unlisted_frames(staging, cleaned)
    summary: CollectionSummary = {
        "format": FORMAT,
        "name": inputs.name,
        "framing": config.framing,
        "config": _lasting_settings(config),
        "identity": identity,
        "inputs_digest": _digest_inputs(inputs.catalogue, framed),
        "counts": {"catalogue": count_works(inputs.catalogue), **cleaned.counts},
        "triplets": {split: len(getattr(triplets, split)) for split in TRIPLET_FILES},
        "suspicious": len(suspicious),
        **readings_of(inputs.catalogue),
        "enlarged": sum(framed[file].enlarged for file in readable["new_filename"]),
        "rejected": dict(sorted(count_reasons(rejected["reason"]).items())),
    }
    write_json(staging / "prepare.json", summary)
    if changed_ns > now_ns:  # its date says later whether an original has changed since
        os.utime(staging / "prepare.json", ns=(changed_ns, changed_ns))
    for working_file in (JOURNAL, IDENTITY):
        (staging / working_file).unlink()
    replace_folder(staging, config.out)
    return replace(Collection.open(config.out), preview=preview)


def _identity(config: PrepareConfig, inputs: CollectionInputs) -> dict[str, object]:
    """Equal for two preparations of the same thing: settings, catalogue, and the originals' names and sizes."""
    listing = "\n".join(f"{original.file}\t{original.size}{original.version}" for original in inputs.originals)
    return {
        "config": _lasting_settings(config),
        "name": inputs.name,
        "catalogue": digest_bytes(inputs.catalogue.to_csv(index=False).encode("utf-8", "surrogatepass")),
        "originals": digest_bytes(listing.encode("utf-8", "surrogatepass")),
    }


def _lasting_settings(config: PrepareConfig) -> dict[str, object]:
    """The settings that shape the result, under their names on disk: not the paths, nor the number of workers."""
    # A layout shapes the catalogue, which is told apart by its digest.
    without_effect = {"info", "originals", "folder", "from_hub", "layout", "out", "name", "workers", "replace"}
    if not config.keep_uncertain:  # as in collections from before there was this setting
        without_effect.add("keep_uncertain")
    if config.picture_size == THUMBNAIL_SIDE:  # likewise
        without_effect.add("picture_size")
    return {name: value for name, value in to_stored(config).items() if name not in without_effect}


def _is_prepared_from(out: Path, identity: dict[str, object], changed_ns: int) -> bool:
    """Whether `out` was prepared with these settings from these files, none of which has changed since."""
    summary = out / "prepare.json"
    return summary.is_file() and changed_ns <= summary.stat().st_mtime_ns and _stored_identity(summary) == identity


def _check_replaceable(out: Path, may_replace: bool) -> None:
    """Raise `InvalidValueError` if `out` holds anything but a collection that may be replaced."""
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / "prepare.json").is_file():
        raise InvalidValueError(f"{out} exists and is not a prepared collection; choose another folder with --out.")
    if not may_replace:
        raise InvalidValueError(
            f"{out} holds a collection prepared from other files or with other settings; "
            "choose another folder with --out, or add --replace to replace it."
        )
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")}
    foreign = sorted(names - COLLECTION_FILES)
    if foreign:
        raise InvalidValueError(
            f"{out} holds {foreign[0]!r}, which is not part of a collection and would be deleted with it; move "
            "it elsewhere, or choose another folder with --out."
        )


def _is_whole(config: PrepareConfig) -> bool:
    """Whether a prepared collection has its tables and the frames of all works; frames are not read."""
    collection = Collection.open(config.out)
    tables = TABLES - {CLEAN_FILES["train_all"]} if config.capped_only else TABLES
    if not all((config.out / table).is_file() for table in tables):
        return False
    try:
        names = {frame_name(work.file) for work in collection.works("all")}
    except DamagedFileError:
        return False
    folders = ["frames"]
    folders += ["thumbnails"] * (collection.framing == "center") + ["pictures"] * (
        collection.picture_size > THUMBNAIL_SIDE
    )
    return all(names <= _filled_files(config.out / folder) for folder in folders)


def _filled_files(folder: Path) -> set[str]:
    """The names of the files in a folder that are not empty; none if there is no folder."""
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_file() and entry.stat().st_size}


def _can_read_more(config: PrepareConfig, inputs: CollectionInputs) -> bool:
    files = _files_to_try_again(config.out)
    return bool(files) and can_frame_any(inputs, files, config.framing, config.workers)


def _files_to_try_again(collection: Path) -> set[str]:
    """The files of a collection that were rejected for reasons that may have passed."""
    try:
        rejected = read_rows(collection / "rejected.csv")
    except (OSError, ValueError):
        return set()
    return {row.get("file", "") for row in rejected if may_pass(row.get("reason", ""))}


def _stored_identity(summary: Path) -> object:
    """The identity in a `prepare.json`; None if the file is damaged: then the collection is to be replaced too."""
    try:
        content = read_json(summary)
    except DamagedFileError:
        return None
    return content.get("identity") if isinstance(content, dict) else None


def _check_out(config: PrepareConfig) -> None:
    if config.out.resolve() == Path.cwd() or not config.out.name:
        raise InvalidValueError("--out is the current folder; name a folder inside it, or elsewhere.")
    if config.out.exists() and not config.out.is_dir():
        raise InvalidValueError(f"{config.out} is a file; choose a folder with --out.")
    data_set = None if config.from_hub is None else Path(config.from_hub)
    for source in (config.folder, data_set, *config.originals):
        if isinstance(source, Path) and source.is_dir() and config.out.resolve().is_relative_to(source.resolve()):
            raise InvalidValueError(
                f"--out {config.out} is inside {source}, whose files are read; choose a folder elsewhere."
            )


def _start_staging(staging: Path, identity: dict[str, object]) -> None:
    try:
        start_stage_folder(staging, identity)
    except OSError as error:
        raise InvalidValueError(
            f"{staging.parent} cannot be written to ({error.strerror}); choose another --out."
        ) from error


def _write_tables(
    staging: Path,
    cleaned: CleanedCatalogue,
    triplets: Triplets,
    rejected: pd.DataFrame,
    suspicious: pd.DataFrame,
    capped_only: bool,
) -> None:
    for part, file in CLEAN_FILES.items():
        if part == "train_all" and capped_only:
            continue
        _write_table(getattr(cleaned, part)[CLEAN_COLUMNS], staging / file)
    for split, file in TRIPLET_FILES.items():
        _write_table(getattr(triplets, split), staging / file)
    for found, file in ((rejected, "rejected.csv"), (suspicious, "suspicious_artists.csv")):
        write_rows(staging / file, list(found.columns), *found.to_numpy().tolist())


def _write_table(table: pd.DataFrame, path: Path) -> None:
    # Bytes of a file name that are not UTF-8 are written as they are.
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", errors="surrogateescape")


def _remove_unlisted_frames(staging: Path, cleaned: CleanedCatalogue) -> None:
    """Remove the frames of works that cleaning has dropped: single works, and test works beyond the cap."""
    listed = pd.concat([cleaned.train, cleaned.train_all, cleaned.test])["new_filename"]
    names = {frame_name(file) for file in listed}
    for folder in filter(Path.is_dir, (staging / "frames", staging / "thumbnails", staging / "pictures")):
        for path in folder.iterdir():
            if path.name not in names:
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


def _digest_inputs(catalogue: pd.DataFrame, framed: dict[str, FramingResult]) -> str:
    lines = "\n".join(f"{file}\t{framed[file].digest}" for file in sorted(framed))
    table = catalogue.sort_values(CLEAN_COLUMNS, kind="stable").to_csv(index=False, lineterminator="\n")
    return digest_bytes(table.encode("utf-8", "surrogatepass"), lines.encode("utf-8", "surrogatepass"))


def _nothing_readable(inputs: CollectionInputs, rejected: pd.DataFrame) -> str:
    if len(inputs.catalogue) and (doubt_hands(inputs.catalogue) != "").all():
        return f"none of the {len(inputs.catalogue):,} works names one artist; --keep-uncertain keeps such hands."
    if inputs.matched is None:
        example = f", e.g. {rejected['file'].iloc[0]}: {rejected['reason'].iloc[0]}" if len(rejected) else ""
        return f"none of the {len(inputs.originals):,} files in the folder is a readable image{example}."
    reasons = "; ".join(f"{number:,} {reason}" for reason, number in count_reasons(rejected["reason"]).most_common(3))
    return (
        f"none of the {len(inputs.catalogue):,} works in the catalogue has a readable original ({reasons}); "
        "check that --originals holds the files that the catalogue's new_filename names."
    )
