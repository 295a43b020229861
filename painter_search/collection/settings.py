"""What `prepare` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from painter_search.errors import UserError
from painter_search.places import Place, place_of

Framing = Literal["whole", "center"]


@dataclass(frozen=True)
class PrepareConfig:
    """Turn originals and a catalogue into a clean collection in which no artist is in both train and test.

    With neither --info nor --folder the built-in sample is prepared.
    """

    info: tuple[Path, ...] = ()
    """Catalogue CSV files in Kaggle's columns (all_data_info.csv). Needed: artist and new_filename."""

    originals: tuple[Place, ...] = ()
    """Folders and zip archives that hold the originals, or the URLs of some (s3://bucket/scans,
    s3://bucket/scans.zip); archives are read as they are, never unpacked."""

    folder: Path | None = None
    """Instead of a catalogue: a folder with one sub-folder per artist."""

    out: Path = Path("data")
    """Where the collection is written."""

    name: str | None = None
    """The collection's name, which becomes part of every work's id. Default: the catalogue's folder."""

    framing: Framing = "whole"
    """What is kept of a painting. whole: all of it, short side reduced to 448 px, never enlarged.
    center: the report's central 224 x 224 px at the original resolution."""

    max_works: int | Literal["all"] | None = None
    """At most this many works an artist in the clean parts. Default: 8 (all with --test-share 1)."""

    capped_only: bool = False
    """Leave out the training works beyond --max-works (df_train_all.csv and their frames)."""

    test_share: float = 0.4
    """Share of the artists that become test artists, where the catalogue does not say (--folder).
    1 makes a collection only to index and to score."""

    validation_share: float = 0.2
    """Share of the training artists that become validation artists."""

    test_triplets: float | None = None
    """Share of the test triplets that is kept. Default: the report's 0.42 (1 with --folder)."""

    random_state: int = 42
    """Seed of every draw."""

    workers: int = 0
    """Processes that frame paintings. 0: one per core.
    1: none, so that an image that crashes a decoder ends the run."""

    replace: bool = False
    """Replace a collection that was prepared with other settings."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "originals", tuple(map(place_of, self.originals)))
        if self.folder is not None and (self.info or self.originals):
            raise UserError("--folder needs no catalogue: give either --folder or --info with --originals.")
        if bool(self.info) != bool(self.originals):
            missing = "--originals" if self.info else "--info"
            raise UserError(f"--info and --originals belong together: {missing} is missing.")
        if self.workers < 0:
            raise UserError(f"--workers is {self.workers}; it must be at least 0 (one per core).")
        if not 0 <= self.random_state < 2**32:
            raise UserError(f"--random-state is {self.random_state}; it must lie between 0 and {2**32 - 1:,}.")
        if not 0 < self.test_share <= 1:
            raise UserError(f"--test-share is {self.test_share}; it must be above 0 and at most 1.")
        if not 0 < self.validation_share < 1:
            raise UserError(f"--validation-share is {self.validation_share}; it must lie between 0 and 1.")
        if self.test_triplets is not None and not 0 < self.test_triplets <= 1:
            raise UserError(f"--test-triplets is {self.test_triplets}; it must be above 0 and at most 1.")
        if isinstance(self.max_works, int) and self.max_works < 2:
            raise UserError(f"--max-works is {self.max_works}; an artist needs at least 2 works for a pair.")

    @property
    def is_sample(self) -> bool:
        """Whether the built-in sample is prepared: neither a catalogue nor a folder was given."""
        return not self.info and self.folder is None

    @property
    def only_test(self) -> bool:
        """Whether everything goes to the test part (`--folder` with `--test-share 1`)."""
        return self.folder is not None and self.test_share == 1

    @property
    def works_cap(self) -> int | None:
        """The most works an artist keeps; None for no limit."""
        if self.max_works == "all" or (self.max_works is None and self.only_test):
            return None
        return 8 if self.max_works is None else int(self.max_works)

    @property
    def kept_test_triplets(self) -> float:
        """Share of the test triplets that is kept."""
        if self.test_triplets is not None:
            return self.test_triplets
        return 0.42 if self.folder is None else 1.0
