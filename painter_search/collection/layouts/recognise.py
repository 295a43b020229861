"""Recognises a folder's layout by evidence, and asks where the evidence is weak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import NoReturn

from painter_search.collection.layouts.compound_names import beside_artists
from painter_search.collection.layouts.file_names import begins_with_surname
from painter_search.collection.layouts.layout import Layout, Role
from painter_search.collection.layouts.levels import (
    AGREEMENT,
    Level,
    NamedFiles,
    agreement,
    read_levels,
    read_named_files,
)
from painter_search.collection.layouts.name_kinds import NameKind
from painter_search.common.errors import AmbiguousError
from painter_search.common.text import first_few

MAJORITY = 0.5
EVIDENT = 0.1
"""Share of names that must be well-known painters' for a level to be the artists': of the 1,807 artists in Kaggle's and
WikiArt's collections 15 % are."""
CLEARLY = 3
"""A level is told from another by this many times the share of well-known painters."""
TOLERATED = 0.2
"""Share of the pictures that may lie in folders that are no artists', beside those that are, to be left out unasked."""
KINDS: dict[NameKind, tuple[str, str]] = {
    "part": ("a part of a division", "parts of a division"),
    "container": ("pictures in general", "pictures in general"),
    "rest": ("what is left over", "what is left over"),
    "style": ("a style", "styles"),
    "period": ("a period", "periods"),
    "number": ("a number", "numbers"),
    "letter": ("a letter", "letters"),
    "place": ("a place", "places"),
    "museum": ("a museum", "museums"),
    "subject": ("a subject", "subjects"),
}
"""What folders look like that are no artists': one, and several."""


@dataclass(frozen=True)
class Recognised:
    """A layout and what at its level of artists is none."""

    layout: Layout
    not_artists: dict[str, NameKind] = field(default_factory=dict)
    """Folders beside the artists' that are not taken for artists."""


def recognise(pictures: Sequence[PurePosixPath], place: str, container: str) -> Recognised | None:
    """The layout of some pictures; None if neither folders nor names of files can be artists.

    The artists are at the level, or in the names of files, where well-known painters' names stand. Where there are
    none, they are at the only level whose names are not those of styles, centuries, parts and the like.

    Args:
        pictures: Paths of the pictures in the folder.
        place: What questions call the folder.
        container: The folder's name.

    Raises:
        AmbiguousError: The artists may be in several places, or folders look like something else.
    """
    levels = read_levels(pictures, container)
    named = read_named_files(pictures)
    candidates = [level for level in levels if level.reach >= MAJORITY and level.excluded < MAJORITY]
    chosen = _evident(candidates, levels, place)
    if chosen is None:
        # `Monet, Claude, Lilies`: whether the given name belongs to the artist is asked.
        by_surname = sum(begins_with_surname(picture.stem) for picture in pictures) >= MAJORITY * len(pictures)
        evident = [
            one for one in named if one.evident >= EVIDENT and not (by_surname and one.pattern == "artist-title")
        ]
        by_names = max(evident, key=lambda one: one.evident, default=None)
        if by_names is None and levels and not candidates:
            by_names = next((one for one in named if one.pattern == "artist_title-year"), None)  # below styles
        if by_names is not None:
            agreeing = (one for one in candidates if agreement(by_names, pictures, one.index) >= AGREEMENT)
            chosen = next(agreeing, None)
            if chosen is None:
                return Recognised(Layout(_roles(levels), by_names.pattern))
    if chosen is None and candidates:
        chosen = candidates[0]
        doubtful = [level for level in levels[: chosen.index] if level.excluded < AGREEMENT]
        if doubtful or (len(candidates) > 1 and chosen.direct < MAJORITY):
            _ask_for_level([*doubtful, *candidates], levels, place)
    if chosen is None:
        _ask_about_names(levels, named, place)
        return None
    layout = _layout(levels, chosen.index)
    if beside := beside_artists([name for name, kind in chosen.kinds.items() if kind in ("artist", "unknown")]):
        raise AmbiguousError(
            f"the folders in {place} seem to be named for an artist and {beside} ({chosen.examples()}); put each "
            f"artist's pictures into a folder of the artist's name alone, or add --layout {layout} if each of these "
            "names is an artist's."
        )
    for one in named:
        if agreement(one, pictures, chosen.index) >= AGREEMENT:
            layout = replace(layout, file=one.pattern)
            break
    return Recognised(layout, _not_artists(levels, chosen.index, place))


def _evident(candidates: Sequence[Level], levels: Sequence[Level], place: str) -> Level | None:
    """The level of well-known painters' names, if there is one."""
    evident = sorted((one for one in candidates if one.evident >= EVIDENT), key=lambda one: -one.evident)
    if len(evident) > 1 and evident[0].evident < CLEARLY * evident[1].evident:
        _ask_for_level(sorted(evident, key=lambda one: one.index), levels, place)
    return evident[0] if evident else None


def _layout(levels: Sequence[Level], artist: int) -> Layout:
    roles = list(_roles(levels[:artist], keep_all=True))
    roles.append("artist")
    below = levels[artist + 1] if artist + 1 < len(levels) else None
    if below is not None and below.share("style") > MAJORITY and "style" not in roles:
        roles.append("style")
    return Layout(tuple(roles))


def _roles(levels: Sequence[Level], keep_all: bool = False) -> tuple[Role, ...]:
    """What levels above the artists are; without those at the end that mean nothing, unless all are to be kept."""
    roles: list[Role] = []
    for level in levels:
        if level.share("part") == 1 and "part" not in roles:
            roles.append("part")
        elif level.share("style") > MAJORITY and "style" not in roles:
            roles.append("style")
        else:
            roles.append("any")
    while not keep_all and roles and roles[-1] == "any":
        roles.pop()
    return tuple(roles)


def _not_artists(levels: Sequence[Level], artist: int, place: str) -> dict[str, NameKind]:
    """The folders of the artists' level that are none; asks if they are many, or parts of a division."""
    level = levels[artist]
    others = {name: kind for name, kind in level.kinds.items() if kind not in ("artist", "unknown")}
    pictures = sum(level.counts[name] for name, kind in others.items() if kind != "rest")
    if "part" in others.values() or pictures > TOLERATED * level.counts.total():
        kind = next((kind for kind in others.values() if kind == "part"), next(iter(others.values())))
        artists = first_few(sorted(level.kinds.keys() - others.keys()))
        raise AmbiguousError(
            f"{place} has folders that look like artists ({artists}) beside folders "
            f"that look like {KINDS[kind][1]} ({first_few(sorted(others))}); move these elsewhere, or add --layout "
            f"{_layout(levels, artist)} if each of them is one artist."
        )
    return others


def _ask_for_level(candidates: Sequence[Level], levels: Sequence[Level], place: str) -> NoReturn:
    readings = [f"level {one.index + 1} ({one.examples()})" for one in candidates]
    layouts = [f"--layout {_layout(levels, one.index)} for level {one.index + 1}" for one in candidates]
    raise AmbiguousError(
        f"the artists in {place} may be the folders of {' or of '.join(readings)}; add {' or '.join(layouts)}."
    )


def _ask_about_names(levels: Sequence[Level], named: Sequence[NamedFiles], place: str) -> None:
    """Ask about folders that look like something else, or files that may be named after artists."""
    outside = 1 - levels[0].reach if levels else 1.0
    if levels and outside > MAJORITY:
        raise AmbiguousError(
            f"{outside:.0%} of the pictures in {place} lie outside its folders ({levels[0].examples()}), and their "
            "names do not tell the artists; add --layout artist to leave them out, or put them into folders, too."
        )
    look = next((one for one in levels if not {*one.kinds.values()} <= {"container", "rest", "part"}), None)
    if look is not None:
        layout = _layout(levels, look.index)
        if look.main_kind == "unknown":
            raise AmbiguousError(
                f"{1 - look.reach:.0%} of the pictures in {place} do not lie in folders of level {look.index + 1} "
                f"({look.examples()}), which may be artists; add --layout {layout} to leave them out."
            )
        raise AmbiguousError(
            f"the folders in {place} are named like {KINDS[look.main_kind][1]} ({look.examples()}), not like artists; "
            f"if each of them is one artist, add --layout {layout}, and otherwise put each artist's pictures into a "
            "folder of the artist's name."
        )
    if named:
        guess = named[0]
        raise AmbiguousError(
            f"the names of the files in {place} may tell the artists ({guess.examples()}); if they do, add --layout "
            f"{guess.pattern}, and otherwise put each artist's pictures into a folder of the artist's name."
        )
