"""What there is to prepare: the catalogue and the originals, listed but not yet opened."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from painter_search.collection.catalogue import catalogue_of_folder, clean_name, read_catalogue
from painter_search.collection.originals import Original, list_originals
from painter_search.collection.sample import SAMPLE_CATALOGUE, SAMPLE_IMAGES, SAMPLE_NAME
from painter_search.collection.settings import PrepareConfig
from painter_search.errors import UserError
from painter_search.places import Place


@dataclass(frozen=True)
class Inputs:
    """The catalogue and the originals, listed but not yet opened."""

    name: str
    catalogue: pd.DataFrame
    originals: list[Original]
    refused: list[tuple[str, str]]
    """Files that were passed over, each with its reason."""
    by_path: bool
    """Whether works are named by their path in the folder, or by file name alone as in a catalogue."""


def gather_inputs(config: PrepareConfig) -> Inputs:
    """List the originals and read or make the catalogue; with neither given, the built-in sample's."""
    share, seed = config.test_share, config.random_state
    if config.folder is not None:
        originals, refused = _nameable(list_originals([config.folder], "--folder"))
        if not originals:
            raise UserError(f"{config.folder} is empty; --folder takes a folder with one sub-folder per artist.")
        catalogue = catalogue_of_folder(originals, share, seed)
        if (catalogue["artist"] == "").all():
            raise UserError(
                f"{config.folder} has no sub-folders; --folder takes a folder with one sub-folder per artist."
            )
        return Inputs(config.name or config.folder.resolve().name, catalogue, originals, refused, by_path=True)
    info = config.info or (SAMPLE_CATALOGUE,)
    name = config.name or (config.info[0].resolve().parent.name if config.info else SAMPLE_NAME)
    catalogue = read_catalogue(info, share, seed)
    if catalogue.empty:
        raise UserError(f"{', '.join(map(str, info))} lists no works; a catalogue has a row for each.")
    originals = list_originals(config.originals or (SAMPLE_IMAGES,), "--originals")
    return Inputs(name, catalogue, originals, [], by_path=False)


def gather_additions(source: Path, artist: str | None = None, originals: Sequence[Place] = ()) -> Inputs:
    """List what is to be added to an index.

    `source` is a catalogue where `originals` are given; else a folder (or zip archive), all by `artist`, or with one
    sub-folder per artist. Raises `UserError` where that cannot be read, or there is nothing in it.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist; check the path after --add.")
    if originals:
        catalogue = read_catalogue((source,), test_share=1, random_state=0)
        if catalogue.empty:
            raise UserError(f"{source} lists no works; a catalogue has a row for each.")
        wanted = set(catalogue["new_filename"])
        listed = [original for original in list_originals(originals) if original.base_name in wanted]
        return Inputs(source.resolve().parent.name, catalogue, listed, [], by_path=False)
    found, refused = _nameable(list_originals([source], "--add"))
    if not found:
        raise UserError(f"{source} is empty; --add takes a folder of images.")
    catalogue = catalogue_of_folder(found, test_share=1, random_state=0)
    if artist is not None:
        catalogue["artist"] = clean_name(artist)
    elif (catalogue["artist"] == "").all():
        raise UserError(
            f"{source} has no sub-folders, one per artist; if all of it is by one artist, add --artist NAME."
        )
    return Inputs(source.resolve().stem if source.is_file() else source.resolve().name, catalogue, found, refused, True)


def _nameable(originals: list[Original]) -> tuple[list[Original], list[tuple[str, str]]]:
    """Set apart the files whose names cannot be kept in a table: names that are no UTF-8, or break a line."""
    odd = {o.file for o in originals if any(unicodedata.category(character) in ("Cc", "Cs") for character in o.file)}
    reason = "its name has characters that are no text; rename it"
    return [o for o in originals if o.file not in odd], [(file, reason) for file in sorted(odd)]
