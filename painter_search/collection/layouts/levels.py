"""What the folders of each level, and the names of the files, look like: the evidence for a layout."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import get_args

from painter_search.collection.layouts.file_names import FilePattern, read_file_name
from painter_search.collection.layouts.layout import folders_of
from painter_search.collection.layouts.name_kinds import NameKind, kind_of, part_of, words_of
from painter_search.collection.layouts.vocabulary import CAMERA
from painter_search.common.text import first_few

AGREEMENT = 0.9
"""Share of the pictures that must be named alike, or after their folders, for this to be no accident."""
MAX_DEPTH = 12
"""Levels that are looked at; below, nobody's artists are."""
MAX_NAMES = 5000
"""Names of files that are looked at, evenly over the alphabet; more change no share."""


@dataclass(frozen=True)
class Names:
    """Folders of one level, or what files are named after: candidates for the artists' names."""

    counts: Counter[str]
    """Pictures by name."""
    kinds: dict[str, NameKind]
    reach: float
    """Share of all pictures that have such a name."""

    def share(self, *kinds: NameKind) -> float:
        """Share of the names that look like one of `kinds`; names for what is left over do not count beside others."""
        counted: list[NameKind] = list(self.kinds.values())
        counted = [kind for kind in counted if kind != "rest"] or counted
        return sum(kind in kinds for kind in counted) / len(counted)

    @property
    def evident(self) -> float:
        """Share of the names that are well-known painters', or have an artist's years."""
        return self.share("artist")

    @property
    def excluded(self) -> float:
        """Share of the names that are no artists'."""
        return 1 - self.share("artist", "unknown")

    @property
    def main_kind(self) -> NameKind:
        """What most of the names that are no artists' look like; `unknown` if all may be artists'."""
        others: Counter[NameKind] = Counter(kind for kind in self.kinds.values() if kind not in ("artist", "unknown"))
        return others.most_common(1)[0][0] if others else "unknown"

    def examples(self) -> str:
        """The names with most pictures."""
        return first_few(sorted(self.counts, key=lambda name: (-self.counts[name], name)))


@dataclass(frozen=True)
class Level(Names):
    """The folders of one level."""

    index: int
    """0 for the folders in the given folder itself."""
    direct: float
    """Share of the names whose folders hold pictures themselves, not only in sub-folders."""


@dataclass(frozen=True)
class NamedFiles(Names):
    """What files are named after."""

    pattern: FilePattern
    by_picture: list[str]
    """What each picture is named after; empty where its name is not of the pattern."""


def read_levels(pictures: Sequence[PurePosixPath], container: str) -> list[Level]:
    """The levels of folders above some pictures.

    Args:
        pictures: Their paths.
        container: The name of the folder or archive that holds them. An only folder of this name wraps the others.
    """
    folders = [folders_of(picture) for picture in pictures]
    levels = []
    depth = min(max(map(len, folders), default=0), MAX_DEPTH)
    for index in range(depth):
        counts = Counter(path[index] for path in folders if len(path) > index)
        kinds = {name: kind_of(name) for name in counts}
        for name, kind in kinds.items():
            if kind == "letter" and index == depth - 1:
                kinds[name] = "unknown"  # an artist called A; above other folders, an initial
            wraps = len(counts) == 1 and index < depth - 1 and words_of(name) == words_of(container)
            below = {path[index + 1] for path in folders if len(path) > index + 1} if len(counts) == 1 else set()
            wraps = wraps or (below != set() and all(map(part_of, below)))  # vangogh2photo/trainA
            if wraps and kind == "unknown":
                kinds[name] = "container"
        direct = {path[index] for path in folders if len(path) == index + 1}
        levels.append(Level(counts, kinds, counts.total() / len(pictures), index, len(direct) / len(counts)))
    return levels


def read_named_files(pictures: Sequence[PurePosixPath]) -> list[NamedFiles]:
    """The patterns that nearly all pictures' names are of, with what they are named after."""
    camera_words, found = set(CAMERA.split()), []
    for pattern in get_args(FilePattern):
        artists = [_named_after(picture.stem, pattern) for picture in pictures]
        counts = Counter(artist for artist in artists if artist)
        if counts.total() < AGREEMENT * len(pictures):
            continue
        kinds: dict[str, NameKind] = {
            name: kind_of(name) if camera_words.isdisjoint(words_of(name)) else "container"
            for name in sorted(counts)[:: len(counts) // MAX_NAMES + 1]
        }
        named = NamedFiles(counts, kinds, counts.total() / len(pictures), pattern, artists)
        if named.excluded < 0.5:
            found.append(named)
    return found


def agreement(named: NamedFiles, pictures: Sequence[PurePosixPath], level: int) -> float:
    """Share of the pictures that are named after their folder of a level, by its whole name or a word of it."""
    agreeing: dict[tuple[str, str], int] = defaultdict(int)
    for picture, artist in zip(pictures, named.by_picture, strict=True):
        folders = folders_of(picture)
        if artist and len(folders) > level:
            agreeing[artist, folders[level]] += 1
    agreed = sum(count for names, count in agreeing.items() if set(words_of(names[0])) <= set(words_of(names[1])))
    return agreed / len(pictures)


def _named_after(stem: str, pattern: FilePattern) -> str:
    fields = read_file_name(stem, pattern)
    if fields is None or fields.title.isdigit():
        return ""
    if pattern == "artist_title-year" and (stem != stem.lower() or stem.count("_") > 1):
        return ""  # evidence are the slugs of WikiArt alone
    return fields.artist
