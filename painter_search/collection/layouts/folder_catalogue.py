"""The catalogue of a folder, from its paths or a table in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from painter_search.collection.layouts.folder_table import FolderCatalogue, make_table
from painter_search.collection.layouts.layout import METADATA, Layout
from painter_search.collection.layouts.metadata import catalogue_of_metadata, names_the_artists, read_metadata
from painter_search.collection.layouts.path_catalogue import catalogue_of_paths
from painter_search.collection.tables.kinds import is_table
from painter_search.common.errors import NotEnoughDataError
from painter_search.images.listing.side_files import is_note
from painter_search.images.sources import Original


def read_folder(
    originals: Sequence[Original],
    place: Path,
    test_share: float,
    random_state: int,
    layout: str | None = None,
    *,
    are_added: bool = False,
) -> FolderCatalogue:
    """Read artists and titles from paths.

    Args:
        originals: The files in a folder or archive.
        place: The folder or archive, for messages.
        test_share: Share of the artists that become test artists, if the folder has no parts; with 1 all do.
        random_state: Seed of that draw.
        layout: What the levels of the folder mean, in the words of `Layout`; None recognises it.
        are_added: Whether they are added to an index, which takes a table otherwise than `prepare`.

    Raises:
        NotEnoughDataError: No path tells an artist.
        AmbiguousError: It is not certain what in the paths tells the artist.
    """
    pictures, notes = _split_off_notes(originals)
    if not pictures:
        raise NotEnoughDataError(f"{place} has no file whose name is text; rename its files.")
    metadata = read_metadata(originals, pictures) if layout in (None, METADATA) else None
    if metadata is not None and (layout == METADATA or names_the_artists(metadata, len(pictures), place)):
        found = catalogue_of_metadata(metadata, pictures, place, test_share, random_state)
    else:
        try:
            found = catalogue_of_paths(pictures, place, test_share, random_state, layout)
        except NotEnoughDataError as error:
            table = min((one.file for one in originals if is_table(Path(one.file))), default=None)
            if table is None:
                raise
            if are_added:
                remedy = f"add that with --originals {place}."
            else:
                share = ", with --test-share 1" if test_share == 1 else ""
                remedy = f"give it to `prepare` as --catalogue, and {place} as --originals{share}."
            raise NotEnoughDataError(f"{error.command_line} If {table} names them, {remedy}") from None
        found.remarks = [*(metadata.remarks if metadata else []), *found.remarks]
    found.rejected = [*found.rejected, *notes]
    return found


def catalogue_of_artist(originals: Sequence[Original], artist: str) -> FolderCatalogue:
    """The catalogue of a folder that holds one artist's paintings, whatever its layout; all are test works."""
    pictures, notes = _split_off_notes(originals)
    titles = Layout(("artist",))
    fields = [replace(titles.read(PurePosixPath(original.file)), artist=artist) for original in pictures]
    table = make_table(pictures, fields)
    table["in_train"] = False
    return FolderCatalogue(table, pictures, notes, "--artist", "")


def _split_off_notes(originals: Sequence[Original]) -> tuple[list[Original], list[tuple[str, str]]]:
    """The pictures, and the notes with the reason to leave them out; where there are only notes, they are pictures."""
    pictures = [original for original in originals if not is_note(original.file)]
    if not pictures:
        return list(originals), []
    notes = sorted(original.file for original in originals if is_note(original.file))
    return pictures, [(file, "not an image") for file in notes]
