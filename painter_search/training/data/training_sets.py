"""The triplets and works of prepared collections, as paths of their frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from painter_search.collection.collection import Collection, Split
from painter_search.collection.hands.spellings import common_spellings, side_leaders
from painter_search.collection.triplets import plain_file, read_triplets
from painter_search.common.errors import NotEnoughDataError, UnknownWorkError

MAX_SAMPLED_WORKS = 1000
"""Works that an epoch is measured on where each has to pass the backbone, or its last stages, again."""


@dataclass(frozen=True)
class TripletPaths:
    """Triplets as frame paths, and who made each painting."""

    paths: list[tuple[Path, Path, Path]]
    """Anchor, positive, negative."""
    artists: dict[Path, str]
    """The artist of every painting."""

    def distinct(self) -> list[Path]:
        """Every painting once, in order of first appearance."""
        return list(dict.fromkeys(path for triplet in self.paths for path in triplet))

    def sample(self, works: int) -> TripletPaths:
        """Triplets of at most so many paintings, always the same ones; all of them where there are no more."""
        if len(self.distinct()) <= works:
            return self
        chosen: set[Path] = set()
        taken = []
        for row in np.random.default_rng(0).permutation(len(self.paths)):
            new = set(self.paths[row]) - chosen
            if len(chosen) + len(new) <= works:
                chosen |= new
                taken.append(row)
        return TripletPaths([self.paths[row] for row in sorted(taken)], {path: self.artists[path] for path in chosen})

    def without(self, artists: set[str]) -> TripletPaths:
        """The triplets none of whose paintings are by these artists, under whichever spelling."""
        leaders = side_leaders(artists | set(self.artists.values()))
        unwanted = {leaders[artist] for artist in artists}
        kept = {path: artist for path, artist in self.artists.items() if leaders[artist] not in unwanted}
        return TripletPaths([triplet for triplet in self.paths if set(triplet) <= kept.keys()], kept)


def gather_validation_triplets(collections: Sequence[Collection], file: Path | None) -> TripletPaths:
    """The validation triplets of the collections, or of a file; see `gather_triplets` for the errors.

    An artist who is tested in any collection chooses no epoch: those of a file are taken as they are.
    """
    if file is not None:
        return gather_triplets(collections, "validation", read_triplets(file))
    triplets = gather_triplets(collections, "validation", None).without(_tested_artists(collections))
    if not triplets.paths:
        raise NotEnoughDataError(
            f"{_folders(collections)}: every validation artist of a collection is a test artist of another; "
            "prepare them with another --random-state."
        )
    return triplets


def gather_training_triplets(collections: Sequence[Collection], excluded: set[str]) -> TripletPaths:
    """The training triplets of the collections without the `excluded` artists; see `gather_triplets` for the errors.

    An artist who is tested in any collection is trained on in none.
    """
    triplets = gather_triplets(collections, "train", None).without(excluded | _tested_artists(collections))
    if not triplets.paths:
        raise NotEnoughDataError(
            f"{_folders(collections)}: every training triplet has an artist who is validated or tested on, too; "
            "prepare them with another --random-state."
        )
    return triplets


def gather_triplets(collections: Sequence[Collection], split: Split, table: pd.DataFrame | None) -> TripletPaths:
    """The triplets of a split in all collections, or those of `table` in the only collection.

    Raises:
        UnknownWorkError: The collection does not have a painting of the triplets.
        NotEnoughDataError: The split has no triplets.
    """
    paths: list[tuple[Path, Path, Path]] = []
    artists: dict[Path, str] = {}
    for collection in collections:
        triplets = collection.triplets(split) if table is None else table
        artist_of_file = {work.file: work.artist for work in collection.works("all")}
        files = set(triplets.to_numpy().ravel())
        if table is not None:
            triplets = table.replace({file: plain_file(file) for file in files if file not in artist_of_file})
            files = set(triplets.to_numpy().ravel())
        missing = sorted(files - set(artist_of_file))
        if missing:
            raise UnknownWorkError(
                f"{len(missing):,} of the {len(files):,} paintings in the {split} triplets are not in "
                f"{collection.folder} (the first: {missing[0]}); prepare it from the same originals."
            )
        frames = {file: collection.frame_path(file) for file in files}
        paths += [
            (frames[anchor], frames[positive], frames[negative]) for anchor, positive, negative in triplets.to_numpy()
        ]
        artists |= {frames[file]: artist_of_file[file] for file in files}
    spellings = common_spellings(Counter(artists.values()))
    artists = {path: spellings[artist] for path, artist in artists.items()}
    if not paths:
        raise NotEnoughDataError(
            f"there are no {split} triplets in {_folders(collections)}: they need 2 {split} "
            "artists, one with at least 2 works. Prepare more artists (or another --test-share or --validation-share)."
        )
    return TripletPaths(paths, artists)


def gather_works(collections: Sequence[Collection], excluded: set[str]) -> list[dict[str, list[Path]]]:
    """Each collection's training works by artist, as frame paths, without the `excluded` artists.

    An artist in several collections, under whichever spelling, has all works where the name comes first; one who is
    tested in any collection is trained on in none. Only artists with at least two works count.

    Raises:
        NotEnoughDataError: Fewer than two artists are left.
    """
    excluded_artists = excluded | _tested_artists(collections)
    trained = Counter(work.artist for collection in collections for work in collection.works("train"))
    spellings, leaders = common_spellings(trained), side_leaders(excluded_artists | set(trained))
    excluded_leaders = {leaders[artist] for artist in excluded_artists}
    works: list[dict[str, list[Path]]] = [{} for _ in collections]
    for works_here, collection in zip(works, collections, strict=True):
        for work in collection.works("train"):
            if leaders[work.artist] not in excluded_leaders:
                artist = spellings[work.artist]
                first = next((by_artist for by_artist in works if artist in by_artist), works_here)
                first.setdefault(artist, []).append(collection.frame_path(work.file))
    works = [{artist: paths for artist, paths in by_artist.items() if len(paths) > 1} for by_artist in works]
    works = [by_artist for by_artist in works if by_artist]
    count = sum(map(len, works))
    if count < 2:
        raise NotEnoughDataError(
            f"{_folders(collections)}: there are {count} training artists with at least 2 works, and 2 are needed. "
            "Prepare more artists (or another --test-share or --validation-share)."
        )
    return works


def _tested_artists(collections: Sequence[Collection]) -> set[str]:
    return {work.artist for collection in collections for work in collection.works("test")}


def _folders(collections: Sequence[Collection]) -> str:
    return ", ".join(str(collection.folder) for collection in collections)
