"""Framing of all originals of a catalogue, with a journal from which an interrupted run continues.

Originals that could not be read are tried again: what kept them from it may have passed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Set
from pathlib import Path

import pandas as pd

from painter_search.collection.catalogues.inputs import CollectionInputs
from painter_search.collection.collection import frame_name
from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.images.decode_pool import FramingJob, FramingResult, frame_all, frame_in_processes
from painter_search.images.framing import Frame
from painter_search.images.photographs.crop import Crop
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.images.types import Framing

JOURNAL = "journal.jsonl"
"""File with the outcome of each original so far, one JSON object per line."""
PASSING = re.compile(r"cannot be read \(|needs more memory|took longer than|crashed the decoder|.*`pip install")
"""Beginnings of the reasons that may pass while the file stays as it is: of the machine, and of packages."""


def frame_originals(
    inputs: CollectionInputs,
    framing: Framing,
    staging: Path,
    workers: int = 0,
    left_out: Set[str] = frozenset(),
    crop: Crop = "none",
    picture_size: int = THUMBNAIL_SIDE,
) -> tuple[dict[str, FramingResult], pd.DataFrame]:
    """Frame every original that the catalogue names, except those left out and those that an interrupted run framed.

    Args:
        inputs: The catalogue and the originals.
        framing: The part of each painting to keep.
        staging: Folder for the frames, the thumbnails, the pictures and the journal.
        workers: Worker processes; 0 means one per core.
        left_out: Files of the catalogue that are not wanted.
        crop: What of photographs of paintings is used.
        picture_size: Long side in pixels of the pictures; those of a thumbnail's size are not written.

    Returns:
        The results of the framed originals by file, and a table of the rejected ones with the columns `file, reason`.
    """
    larger = picture_size > THUMBNAIL_SIDE
    for folder in ("frames", "thumbnails", *(["pictures"] if larger else [])):
        (staging / folder).mkdir(exist_ok=True)
    matched = inputs.match_files()
    jobs: dict[str, FramingJob] = {}
    for file, original in matched.files:
        if file not in left_out:
            frame, thumbnail, picture = (
                staging / folder / frame_name(file) for folder in ("frames", "thumbnails", "pictures")
            )
            jobs[file] = FramingJob(
                file, original, framing, frame, thumbnail, crop, picture if larger else None, picture_size
            )
    missing = [(file, reason) for file, reason in matched.missing if file not in left_out]
    rejected = [*inputs.rejected, *matched.unused, *missing]
    results = {result.file: result for result in _read_journal(staging, jobs)}
    if results:
        logger.info(f"Continuing: {len(results):,} of {len(jobs):,} paintings were framed before the interruption.")
    remaining = [job for file, job in jobs.items() if file not in results]
    with (staging / JOURNAL).open("a", encoding="utf-8") as journal:
        for result in track(frame_all(remaining, workers), f"Framing ({framing})", total=len(remaining)):
            results[result.file] = result
            journal.write(json.dumps(vars(result)) + "\n")
            journal.flush()
    rejected += [(file, result.reason) for file, result in results.items() if result.reason]
    framed = {file: result for file, result in results.items() if not result.reason}
    # A single carriage return, which Python before 3.13 does not quote, would end a row when the table is read again.
    table = pd.DataFrame(rejected, columns=["file", "reason"]).replace("\r", " ", regex=True)
    return framed, table


def may_pass(reason: str) -> bool:
    """Whether an original that was rejected for this reason may be readable later, though nothing has changed it."""
    return PASSING.match(reason) is not None


def can_frame_any(inputs: CollectionInputs, files: Collection[str], framing: Framing, workers: int = 0) -> bool:
    """Whether any of these files, as the catalogue names them, has an original that can be framed."""
    originals = [original for file, original in inputs.match_files().files if file in files]
    return any(isinstance(frame, Frame) for frame in frame_in_processes(originals, framing, workers))


def _read_journal(staging: Path, jobs: dict[str, FramingJob]) -> Iterator[FramingResult]:
    """The journal's framed originals whose files are on disk; half a line at its end is removed."""
    path = staging / JOURNAL
    if not path.is_file():
        return
    content = path.read_bytes()
    whole_lines = content[: content.rfind(b"\n") + 1]
    if whole_lines != content:
        path.write_bytes(whole_lines)  # a kill left half a line; its original is framed again
    for line in whole_lines.decode("utf-8", "replace").split("\n"):
        try:
            result = FramingResult(**json.loads(line))
        except (ValueError, TypeError):
            continue  # damaged, by a power cut say; its original is framed again
        job = jobs.get(result.file)
        if job and not result.reason and all(_is_written(path, job.original.changed_ns) for path in job.outputs):
            yield result


def _is_written(path: Path, since_ns: int) -> bool:
    return path.is_file() and path.stat().st_size > 0 and path.stat().st_mtime_ns >= since_ns
