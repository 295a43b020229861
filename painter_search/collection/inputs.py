"""What there is to prepare: the catalogue and the originals, listed but not yet opened."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pandas as pd

from painter_search.collection.catalogue import catalogue_of_folder, read_catalogue
from painter_search.collection.originals import Original, list_originals
from painter_search.collection.sample import SAMPLE_CATALOGUE, SAMPLE_IMAGES, SAMPLE_NAME
from painter_search.collection.settings import PrepareConfig
from painter_search.errors import UserError


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


def _nameable(originals: list[Original]) -> tuple[list[Original], list[tuple[str, str]]]:
    """Set apart the files whose names cannot be kept in a table: names that are no UTF-8, or break a line."""
    odd = {o.file for o in originals if any(unicodedata.category(character) in ("Cc", "Cs") for character in o.file)}
    reason = "its name has characters that are no text; rename it"
    return [o for o in originals if o.file not in odd], [(file, reason) for file in sorted(odd)]
