"""How the works of a catalogue and the files of its originals meet.

One rule: a catalogue's name and a file belong together if the ends of their paths agree, as many folders of them as
possible, and no other name and no other file agrees as well. In order:

1. The name is the file's path within its folder or archive, as it is or with `\\`, `./` and `/` made uniform.
2. The last parts of both paths are equal, the folder or archive itself counted as the first part; more parts come
   before fewer, down to the file's name alone. For one number of parts they are compared as written, then in Unicode's
   NFC and without invisible characters, then without case, then without the file's ending, zeros before its number, and
   the difference between space, hyphen, underscore and point.
3. Files that differ in a picture's ending alone (`1.tif` and `1.jpg`, also in folders `tif` and `jpg`) are one work, of
   which the largest is taken that is no camera's or studio's own.
4. A name that several files of one folder or archive may mean is looked for in a folder of its artist, and else left
   out. Of equal files in several folders or archives the first counts, in the order they were given.
5. What is left is compared once more with signs that a file's name may not have as spaces: the number `1908/1` finds
   `1908_1.jpg`.
6. A cell that holds more than one name and finds nothing (`1.jpg; 1b.jpg`), or that holds more than one path
   (`a/1.jpg; a/1b.jpg`), stands for the first, if no other name has that file and no other cell begins with it.

A file that was given to a name is never given to one that agrees less.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from painter_search.collection.tables.cells import visible_text
from painter_search.common.files.urls import parse_location, url_path
from painter_search.images.listing.zip_members import without_zip
from painter_search.images.sources import Original

Parts = tuple[str, ...]
"""A path's folders and file name."""
UNDEVELOPED = {"psd", "psb", "dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "raw"}
"""Endings of cameras' and studios' originals, which cannot be read."""
PICTURE_ENDINGS = UNDEVELOPED | {
    "jpg", "jpeg", "jpe", "jfif", "jif", "png", "webp", "tif", "tiff", "bmp", "dib", "gif", "avif", "heic", "heif",
    "hif", "jp2", "j2k", "jpx", "jxl", "ppm", "pgm", "pnm", "tga", "svs",
}  # fmt: skip
"""Endings that are left out of a comparison."""
ENDING = re.compile(r"\.([a-z0-9]{1,5})$")
FIRST_OF_SEVERAL = re.compile(
    r'(?:=HYPERLINK\(")?(.+?\.([a-z0-9]{1,5}))\s*(?:[;|"!\n]|,\s|\s\((?=\w+://(?s:.*)\)\s*$))', re.IGNORECASE
)
"""A file's name before another, or before what is no part of it: `1.jpg; 1b.jpg`, `1.jpg (https://...)`,
`=HYPERLINK("1.jpg","1")`, `1.jpg!Large.jpg`."""


@dataclass(frozen=True)
class Match:
    """A file that belongs to a name."""

    original: Original
    shared: int
    """Parts that the two paths share at their end; 0 if the name is the whole path."""
    alike: int
    """0: as written; more: the number of the `FOLDS` that made them equal, or of `_joined` behind them."""
    folders_differ: bool
    """Whether both paths have folders before the shared parts."""
    by_artist: bool = False
    """Whether the folder of the work's artist decided among several files."""
    by_part: bool = False
    """Whether the cell holds more than the file's name: `1.jpg; 1b.jpg`."""
    smaller: tuple[Original, ...] = ()
    """Other files of the work, which differ from this one in their ending alone."""


@dataclass
class Matches:
    """Which names and files belong together."""

    by_name: dict[str, Match] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Names of a file that another name has: `{name: the other}`."""
    ambiguous: dict[str, list[Original]] = field(default_factory=dict)
    """Names that several files may mean."""


def match_files(names: Iterable[str], originals: Sequence[Original]) -> Matches:
    """Match names of a catalogue with files, by the rule above without folders of artists.

    Names that belong to no file are in none of the result's tables.
    """
    files = _Files(originals)
    matches = Matches()
    paths = {name: split_path(name) for name in dict.fromkeys(names)}
    whole = {
        name: path for name, path in paths.items() if not _holds_paths(name, path) or files.at(name, path) is not None
    }
    left = [name for name in paths if name not in whole] + _match_pending(matches, files, whole)
    first = {name: split_path(part) for name in left if (part := _first_picture(name))}
    times = Counter(first.values())
    first = {name: path for name, path in first.items() if times[path] == 1}
    if first:  # a file that has a name of its own is not given to part of a cell as well
        _match_pending(matches, files, first, with_aliases=False)
        for name in first.keys() & matches.by_name.keys():
            matches.by_name[name] = replace(matches.by_name[name], by_part=True)
    return matches


def _match_pending(matches: Matches, files: _Files, names: dict[str, Parts], *, with_aliases: bool = True) -> list[str]:
    """Match names, given with the parts of the paths that they are; returns the names that are left."""
    pending = {name: parts for name, parts in names.items() if parts}
    for name, parts in list(pending.items()):
        number = files.at(name, parts)
        if number is not None and number not in files.taken:
            _give(matches, files, name, number, Match(files.originals[number], 0, 0, False))
            del pending[name]
    # What the loosest comparison keeps apart, none brings together but the last.
    loose_names = {_loose(path[-1]) for path in files.rooted if path} if pending else set()
    apart = {name: parts for name, parts in pending.items() if _loose(parts[-1]) not in loose_names}
    pending = {name: parts for name, parts in pending.items() if name not in apart}
    for shared in range(min(_longest(pending.values()), _longest(files.rooted)), 0, -1):
        for alike, fold in enumerate(FOLDS):
            if pending:
                _match_tails(matches, files, pending, shared, alike, fold)
    if with_aliases:
        _find_aliases(matches, files, pending)
    pending |= apart
    _match_joined(matches, files, pending)
    return [name for name in pending if name not in matches.by_name and name not in matches.aliases]


class _Files:
    """Originals by their paths."""

    def __init__(self, originals: Sequence[Original]) -> None:
        self.originals = originals
        containers: dict[object, int] = {}
        self.ranks = [containers.setdefault(original.container, len(containers)) for original in originals]
        roots = {container: _root_name(container) for container in containers}
        paths = [split_path(original.file) for original in originals]
        self.rooted: list[Parts] = [(*roots[one.container], *path) for one, path in zip(originals, paths, strict=True)]
        self.by_path: dict[Parts, int] = {}
        for number, (original, path) in enumerate(zip(originals, paths, strict=True)):
            self.by_path.setdefault((original.file,), number)
            self.by_path.setdefault(path, number)
        self.taken: dict[int, str] = {}
        self._folded: dict[int, list[Parts | None]] = {}

    def at(self, name: str, parts: Parts) -> int | None:
        """The file whose whole path is this name, as it is or in parts."""
        return self.by_path.get((name,), self.by_path.get(parts))

    def tails(self, shared: int, alike: int) -> dict[Parts, list[int]]:
        """The files of each tail, of the first container that has any."""
        if alike not in self._folded:
            self._folded[alike] = [_fold_file(path, FOLDS[alike]) for path in self.rooted]
        found: dict[Parts, list[int]] = defaultdict(list)
        for number, path in enumerate(self._folded[alike]):
            if path is not None and len(path) >= shared:
                tail = found[path[-shared:]]
                if not tail or self.ranks[tail[0]] == self.ranks[number]:
                    tail.append(number)
        return found

    def largest_of_one_work(self, numbers: list[int]) -> list[int]:
        """Of files that differ in a picture's ending alone, the largest, cameras' and studios' last; else all."""
        if len(numbers) == 1 or self.taken.keys() & set(numbers):
            return numbers
        paths = [self.rooted[number] for number in numbers]
        if len({_without_kind(path) for path in paths}) > 1 or len({_ending(path[-1]) for path in paths}) < len(paths):
            return numbers
        return [max(numbers, key=lambda number: (not self._is_undeveloped(number), self.originals[number].size))]

    def others(self, numbers: list[int], taken: int) -> tuple[Original, ...]:
        """The files of a work that are not the one that was taken."""
        return tuple(self.originals[number] for number in numbers if number != taken)

    def _is_undeveloped(self, number: int) -> bool:
        return _ending(self.originals[number].file) in UNDEVELOPED


def _match_tails(
    matches: Matches, files: _Files, pending: dict[str, Parts], shared: int, alike: int, fold: Callable[[str], str]
) -> None:
    names: dict[Parts, list[tuple[str, Parts]]] = defaultdict(list)
    for name, parts in pending.items():
        if len(parts) >= shared:
            folded = tuple(map(fold, parts))
            names[folded[-shared:]].append((name, folded))
    tails = files.tails(shared, alike)
    for tail, group in names.items():
        found = tails.get(tail, [])
        if not found or len({folded for _, folded in group}) > 1:
            continue
        several, found = found, files.largest_of_one_work(found)
        if len(found) > 1:
            for name, _ in group:
                matches.ambiguous[name] = [files.originals[number] for number in found]
                del pending[name]
        elif found[0] not in files.taken:
            longer = min(len(group[0][1]), len(files.rooted[found[0]]) - 1) > shared
            match = Match(files.originals[found[0]], shared, alike, longer, smaller=files.others(several, found[0]))
            for name, _ in group:
                _give(matches, files, name, found[0], match)
                del pending[name]


def _give(matches: Matches, files: _Files, name: str, number: int, match: Match) -> None:
    if number in files.taken:
        matches.aliases[name] = files.taken[number]
    else:
        files.taken[number] = name
        matches.by_name[name] = match


def _find_aliases(matches: Matches, files: _Files, pending: dict[str, Parts]) -> None:
    """Find the names left that, written in full, are the end of one file's path: a second name of that file."""
    for alike, fold in enumerate(FOLDS[:-1]):
        for shared in sorted({len(parts) for parts in pending.values()}):
            tails = files.tails(shared, alike)
            for name, parts in list(pending.items()):
                found = tails.get(tuple(map(fold, parts)), []) if len(parts) == shared else []
                if len(found) == 1 and found[0] in files.taken:
                    matches.aliases[name] = files.taken[found[0]]
                    del pending[name]


def _match_joined(matches: Matches, files: _Files, pending: dict[str, Parts]) -> None:
    """Match names and files that are left, each the only one, where signs that a file's name may not have differ."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, parts in pending.items():
        if len(parts) == 1 or _without_ending(parts[-1]) == parts[-1]:  # a/1.jpg is a path, 1908/1 a number
            names[_joined("/".join(parts))].append(name)
    found: dict[str, list[int]] = defaultdict(list)
    for number, path in enumerate(files.rooted if names else ()):
        if number not in files.taken and path and _fold_file(path[-1:], _loose):
            found[_joined(path[-1])].append(number)
    for joined in names.keys() & found.keys():
        several, numbers = found[joined], files.largest_of_one_work(found[joined])
        if len(names[joined]) == len(numbers) == 1:
            smaller = files.others(several, numbers[0])
            match = Match(files.originals[numbers[0]], 1, len(FOLDS), False, smaller=smaller)
            _give(matches, files, names[joined][0], numbers[0], match)


def _first_picture(cell: str) -> str:
    """The picture's name with which a cell of several begins; empty if it does not."""
    found = FIRST_OF_SEVERAL.match(cell)
    return found[1] if found and found[2].lower() in PICTURE_ENDINGS else ""


def _holds_paths(cell: str, path: Parts) -> bool:
    """Whether a cell holds several paths, so that the last parts are not those of the first: `a/1.jpg; a/2.jpg`."""
    return len(path) > 1 and bool(_first_picture(cell)) and not _first_picture(path[-1])


def split_path(name: str) -> Parts:
    """The parts of a path or URL, without what says where it begins: `./`, `../`, `/`, `C:\\`, `https://`."""
    if "://" in name:
        location = parse_location(name)
        name = location.as_posix() if isinstance(location, Path) else url_path(location)
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return tuple(parts[1:] if len(parts) > 1 and re.fullmatch(r"[A-Za-z]:", parts[0]) else parts)


def _root_name(container: object) -> Parts:
    """The name of a folder or archive, without the archive's ending."""
    parts = split_path(container.resolve().as_posix() if isinstance(container, Path) else str(container))
    return (without_zip(parts[-1]),) if parts else ()


def _longest(paths: Iterable[Parts]) -> int:
    return max(map(len, paths), default=0)


def _nfc(part: str) -> str:
    return unicodedata.normalize("NFC", visible_text(part))


def _without_case(part: str) -> str:
    return _nfc(_nfc(part).casefold())


def _loose(part: str) -> str:
    """A part without its ending, zeros before it, and with one sign for all that separates words."""
    part = _without_ending(_without_case(unquote(part)).strip())
    if re.fullmatch(r"\d+(\.0)?", part):
        return part.removesuffix(".0").lstrip("0") or "0"
    return re.sub(r"[\s_+.-]+", " ", part).strip() or part


def _joined(path: str) -> str:
    """A path as one name with one sign for all that separates words, also for those that no file's name may have."""
    return _loose(re.sub(r"[/\\,:*?]+", " ", path))


def _without_ending(part: str) -> str:
    while (ending := ENDING.search(part.lower())) and ending[1] in PICTURE_ENDINGS:
        part = part[: ending.start()]
    return part


def _ending(part: str) -> str:
    return part.rpartition(".")[2].lower()


def _without_kind(path: Parts) -> Parts:
    """A path without what says which kind of picture it is: the ending, and folders named `tif` or `JPEG`."""
    folders = (folder for folder in path[:-1] if folder.lower() not in PICTURE_ENDINGS)
    return (*folders, _without_ending(path[-1]))


FOLDS: tuple[Callable[[str], str], ...] = (str, _nfc, _without_case, _loose)
"""How parts are compared, the strictest first; `_joined`, which compares whole paths, comes last."""


def _fold_file(parts: Parts, fold: Callable[[str], str]) -> Parts | None:
    """A file's path folded; None where its ending is left out of the comparison and it is not a picture's."""
    ending = ENDING.search(parts[-1].lower()) if parts else None
    if fold is _loose and ending and ending[1] not in PICTURE_ENDINGS and not ending[1].isdigit():
        return None
    return tuple(map(fold, parts))
