"""Framing the originals of a catalogue, with a journal, so that an interrupted run continues where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from painter_search.collection.collection import frame_name
from painter_search.collection.framing_pool import Framed, FramingJob, frame_all
from painter_search.collection.inputs import Inputs
from painter_search.collection.settings import Framing
from painter_search.progress import say, track

JOURNAL = "journal.jsonl"
"""What became of each original so far."""


def frame_originals(
    inputs: Inputs, framing: Framing, beside: Path, workers: int = 0
) -> tuple[dict[str, Framed], pd.DataFrame]:
    """Frame every original that the catalogue names into `beside`, on `workers` processes (0: one per core).

    Returns what was framed, by file, and what was not: columns `file, reason`. What an interrupted run has framed is
    not framed again.
    """
    for folder in ("frames", "thumbnails"):
        (beside / folder).mkdir(exist_ok=True)
    wanted = set(inputs.catalogue["new_filename"])
    jobs: dict[str, FramingJob] = {}
    rejected = list(inputs.refused)
    for original in inputs.originals:
        file = original.file if inputs.by_path else original.base_name
        if file not in wanted:
            rejected.append((original.file, "not in the catalogue"))
        elif file in jobs:
            rejected.append((original.file, f"another file of this name was taken: {jobs[file].original.file}"))
        else:
            frame, thumbnail = beside / "frames" / frame_name(file), beside / "thumbnails" / frame_name(file)
            jobs[file] = FramingJob(file, original, framing, frame, thumbnail)
    rejected += [(file, "missing from the originals") for file in sorted(wanted - set(jobs) - {""})]
    done = dict(_read_journal(beside, jobs))
    if done:
        say(f"Continuing: {len(done):,} of {len(jobs):,} paintings were framed before the interruption.")
    remaining = [job for file, job in jobs.items() if file not in done]
    with (beside / JOURNAL).open("a", encoding="utf-8") as journal:
        results = frame_all(remaining, workers)
        for framed in track(results, f"Framing ({framing})", total=len(remaining)):
            done[framed.file] = framed
            journal.write(json.dumps(asdict(framed)) + "\n")
            journal.flush()
    rejected += [(file, framed.reason) for file, framed in done.items() if framed.reason]
    good = {file: framed for file, framed in done.items() if not framed.reason}
    return good, pd.DataFrame(rejected, columns=["file", "reason"])


def _read_journal(beside: Path, jobs: dict[str, FramingJob]) -> Iterator[tuple[str, Framed]]:
    path = beside / JOURNAL
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        path.write_bytes(whole)  # A kill can leave half a line; what it was about is done again.
    for line in whole.decode("utf-8", "replace").split("\n"):
        try:
            framed = Framed(**json.loads(line))
        except (ValueError, TypeError):
            continue  # damaged by a power cut, say; what it was about is done again
        job = jobs.get(framed.file)
        if job and (framed.reason or all(_is_written(path, job.original.changed_ns) for path in job.outputs)):
            yield framed.file, framed


def _is_written(path: Path, since_ns: int) -> bool:
    return path.is_file() and path.stat().st_size > 0 and path.stat().st_mtime_ns >= since_ns
