"""Inputs of a preparation: the catalogue, and the originals as listed, not yet read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from painter_search.collection.artist_names import clean_name
from painter_search.collection.catalogue import catalogue_of_folder, read_catalogue
from painter_search.collection.config import PrepareConfig
from painter_search.collection.sample import SAMPLE_CATALOGUE, SAMPLE_IMAGES, SAMPLE_NAME
from painter_search.common.errors import NotEnoughDataError, NotFoundError
from painter_search.common.urls import Location
from painter_search.images.sources import Original, list_originals

ADD_COMMAND = "`build-index add`"


@dataclass(frozen=True)
class CollectionInputs:
    """A catalogue and its originals, as listed, not yet read."""

    name: str
    """Name of the collection."""
    catalogue: pd.DataFrame
    originals: list[Original]
    rejected: list[tuple[str, str]]
    """Files left out of `originals`: pairs of file and reason."""
    by_path: bool
    """Whether works are identified by their path in the folder, or by file name alone as in a catalogue."""


def read_inputs(config: PrepareConfig) -> CollectionInputs:
    """List the originals and read or make the catalogue of a preparation.

    Raises:
        NotFoundError: A catalogue, folder or archive does not exist.
        NotEnoughDataError: The folder is empty or without sub-folders, or the catalogue lists no works.
        DamagedFileError: A catalogue or archive cannot be read.
        UnreachableError: A URL cannot be reached.
    """
    share, seed = config.test_share, config.random_state
    if config.folder is not None:
        originals, rejected = _split_off_unstorable_names(list_originals([config.folder], "--folder"))
        if not originals:
            raise NotEnoughDataError(
                f"{config.folder} is empty; --folder takes a folder with one sub-folder per artist."
            )
        catalogue = catalogue_of_folder(originals, share, seed)
        if (catalogue["artist"] == "").all():
            raise NotEnoughDataError(
                f"{config.folder} has no sub-folders; --folder takes a folder with one sub-folder per artist."
            )
        return CollectionInputs(
            config.name or config.folder.resolve().name, catalogue, originals, rejected, by_path=True
        )
    paths = config.catalogue or (SAMPLE_CATALOGUE,)
    name = config.name or (config.catalogue[0].resolve().parent.name if config.catalogue else SAMPLE_NAME)
    catalogue = read_catalogue(paths, share, seed)
    if catalogue.empty:
        raise NotEnoughDataError(f"{', '.join(map(str, paths))} lists no works; a catalogue has a row for each.")
    originals = list_originals(config.originals or (SAMPLE_IMAGES,), "--originals")
    return CollectionInputs(name, catalogue, originals, [], by_path=False)


def read_additions(source: Path, artist: str | None = None, originals: Sequence[Location] = ()) -> CollectionInputs:
    """List the paintings to add to an index.

    Args:
        source: A catalogue if there are `originals`; otherwise a folder or zip archive.
        artist: The artist of everything in the folder; None if it has one sub-folder per artist.
        originals: Folders and archives with the catalogue's originals.

    Raises:
        NotFoundError: The source, or one of the originals, does not exist.
        NotEnoughDataError: There are no works in the source, or no sub-folders and no `artist`.
        DamagedFileError: The catalogue or an archive cannot be read.
        UnreachableError: A URL cannot be reached.
    """
    if not source.exists():
        raise NotFoundError(f"{source} does not exist; check the path after {ADD_COMMAND}.")
    if originals:
        catalogue = read_catalogue((source,), test_share=1, random_state=0)
        if catalogue.empty:
            raise NotEnoughDataError(f"{source} lists no works; a catalogue has a row for each.")
        wanted = set(catalogue["new_filename"])
        listed = [original for original in list_originals(originals) if original.base_name in wanted]
        return CollectionInputs(source.resolve().parent.name, catalogue, listed, [], by_path=False)
    files, rejected = _split_off_unstorable_names(list_originals([source], ADD_COMMAND))
    if not files:
        raise NotEnoughDataError(f"{source} is empty; {ADD_COMMAND} takes a folder of images.")
    catalogue = catalogue_of_folder(files, test_share=1, random_state=0)
    if artist is not None:
        catalogue["artist"] = clean_name(artist)
    elif (catalogue["artist"] == "").all():
        raise NotEnoughDataError(
            f"{source} has no sub-folders, one per artist; if all of it is by one artist, add --artist NAME."
        )
    name = source.resolve().stem if source.is_file() else source.resolve().name
    return CollectionInputs(name, catalogue, files, rejected, by_path=True)


def _split_off_unstorable_names(originals: list[Original]) -> tuple[list[Original], list[tuple[str, str]]]:
    """Reject files whose names a table cannot store, because they are not UTF-8 or break a line."""
    unstorable = {one.file for one in originals if any(unicodedata.category(char) in ("Cc", "Cs") for char in one.file)}
    reason = "its name has characters that are no text; rename it"
    return [one for one in originals if one.file not in unstorable], [(file, reason) for file in sorted(unstorable)]
