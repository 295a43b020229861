"""A triplet file as a dataset: images are loaded only when indexed, and transformed on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from painter_search.collection.collection import Collection, Part
from painter_search.errors import UserError
from painter_search.training.augmentations import Augmentation
from painter_search.training.sampler import Draw
from painter_search.training.squares import Squares


@dataclass(frozen=True)
class TripletPaths:
    """Triplets as frame paths, and who made each painting."""

    paths: list[tuple[Path, Path, Path]]
    owners: dict[Path, str]
    """The artist of every painting."""

    def distinct(self) -> list[Path]:
        """Every painting once, in order of first appearance."""
        return list(dict.fromkeys(path for triplet in self.paths for path in triplet))


class TripletDataset(Dataset):
    """Triplets of uint8 images `[3, side, side]`: (anchor, positive, negative).

    Indexed by a `Draw`, whose seed makes its augmentations the same on any number of workers.
    """

    def __init__(
        self, triplets: Sequence[tuple[Path, Path, Path]], squares: Squares, augmentations: Sequence[str]
    ) -> None:
        self.triplets = triplets
        self.squares = squares
        self.augment = Augmentation(augmentations)

    def __len__(self) -> int:
        return len(self.triplets)

    def __getitem__(self, draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng(draw.seed)
        anchor, positive, negative = (self._image(path, rng) for path in self.triplets[draw.item])
        return anchor, positive, negative

    def _image(self, path: Path, rng: np.random.Generator) -> torch.Tensor:
        pixels: NDArray[np.uint8] = self.augment(self.squares[path], rng)
        image = np.empty((3, *pixels.shape[:2]), np.uint8)
        cv2.split(pixels, list(image))  # writes the channels there, twice as fast as a transposed copy
        return torch.from_numpy(image)


def gather_triplets(collections: Sequence[Collection], part: Part, given: pd.DataFrame | None) -> TripletPaths:
    """The triplets of a part over all collections, or the `given` table over the only one.

    Raises `UserError` for a part without triplets, and for triplets whose paintings the collection lacks.
    """
    paths: list[tuple[Path, Path, Path]] = []
    artists: dict[Path, str] = {}
    for collection in collections:
        table = collection.triplets(part) if given is None else given
        owners = {work.file: work.artist for work in collection.works("all")}
        named = set(table.to_numpy().ravel())
        missing = sorted(named - set(owners))
        if missing:
            raise UserError(
                f"{len(missing):,} of the {len(named):,} paintings in the {part} triplets are not in "
                f"{collection.folder} (the first: {missing[0]}); prepare it from the same originals."
            )
        frames = {file: collection.frame_path(file) for file in named}
        paths += [(frames[a], frames[p], frames[n]) for a, p, n in table.to_numpy()]
        artists |= {frames[file]: owners[file] for file in named}
    if not paths:
        raise UserError(
            f"there are no {part} triplets in {', '.join(str(c.folder) for c in collections)}: they need 2 {part} "
            "artists, one with at least 2 works. Prepare more artists (or another --test-share or --validation-share)."
        )
    return TripletPaths(paths, artists)


def gather_works(collections: Sequence[Collection], apart: TripletPaths) -> list[dict[str, list[Path]]]:
    """Every collection's training works by artist, as frame paths, without the artists kept `apart` for validation.

    An artist of several collections has all works where the name comes first.
    An artist who is to be tested in one of the collections is not trained on in another. Only artists with two works
    or more count. Raises `UserError` where fewer than two such artists are left.
    """
    kept_apart = set(apart.owners.values())
    kept_apart.update(work.artist for collection in collections for work in collection.works("test"))
    works: list[dict[str, list[Path]]] = [{} for _ in collections]
    for own, collection in zip(works, collections, strict=True):
        for work in collection.works("train"):
            if work.artist not in kept_apart:
                home = next((one for one in works if work.artist in one), own)
                home.setdefault(work.artist, []).append(collection.frame_path(work.file))
    works = [{artist: paths for artist, paths in own.items() if len(paths) > 1} for own in works]
    works = [own for own in works if own]
    count = sum(map(len, works))
    if count < 2:
        raise UserError(
            f"{', '.join(str(c.folder) for c in collections)}: there are {count} training artists with at least 2 "
            "works, and 2 are needed. Prepare more artists (or another --test-share or --validation-share)."
        )
    return works
