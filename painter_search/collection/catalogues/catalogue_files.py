"""A catalogue with the files of its works, and what to tell of those that did not meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pandas as pd

from painter_search.collection.catalogues.matching import PICTURE_ENDINGS, Matches, match_files, split_path
from painter_search.collection.splits import unify_spellings
from painter_search.common.text import first_few
from painter_search.images.sources import Original

MISSING, UNUSED = "missing from the originals", "not in the catalogue"
MAX_COMPARED = 20_000
"""Of at most this many files that are in no catalogue the one nearest in name is shown."""


class CatalogueFiles(NamedTuple):
    """A catalogue and the files of its works."""

    table: pd.DataFrame
    """The catalogue, with one name for each file."""
    matched: MatchedFiles
    remarks: list[str]
    """What to tell: how many works have no file, or only one of another name, each with an example."""


@dataclass(frozen=True)
class MatchedFiles:
    """Which originals are used, and for which works."""

    files: list[tuple[str, Original]]
    """The name of each work that has a file, with its file, in the order of the originals."""
    unused: list[tuple[str, str]] = field(default_factory=list)
    """The other files: pairs of file and reason."""
    missing: list[tuple[str, str]] = field(default_factory=list)
    """Works without a file: pairs of name and reason."""


def match_catalogue(catalogue: pd.DataFrame, originals: Sequence[Original]) -> CatalogueFiles:
    """Find the file of each work of a catalogue, by the rule that `matching` states."""
    names = catalogue["new_filename"]
    matches = match_files(names, originals)
    renamed = _look_into_artists_folders(catalogue, originals, matches)
    table = catalogue.copy()
    table["new_filename"] = [
        matches.aliases.get(new, new)
        for new in (renamed.get(row, row[1]) for row in zip(catalogue["artist"], names, strict=True))
    ]
    found = {id(match.original): name for name, match in matches.by_name.items()}
    files = [(found[id(original)], original) for original in originals if id(original) in found]
    missing = sorted(set(table["new_filename"]) - set(matches.by_name) - set(matches.ambiguous) - {""})
    unused = [original for original in originals if id(original) not in found]
    reasons = {
        id(original): f"one of several files that may be meant: {name}"
        for name, several in matches.ambiguous.items()
        for original in several
    }
    reasons |= {
        id(original): f"another file of this work was taken: {match.original.file}"
        for match in matches.by_name.values()
        for original in match.smaller
    }
    matched = MatchedFiles(
        files,
        unused=[(original.file, _reason(original, matches, reasons)) for original in unused],
        missing=[(name, f"several files may be meant: {_list(files)}") for name, files in matches.ambiguous.items()]
        + [(name, MISSING) for name in missing],
    )
    return CatalogueFiles(table, matched, list(_remarks(table, matches, missing, unused)))


def match_paths(wanted: Collection[str], originals: Sequence[Original]) -> MatchedFiles:
    """The files of works that are named by their path in a folder."""
    files = [(original.file, original) for original in originals if original.file in wanted]
    unused = [(one.file, UNUSED) for one in originals if one.file not in wanted]
    missing = sorted(set(wanted) - {name for name, _ in files} - {""})
    return MatchedFiles(files, unused, [(name, MISSING) for name in missing])


def _look_into_artists_folders(
    catalogue: pd.DataFrame, originals: Sequence[Original], matches: Matches
) -> dict[tuple[str, str], str]:
    """Match names that several files may mean, or that several artists have, with files in folders of the artists.

    Returns the names that had to be made different: `{(artist, name): artist/name}`.
    """
    rows = catalogue.loc[catalogue["artist"] != "", ["artist", "new_filename"]].drop_duplicates()
    artists: dict[str, list[str]] = defaultdict(list)
    for artist, name in rows.itertuples(index=False):
        artists[name].append(artist)
    unclear = {
        name: several
        for name, several in artists.items()
        if name and (name in matches.ambiguous or (name in matches.by_name and len(several) > 1))
    }
    if not unclear:
        return {}
    hints = {f"{artist}/{name}": (artist, name) for name, several in unclear.items() for artist in several}
    others = {name for name in matches.by_name if name not in unclear}
    taken = {id(matches.by_name[name].original) for name in others}
    renamed: dict[tuple[str, str], str] = {}
    for hint, match in match_files(hints, originals).by_name.items():
        artist, name = hints[hint]
        in_artists_folder = match.shared == 0 or match.shared > len(split_path(name))
        if not in_artists_folder or id(match.original) in taken:
            continue
        matches.ambiguous.pop(name, None)
        match = replace(match, alike=0, folders_differ=False, by_artist=True)
        if len(unclear[name]) == 1:
            matches.by_name[name] = match
        else:
            renamed[artist, name] = hint
            matches.by_name[hint] = match
    for name in {name for _, name in renamed}:
        matches.by_name.pop(name, None)
        renamed |= {(artist, name): f"{artist}/{name}" for artist in unclear[name]}
    return renamed


def _reason(original: Original, matches: Matches, reasons: Mapping[int, str]) -> str:
    same_name = matches.by_name.get(original.base_name)
    if same_name:
        return f"another file of this name was taken: {same_name.original.file}"
    return reasons.get(id(original), UNUSED)


def _remarks(
    table: pd.DataFrame, matches: Matches, missing: Sequence[str], unused: Sequence[Original]
) -> Iterable[str]:
    works = table["new_filename"].value_counts()

    def count(names: Iterable[str]) -> int:
        return int(works.reindex(list(names), fill_value=0).sum())

    if missing:
        have = "s have" if count(missing) != 1 else " has"
        yield f"{count(missing):,} of {len(table):,} work{have} no original, e.g. {_nearest(missing, unused)}."
    if matches.ambiguous:
        name, files = next(iter(matches.ambiguous.items()))
        yield (
            f"{_works(count(matches.ambiguous))} left out, since several files may be meant, e.g. catalogue '{name}', "
            f"originals {_list(files)}; write the path into the catalogue, or name the right folder after --originals."
        )
    found = matches.by_name.items()
    for how, chosen in (
        ("though case, ending or spelling differ", {name: match for name, match in found if match.alike}),
        ("where several stand in one cell, by the first", {name: match for name, match in found if match.by_part}),
        (
            "though the folders differ",
            {name: match for name, match in found if match.folders_differ and not match.alike},
        ),
        ("and by the folder of the artist", {name: match for name, match in found if match.by_artist}),
    ):
        if chosen:
            name, match = next(iter(chosen.items()))
            yield (
                f"{_works(count(chosen))} matched by name {how}, e.g. catalogue '{name}', originals "
                f"'{match.original.file}'."
            )
    if several := {name: match for name, match in found if match.smaller}:
        match = next(iter(several.values()))
        have = " has" if count(several) == 1 else "s have"
        yield (
            f"{count(several):,} work{have} several files that differ in their ending alone; the largest is taken, "
            f"e.g. '{match.original.file}', not '{match.smaller[0].file}'."
        )
    given = table[(table["artist"] != "") & (table["new_filename"] != "")][["new_filename", "artist"]].drop_duplicates()
    given = given[given.duplicated("new_filename", keep=False)]  # a group for every file takes long
    given = given.assign(artist=unify_spellings(given["artist"])).drop_duplicates()
    given = given[given.duplicated("new_filename", keep=False)]
    contested = given.groupby("new_filename")["artist"].unique()
    if len(contested):
        yield (
            f"{len(contested):,} file{'s are' if len(contested) > 1 else ' is'} left out, since the catalogue gives "
            f"{'them' if len(contested) > 1 else 'it'} to several artists, e.g. '{contested.index[0]}' to "
            f"{' and '.join(contested.iloc[0][:3])}."
        )


def _works(number: int) -> str:
    return f"{number:,} work{'s are' if number != 1 else ' is'}"


def _list(files: Sequence[Original]) -> str:
    return first_few([f"'{original.file}'" for original in files])


def _nearest(missing: Sequence[str], unused: Sequence[Original]) -> str:
    """The first missing name with the unused file whose name is nearest to it."""
    from rapidfuzz import process

    pictures = [one.file for one in unused if one.file.lower().rpartition(".")[2] in PICTURE_ENDINGS]
    names = pictures or [one.file for one in unused]
    if not names:
        return f"catalogue '{missing[0]}'; all of the originals are used"
    nearest = process.extractOne(missing[0], names[:MAX_COMPARED])
    return f"catalogue '{missing[0]}', originals '{nearest[0]}'"
