"""Inputs of a preparation: the catalogue, and the originals as listed, not yet read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import pandas as pd

from painter_search.collection.artist_names import clean_name
from painter_search.collection.catalogues.added_sources import ADD_COMMAND, list_added_sources
from painter_search.collection.catalogues.catalogue import Catalogue, FilesFound, read_catalogue
from painter_search.collection.catalogues.catalogue_files import MISSING, MatchedFiles, match_catalogue, match_paths
from painter_search.collection.config import PrepareConfig
from painter_search.collection.hub.dataset import read_hub_dataset
from painter_search.collection.layouts.folder_catalogue import catalogue_of_artist, read_folder
from painter_search.collection.layouts.folder_table import FolderCatalogue
from painter_search.collection.sample import SAMPLE_CATALOGUE, SAMPLE_IMAGES, SAMPLE_NAME
from painter_search.common.errors import AmbiguousError, NotEnoughDataError, NotFoundError
from painter_search.common.files.text_encoding import storable_text
from painter_search.common.files.urls import Location
from painter_search.images.sources import Original, SourceListing, list_sources, nothing_found


@dataclass(frozen=True)
class CollectionInputs:
    """A catalogue and its originals, as listed, not yet read."""

    name: str
    """Name of the collection."""
    catalogue: pd.DataFrame
    originals: list[Original]
    rejected: list[tuple[str, str]]
    """Files left out of `originals`: pairs of file and reason."""
    matched: MatchedFiles | None = None
    """The originals of a catalogue's works; None if works are identified by their path."""
    artists_from: str = ""
    """Where the artists were read, in words."""
    layout: str = ""
    """The folder's layout, as `--layout` takes it; empty for a catalogue."""
    remarks: list[str] = field(default_factory=list)
    """Sentences on doubtful readings, which are told before anything is built on them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", storable_text(self.name))

    def match_files(self) -> MatchedFiles:
        """The originals of the works, as a catalogue's were matched, or by their path."""
        return self.matched or match_paths(set(self.catalogue["new_filename"]), self.originals)


def read_inputs(config: PrepareConfig) -> CollectionInputs:
    """List the originals and read or make the catalogue of a preparation.

    Raises:
        NotFoundError: A catalogue, folder or archive does not exist.
        NotEnoughDataError: The folder is empty or nothing in it tells the artists, or the catalogue lists no works.
        AmbiguousError: It is not certain what in a folder tells the artist.
        DamagedFileError: A catalogue or archive cannot be read.
        UnreachableError: A URL cannot be reached.
    """
    share, seed = config.test_share, config.random_state
    if config.folder is not None:
        name = config.name or config.folder.resolve().name
        listing = list_sources([config.folder], "--folder", each_file_once=True)
        if not listing.originals:
            raise NotEnoughDataError(
                nothing_found(listing.passed_over, config.folder)
                or f"{config.folder} is empty; --folder takes a folder with one sub-folder per artist."
            )
        return _of_folder(name, listing, config.folder, share, seed, config.layout)
    if config.from_hub is not None:
        place = Path(config.from_hub)
        name = config.name or (place.resolve() if place.exists() else place).name
        data = read_hub_dataset(config.from_hub, share, seed)
        return CollectionInputs(
            name,
            data.catalogue,
            data.originals,
            [],
            artists_from=f"the data set {config.from_hub}",
            remarks=data.remarks,
        )
    paths = config.catalogue or (SAMPLE_CATALOGUE,)
    name = config.name or (_folder_of(config.catalogue[0]).name if config.catalogue else SAMPLE_NAME)
    sample = [] if config.catalogue else ["This is the built-in sample of clip art; --folder takes paintings of yours."]
    originals = config.originals or (SAMPLE_IMAGES,)
    list_once = cache(partial(list_sources, originals, "--originals"))
    read = _read_filled(paths, share, seed, list_once)
    listing = list_once()
    table, matched, remarks = match_catalogue(read.table, listing.originals)
    if not matched.files:
        unlisted = "" if listing.originals else nothing_found(listing.passed_over, *originals)
        raise NotEnoughDataError(
            unlisted
            or f"none of the {len(table):,} works in the catalogue has an original of its own; "
            f"{remarks[0].rstrip('.')}. Check that --originals holds the files that {read.files_from} names."
        )
    return CollectionInputs(
        name,
        table,
        listing.originals,
        listing.passed_over,
        matched=matched,
        artists_from=read.artists_from,
        remarks=[*sample, *read.remarks, *listing.remarks, *remarks],
    )


def read_additions(
    sources: Sequence[Location],
    artist: str | None = None,
    originals: Sequence[Location] = (),
    layout: str | None = None,
) -> CollectionInputs:
    """List the paintings to add to an index.

    Args:
        sources: One catalogue if there are `originals`; otherwise picture files, folders and zip archives.
        artist: The artist of all of them; None if paths tell the artists.
        originals: Folders and archives with the catalogue's originals.
        layout: What the levels of the folders mean; None recognises it.

    Raises:
        NotFoundError: A source, or one of the originals, does not exist.
        NotEnoughDataError: There are no works in the sources, or nothing tells their artist.
        AmbiguousError: It is not certain what in a folder tells the artist.
        DamagedFileError: The catalogue or an archive cannot be read.
        UnreachableError: A URL cannot be reached.
    """
    if originals:
        return _read_added_catalogue(Path(sources[0]), originals)
    added = list_added_sources(sources)
    if artist is not None:
        usable, unstorable = _split_off_unstorable_names(added.listing.originals)
        return _by_path(added.name, added.listing, unstorable, catalogue_of_artist(usable, clean_name(artist)))
    if added.are_files and layout is None:
        first = added.listing.originals[0].file
        raise NotEnoughDataError(f"{first} does not tell its artist; add --artist NAME.")
    try:
        return _of_folder(added.name, added.listing, added.place, 1, 0, layout, are_added=True)
    except (AmbiguousError, NotEnoughDataError) as error:
        hint = "if all of it is by one artist, add --artist NAME."
        raise type(error)(f"{error.command_line.removesuffix('.')}; {hint}") from None


def _read_added_catalogue(source: Path, originals: Sequence[Location]) -> CollectionInputs:
    if not source.exists():
        raise NotFoundError(f"{source} does not exist; check the path after {ADD_COMMAND}.")
    list_once = cache(partial(list_sources, originals))
    read = _read_filled((source,), test_share=1, random_state=0, list_originals=list_once)
    listing = list_once()
    table, matched, remarks = match_catalogue(read.table, listing.originals)
    return CollectionInputs(
        source.resolve().parent.name,
        table,
        [original for _, original in matched.files],
        [],
        matched=replace(matched, unused=[]),  # the other files are nobody's concern
        artists_from=read.artists_from,
        remarks=[*read.remarks, *listing.remarks, *remarks],
    )


def _of_folder(
    name: str,
    listing: SourceListing,
    folder: Path,
    test_share: float,
    random_state: int,
    layout: str | None,
    *,
    are_added: bool = False,
) -> CollectionInputs:
    usable, unstorable = _split_off_unstorable_names(listing.originals)
    read = read_folder(usable, folder, test_share, random_state, layout, are_added=are_added)
    return _by_path(name, listing, unstorable, read)


def _by_path(
    name: str, listing: SourceListing, unstorable: list[tuple[str, str]], read: FolderCatalogue
) -> CollectionInputs:
    return CollectionInputs(
        unicodedata.normalize("NFC", name),
        read.table,
        read.originals,
        [*listing.passed_over, *unstorable, *read.rejected],
        artists_from=read.artists_from,
        layout=read.layout,
        remarks=[*listing.remarks, *read.remarks],
    )


def _folder_of(catalogue: Path) -> Path:
    """The folder of a catalogue; for a pipe, which is in none of the user's, the current one."""
    return Path.cwd() if catalogue.is_fifo() else catalogue.resolve().parent


def _read_filled(
    paths: Sequence[Path], test_share: float, random_state: int, list_originals: Callable[[], SourceListing]
) -> Catalogue:
    """A catalogue with works; the originals are listed if they are to decide which of its columns names them."""

    def count_files(rows: pd.DataFrame) -> FilesFound:
        matched = match_catalogue(rows, list_originals().originals).matched
        names = rows["new_filename"]
        repeated = int(names[names != ""].duplicated().sum())
        return FilesFound(len(matched.files), repeated + sum(reason != MISSING for _, reason in matched.missing))

    catalogue = read_catalogue(paths, test_share, random_state, count_files)
    if catalogue.table.empty:
        raise NotEnoughDataError(f"{', '.join(map(str, paths))} lists no works; a catalogue has a row for each.")
    return catalogue


def _split_off_unstorable_names(originals: list[Original]) -> tuple[list[Original], list[tuple[str, str]]]:
    """Reject files whose names a table cannot store, because they are not UTF-8 or break a line."""
    unstorable = {one.file for one in originals if any(unicodedata.category(char) in ("Cc", "Cs") for char in one.file)}
    reason = "its name has characters that are not text; rename it"
    return [one for one in originals if one.file not in unstorable], [(file, reason) for file in sorted(unstorable)]
