"""Several files of one picture in an artist's folder, which count once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from painter_search.collection.collection import frame_name
from painter_search.common.log import logger
from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.images.decode_pool import FramingResult
from painter_search.images.duplicates.search import shows_same_picture
from painter_search.images.duplicates.sketch import PictureSketch
from painter_search.images.fingerprint import coarse_fingerprints, fingerprint, same_picture, stack_fingerprints
from painter_search.images.framing import read_frame

REDUCED_SIDE = 112
"""Pictures are decoded with a shorter side of at least this many pixels, a quarter of a frame's, to be compared
first."""
PREFETCHED = 64
"""Pictures that are decoded ahead."""


def count_copies_once(
    works: pd.DataFrame, framed: Mapping[str, FramingResult], staging: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The works without files that two artists have byte for byte, and without the copies that `find_copies` finds; and
    these, with the columns `file, reason`."""
    shared = find_shared_files(works, framed)
    if shared:
        file, others = next(iter(shared.items()))
        logger.info(
            f"{len(shared):,} files lie byte for byte under another artist too, e.g. {file} and {others[0]}: left out, "
            "and listed in rejected.csv; delete those under the wrong artist."
        )
        works = works[~works["new_filename"].isin(list(shared))]
    copies = find_copies(works, framed, staging)
    if copies:
        counted = "1 file shows" if len(copies) == 1 else f"{len(copies):,} files show"
        logger.info(f"{counted} the same picture as another file of the artist: left out, and listed in rejected.csv.")
    reasons = [(file, f"the same file as another artist's: {', '.join(others)}") for file, others in shared.items()]
    reasons += [(file, f"the same picture as another file of the artist: {kept}") for file, kept in copies.items()]
    return works[~works["new_filename"].isin(list(copies))], pd.DataFrame(reasons, columns=["file", "reason"])


def find_shared_files(works: pd.DataFrame, framed: Mapping[str, FramingResult]) -> dict[str, list[str]]:
    """The files that another artist has byte for byte, each with that artist's; arguments as those of `find_copies`."""
    digests = works["new_filename"].map(lambda file: framed[file].digest)
    artists = works["artist"].groupby(digests).transform("nunique")
    shared: dict[str, list[str]] = {}
    for _, same in works[artists > 1].sort_values("new_filename").groupby(digests):
        for file, artist in zip(same["new_filename"], same["artist"], strict=True):
            shared[file] = same["new_filename"][same["artist"] != artist].tolist()
    return dict(sorted(shared.items()))


def find_copies(works: pd.DataFrame, framed: Mapping[str, FramingResult], staging: Path) -> dict[str, str]:
    """The files that show the very same picture as another file of their artist: re-saved, resized, or byte for byte.

    Of the files of one picture the largest in pixels is kept; of equal ones that with the shortest name. Pictures that
    are blank, such as monochromes, are copies only byte for byte.

    Args:
        works: Columns `artist` and `new_filename` are used; all files are framed.
        framed: The results of framing by file.
        staging: The folder that holds the frames.

    Returns:
        By file of a copy the file that is kept in its place.
    """
    copies: dict[str, str] = {}
    alone: dict[str, list[str]] = {}
    for artist, of_artist in works.groupby("artist", sort=True)["new_filename"]:
        by_digest: dict[str, str] = {}
        for file in sorted(of_artist.astype(str), key=lambda file: _preference(framed[file])):
            kept = by_digest.setdefault(framed[file].digest, file)
            if kept != file:
                copies[file] = kept
        if len(by_digest) > 1:
            alone[str(artist)] = list(by_digest.values())
    paths = {file: _picture_path(staging, file) for files in alone.values() for file in files}
    reduced = map_prefetched(_reduced_fingerprint, list(paths.values()), PREFETCHED)
    fingerprints = dict(zip(paths, track(reduced, "Looking for copies", total=len(paths)), strict=True))
    for files in alone.values():
        copies |= _copies_of_one_artist(files, [fingerprints[file] for file in files], paths)
    return {file: _kept(file, copies) for file in sorted(copies)}


def _preference(result: FramingResult) -> tuple[int, int, str]:
    """Sorts the file to keep before its copies."""
    return -result.width * result.height, len(result.file), result.file


def _picture_path(staging: Path, file: str) -> Path:
    """The whole picture of a work: its thumbnail, or else its frame."""
    thumbnail = staging / "thumbnails" / frame_name(file)
    return thumbnail if thumbnail.is_file() else staging / "frames" / frame_name(file)


def _reduced_fingerprint(path: Path) -> bytes:
    with Image.open(path) as image:
        image.draft("RGB", (REDUCED_SIDE, REDUCED_SIDE))
        return fingerprint(image.convert("RGB"))


def _copies_of_one_artist(
    files: Sequence[str], fingerprints: Iterable[bytes], paths: Mapping[str, Path]
) -> dict[str, str]:
    """By file of each copy the first file that shows its picture; the files in the order of preference."""
    stacked = stack_fingerprints(fingerprints)
    coarse = coarse_fingerprints(stacked)
    copies: dict[str, str] = {}

    @cache
    def sketch(file: str) -> PictureSketch:
        return PictureSketch.from_image(read_frame(paths[file]))

    for number, kept in enumerate(files):
        if kept in copies:
            continue
        after = slice(number + 1, None)
        alike = np.flatnonzero(same_picture(stacked[number].tobytes(), stacked[after], coarse[after])).tolist()
        for other in (files[number + 1 + place] for place in alike):
            if other not in copies and shows_same_picture(sketch(kept), sketch(other)):
                copies[other] = kept
    return copies


def _kept(file: str, copies: Mapping[str, str]) -> str:
    """The file that is kept for a copy, which may be a copy of a copy."""
    while file in copies:
        file = copies[file]
    return file
