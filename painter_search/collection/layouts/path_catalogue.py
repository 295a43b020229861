"""The catalogue of a folder whose paths tell the artists."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path, PurePosixPath

import pandas as pd

from painter_search.collection.hands.qualifiers import qualifier_before, qualifier_of_folder
from painter_search.collection.layouts.display_names import display_names, repair
from painter_search.collection.layouts.file_names import read_file_name
from painter_search.collection.layouts.folder_table import (
    EXAMPLES,
    FolderCatalogue,
    count_pictures,
    divide_by_parts,
    make_table,
)
from painter_search.collection.layouts.layout import Layout, PathFields, folders_of
from painter_search.collection.layouts.levels import read_levels
from painter_search.collection.layouts.name_kinds import kind_of, part_of, says_fake, words_of
from painter_search.collection.layouts.recognise import KINDS, Recognised, recognise
from painter_search.common.errors import NotEnoughDataError
from painter_search.images.listing.zip_members import without_zip
from painter_search.images.sources import Original

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
OUTSIDE, COPY, FAKE = "no artist: outside the artists' folders", "a copy", "not by the artist"
"""Reasons for files to be left out."""


def catalogue_of_paths(
    pictures: Sequence[Original], place: Path, test_share: float, random_state: int, layout: str | None
) -> FolderCatalogue:
    """Read some pictures' paths by a layout; None recognises it. See `read_folder` for arguments and errors."""
    paths = [PurePosixPath(original.file) for original in pictures]
    recognised = Recognised(Layout.parse(layout)) if layout else recognise(paths, str(place), _name_of(place))
    if recognised is None:
        raise NotEnoughDataError(_no_artists(place, paths))
    reading = _Reading(recognised, pictures, keep_fakes=layout is not None)
    if not any(one.artist for one in reading.fields):
        raise NotEnoughDataError(
            f"--layout {layout} finds no artist in {place}, whose files are named like {paths[0]}; give another layout."
        )
    kept = [number for number, one in enumerate(reading.fields) if one.artist]
    table = make_table([pictures[number] for number in kept], [reading.fields[number] for number in kept])
    parts = pd.Series([part_of(reading.fields[number].part) for number in kept], dtype=object)
    table["in_train"], remarks = divide_by_parts(table["artist"], parts, test_share, random_state)
    ignored = [] if layout else _ignored_parts(recognised.layout, paths, place)
    return FolderCatalogue(
        table,
        [pictures[number] for number in kept],
        reading.rejected,
        _artists_from(recognised.layout),
        str(recognised.layout),
        [*reading.remarks(), *ignored, *remarks],
    )


class _Reading:
    """The paths of pictures read by a layout, and what is left out."""

    def __init__(self, recognised: Recognised, pictures: Sequence[Original], keep_fakes: bool) -> None:
        self.layout, self.not_artists = recognised.layout, recognised.not_artists
        self.fields: list[PathFields] = []
        """What each picture's path says, with the artist as shown; no artist if it is left out."""
        self.rejected: list[tuple[str, str]] = []
        self._left_out: Counter[str] = Counter()
        paths = [PurePosixPath(picture.file) for picture in pictures]
        folders = list(map(folders_of, paths))
        self._dividing = {
            at
            for at, names in enumerate(zip_longest(*folders))
            if len(set(names)) > 1 and at != self.layout.artist_level
        }
        """Levels whose folders may tell hands apart: one folder around everything, `studio`, does not."""
        read = list(map(self.layout.read, paths))
        artists = sorted({one.artist for one in read} - {"", *self.not_artists})
        shown = display_names(artists, are_joined=self.layout.file is not None)
        read_as: dict[str, list[str]] = defaultdict(list)
        for name in artists:
            read_as[shown[name]].append(name)
        self._joined = {name: found for name, found in read_as.items() if len({*map(words_of, found)}) > 1}
        self._repaired = {name: shown[name] for name in artists if not name.isascii() and repair(name) != name}
        named_after = self._find_named_after(read, pictures, artists)
        copied = _find_copies(read, named_after, pictures)
        for number, one in enumerate(read):
            artist = one.artist or named_after.get(number, "")
            reason = f"{COPY}: {copied[number]} is of the same name" if number in copied else self._why_no(artist)
            fake = next(filter(says_fake, folders[number]), None)
            if fake and not reason and not keep_fakes:
                reason = f"{FAKE}: in the folder {fake}"
            if reason:
                self.rejected.append((pictures[number].file, reason))
                self.fields.append(PathFields())
                continue
            near = self._qualifier(folders[number], paths[number].stem, artist)
            self.fields.append(replace(one, artist=f"{shown[artist]} ({near})" if near else shown[artist]))

    def remarks(self) -> list[str]:
        """Sentences on what is left out, and on names that were repaired."""
        found = [
            f"the folder {name} ({count_pictures(self._left_out[name])}) looks like {KINDS[kind][0]}, not like an "
            f"artist, and is left out; --layout {self.layout} takes every folder for an artist"
            for name, kind in self.not_artists.items()
        ]
        found += [f"the folders {' and '.join(names)} are read as {name}" for name, names in self._joined.items()]
        why = {
            OUTSIDE: "outside the artists' folders",
            COPY: "of the same name and artist",
            FAKE: f"in folders named for fakes (--layout {self.layout} keeps them)",
        }
        for reason, what in why.items():
            if files := [file for file, given in self.rejected if given.startswith(reason)]:
                found.append(f"left out: {count_pictures(len(files))} {what}, such as {files[0]}")
        return found + [f"{name} is read as {artist}" for name, artist in list(self._repaired.items())[:EXAMPLES]]

    def _find_named_after(
        self, read: Sequence[PathFields], pictures: Sequence[Original], artists: Sequence[str]
    ) -> dict[int, str]:
        """The artist of each picture that is named `Vincent_van_Gogh_12`, in his folder or elsewhere."""
        if self.layout.artist_level is None:
            is_numbered = self.layout.file == "artist_number"
            return {number: one.artist for number, one in enumerate(read) if is_numbered and one.artist}
        by_words = {words_of(artist): artist for artist in artists}
        found = {}
        for number, one in enumerate(read):
            named = None if one.artist else read_file_name(PurePosixPath(pictures[number].file).stem, "artist_number")
            if named and words_of(named.artist) in by_words:
                found[number] = by_words[words_of(named.artist)]
        return found

    def _qualifier(self, folders: Sequence[str], name: str, artist: str) -> str:
        """The qualifier that a folder beside the artist's, or else the file's name, gives the artist: `workshop of`."""
        dividing = (one for at, one in enumerate(folders) if at in self._dividing and not says_fake(one))
        in_name = "" if self.layout.artist_level is None else qualifier_before(name, artist)
        return next(filter(None, map(qualifier_of_folder, dividing)), in_name)

    def _why_no(self, artist: str) -> str:
        """The reason for which a picture is left out; empty if it is taken."""
        if artist in self.not_artists:
            self._left_out[artist] += 1
            return f"no artist: {artist} looks like {KINDS[self.not_artists[artist]][0]}"
        return "" if artist else OUTSIDE


def _find_copies(
    read: Sequence[PathFields], named_after: Mapping[int, str], pictures: Sequence[Original]
) -> dict[int, str]:
    """The pictures that are named after an artist and like another of his, each with that, which is kept.

    Kaggle's best artworks come in two sizes, in folders called `images` and `resized`. Kept are those in folders of
    the artist, and else the largest.
    """
    by_name: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(read):
        artist = one.artist or named_after.get(number, "")
        if artist:
            by_name[artist, pictures[number].base_name].append(number)
    copied = {}
    for number, artist in named_after.items():
        if any(kind_of(folder) != "container" for folder in folders_of(PurePosixPath(pictures[number].file))):
            continue
        alike = by_name[artist, pictures[number].base_name]
        kept = max(alike, key=lambda other: (other not in named_after, pictures[other].size, -other))
        if kept != number:
            copied[number] = pictures[kept].file
    return copied


def _ignored_parts(layout: Layout, paths: Sequence[PurePosixPath], place: Path) -> list[str]:
    """A remark if parts lie below the artists, where they divide none."""
    below = [] if layout.artist_level is None else read_levels(paths, _name_of(place))[layout.artist_level + 1 :]
    names = ", ".join(name for level in below if level.share("part") == 1 for name in sorted(level.counts))
    return [f"the folders {names} lie below the artists, whom they do not divide, and are ignored"] if names else []


def _artists_from(layout: Layout) -> str:
    level = layout.artist_level
    return f"file names ({layout.file})" if level is None else f"folder names at level {level + 1}"


def _no_artists(place: Path, paths: Sequence[PurePosixPath]) -> str:
    packed = [path for path in paths if path.suffix.lower() in ARCHIVES]
    if len(packed) == len(paths):
        return f"{place} holds archives, such as {packed[0]}, which are not looked into; unpack each into a folder."
    what = "has no sub-folders" if all(len(path.parts) == 1 for path in paths) else "has no folders of artists"
    return (
        f"{place} {what}, and the names of its files, such as {paths[0].name}, do not tell the artists; put each "
        "artist's pictures into a folder of the artist's name."
    )


def _name_of(place: Path) -> str:
    return without_zip(place.resolve().name)
