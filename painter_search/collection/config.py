"""Settings of `prepare`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from painter_search.collection.layouts.layout import check_layout
from painter_search.common.command_line.flag_types import IfAny, IfGiven, check_choices
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import Location, as_locations, as_paths, check_named, local_path, writable_path
from painter_search.images.picture_size import THUMBNAIL_SIDE, check_picture_size
from painter_search.images.types import Framing


@dataclass(frozen=True)
class PrepareConfig:
    """Turn originals and a catalogue into a clean collection in which no artist is in both train and test.

    With none of --catalogue, --folder and --from-hub the built-in sample is prepared.

    Example:
        >>> from painter_search import PrepareConfig
        >>> config = PrepareConfig(folder="scans", test_share=1)  # one sub-folder per artist, only to index and score
        >>> config.only_test
        True
    """

    catalogue: IfAny[Path] = field(default=(), metadata={"stored": "info"})
    """Catalogues with a row per work: CSV of any kind, .xlsx or .ods (needs painter-search[tables]), .jsonl, .json or
    .parquet. Required: a column of artists and one of file names, under these or other usual names."""

    originals: IfAny[Location] = ()
    """Folders and zip archives with the originals, or URLs of some (s3://bucket/scans, s3://bucket/scans.zip).
    Archives are read as they are, never unpacked. Files and rows are matched by the path or by its end; case, the
    encoding of accents and the extension may differ where only one file can be meant."""

    folder: IfGiven[Path] = None
    """A folder or zip archive whose paths name the artists, instead of a catalogue: one sub-folder per artist, or
    another layout."""

    layout: IfGiven[str] = None
    """With --folder: what its levels mean, from the top, such as artist, any/artist, style/artist, part/artist (train/,
    test/). Files that are named after artists: artist_number, artist-title, title-artist, artist_title-year (WikiArt).
    Default: recognised and shown."""

    from_hub: IfGiven[str] = None
    """A data set of pictures with a column of artists, instead of a catalogue: OWNER/NAME on the Hugging Face hub such
    as huggan/wikiart (needs painter-search[hub]), or a folder with one: a clone, its Parquet files, or what datasets
    has saved. Pictures are read from it as it is, never unpacked."""

    out: Path = Path("data")
    """Folder to write the collection to."""

    name: IfGiven[str] = None
    """Name of the collection, the first part of each work's name: collection/file. Default: the name of --folder, of
    --from-hub, or of the catalogue's folder."""

    framing: Framing = "whole"
    """Part of each painting to keep. whole: all of it, short side reduced to 448 px, never enlarged.
    center: the central 224 x 224 px at the original resolution, as in the report."""

    picture_size: int = THUMBNAIL_SIDE
    """Long side in pixels of the pictures that pages show, where the originals have as many. More than 512, such as
    1600, keeps a second, larger picture of every painting for zooming."""

    max_works: IfGiven[int | Literal["all"]] = None
    """At most this many works per artist in the clean parts. Default: 8 (all with --test-share 1)."""

    capped_only: bool = False
    """Leave out the training works beyond --max-works (df_train_all.csv and their frames)."""

    test_share: float = 0.4
    """Share of the artists that become test artists, unless a column in_train or folders train and test divide them.
    1 overrides both: a collection for indexing and scoring only."""

    validation_share: float = 0.2
    """Share of the training artists that become validation artists."""

    test_triplets: IfGiven[float] = None
    """Share of the test triplets that is kept. Default: 0.42, as in the report (1 with --folder and --from-hub)."""

    keep_uncertain: bool = False
    """Keep works that are not by one named artist: Unknown, Master of Flémalle, workshop of Rembrandt, Rubens; Snyders.
    Each such name then counts as an artist, on the same side of every split as the artists that it names."""

    random_state: int = 42
    """Seed of every random draw."""

    workers: int = 0
    """Processes that read and reduce images. 0: one per core. 1: no further process, so that an image that crashes the
    decoder ends the run."""

    replace: bool = False
    """Replace a collection that was prepared with other settings, or from files more of which can now be read."""

    def __post_init__(self) -> None:
        check_choices(self)
        # From Python, strings are paths, and a single path stands for a sequence of one.
        object.__setattr__(self, "catalogue", as_paths(self.catalogue, "--catalogue"))
        object.__setattr__(self, "originals", as_locations(self.originals))
        object.__setattr__(self, "folder", None if self.folder is None else local_path(self.folder, "--folder"))
        object.__setattr__(self, "out", writable_path(self.out, "--out"))
        if self.from_hub is not None:
            check_named(self.from_hub)
        if self.folder is not None and (self.catalogue or self.originals):
            raise InvalidValueError(
                "--folder needs no catalogue: give either --folder or --catalogue with --originals."
            )
        if self.layout is not None:
            check_layout(self.layout)
            if self.folder is None:
                raise InvalidValueError("--layout applies to --folder; add --folder, or leave out --layout.")
        if self.from_hub is not None and (self.folder is not None or self.catalogue or self.originals):
            raise InvalidValueError("--from-hub needs no other input: leave out --folder, --catalogue and --originals.")
        if bool(self.catalogue) != bool(self.originals):
            missing = "--originals" if self.catalogue else "--catalogue"
            raise InvalidValueError(f"--catalogue and --originals belong together: {missing} is missing.")
        if self.workers < 0:
            raise InvalidValueError(f"--workers is {self.workers}; it must be at least 0 (one per core).")
        if not 0 <= self.random_state < 2**32:
            raise InvalidValueError(f"--random-state is {self.random_state}; it must lie between 0 and {2**32 - 1:,}.")
        if not 0 < self.test_share <= 1:
            raise InvalidValueError(f"--test-share is {self.test_share}; it must be above 0 and at most 1.")
        if not 0 < self.validation_share < 1:
            raise InvalidValueError(f"--validation-share is {self.validation_share}; it must lie between 0 and 1.")
        check_picture_size(self.picture_size)
        if self.test_triplets is not None and not 0 < self.test_triplets <= 1:
            raise InvalidValueError(f"--test-triplets is {self.test_triplets}; it must be above 0 and at most 1.")
        if isinstance(self.max_works, int) and self.max_works < 2:
            raise InvalidValueError(
                f"--max-works is {self.max_works}; an artist needs at least 2 works to make a pair."
            )

    @property
    def is_sample(self) -> bool:
        """Whether the built-in sample is prepared: no input is named."""
        return not self.catalogue and self.folder is None and self.from_hub is None

    @property
    def only_test(self) -> bool:
        """Whether everything goes to the test part (`--test-share 1`)."""
        return self.test_share == 1

    @property
    def works_cap(self) -> int | None:
        """At most this many works per artist; None for no limit."""
        if self.max_works == "all" or (self.max_works is None and self.only_test):
            return None
        return 8 if self.max_works is None else int(self.max_works)

    @property
    def kept_test_triplets(self) -> float:
        """Share of the test triplets that is kept."""
        if self.test_triplets is not None:
            return self.test_triplets
        return 0.42 if self.folder is None and self.from_hub is None else 1.0
