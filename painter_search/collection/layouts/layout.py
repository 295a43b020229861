"""A layout: what each level of a folder's paths means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, cast, get_args

from painter_search.collection.layouts.file_names import SIDE, FileFields, FilePattern, divide_title, read_file_name
from painter_search.common.errors import InvalidValueError

Role = Literal["artist", "style", "part", "any"]
"""What the folders of one level are: artists, styles, the parts of a division (`train`), or anything else."""
METADATA = "metadata"
"""The layout whose artists are in a table in the folder, as in Hugging Face's ImageFolder."""


@dataclass(frozen=True)
class PathFields:
    """What a path says of a painting; what it does not say is empty."""

    artist: str = ""
    title: str = ""
    date: str = ""
    style: str = ""
    part: str = ""


@dataclass(frozen=True)
class Layout:
    """What the folders of each level mean, from the top, and how files are named.

    Example:
        >>> Layout.parse("style/artist").read(PurePosixPath("Baroque/Rembrandt/night_watch.jpg"))
        PathFields(artist='Rembrandt', title='night watch', date='', style='Baroque', part='')
    """

    folders: tuple[Role, ...] = ()
    file: FilePattern | None = None
    """How files are named; None if their names are titles."""

    @classmethod
    def parse(cls, text: str) -> Layout:
        """The layout that `--layout` names; `metadata` is none of these.

        Raises:
            InvalidValueError: There is no such layout.
        """
        folders: list[Role] = []
        file: FilePattern | None = None
        *above, last = text.strip().strip("/").split("/")
        for word in above:
            folders.append(_role(word, text))
        if last in get_args(FilePattern):
            file = cast(FilePattern, last)
        else:
            folders.append(_role(last, text))
        if any(folders.count(role) > 1 for role in ("artist", "style", "part")):
            raise InvalidValueError(f"--layout {text} names one thing twice; write any for a level without a meaning.")
        if "artist" not in folders and file is None:
            raise InvalidValueError(
                f"--layout {text} has no artist; write artist for the level that names the artists."
            )
        return cls(tuple(folders), file)

    def __str__(self) -> str:
        return "/".join([*self.folders, *([self.file] if self.file else [])])

    @property
    def artist_level(self) -> int | None:
        """Index of the level whose folders are the artists; None if the names of files have them."""
        return self.folders.index("artist") if "artist" in self.folders else None

    def read(self, path: PurePosixPath) -> PathFields:
        """What a path says; the artist is empty if it is not as deep as the layout."""
        folders = folders_of(path)
        found = dict(zip(self.folders, folders, strict=False))
        named = (read_file_name(path.stem, self.file) if self.file else None) or FileFields()
        artist = found.get("artist", "") if self.artist_level is not None else named.artist
        if not named.title and SIDE.fullmatch(path.stem) and len(folders) > len(self.folders):  # Seine 1872/recto.jpg
            title, date = divide_title(folders[-1].replace("_", " ").strip())
            named = FileFields(artist, f"{title} ({path.stem})", date)
        return PathFields(
            artist=artist,
            title=named.title or path.stem.replace("_", " ").strip(),
            date=named.date,
            style=found.get("style", "").replace("_", " "),
            part=found.get("part", ""),
        )


def check_layout(text: str) -> None:
    """Raise `InvalidValueError` if `--layout` names no layout."""
    if text != METADATA:
        Layout.parse(text)


def folders_of(path: PurePosixPath) -> tuple[str, ...]:
    """The folders in a path; steps that lead nowhere, as archives may have them, are no folders."""
    return tuple(part for part in path.parts[:-1] if part not in ("/", ".."))


def _role(word: str, text: str) -> Role:
    if word not in get_args(Role):
        raise InvalidValueError(
            f"--layout {text} has {word!r}, which is none of its words: artist, style, part and any for folders, "
            f"then perhaps {', '.join(get_args(FilePattern))} for files; or {METADATA} alone."
        )
    return cast(Role, word)
