"""What `build-index`, `eval-triplets`, `query` and `compare` can be told."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

import tyro

from painter_search.errors import UserError
from painter_search.places import Place, place_of
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.search_plan import read_bytes

DEFAULT_INDEX = Path("index")
LOCAL_RAY = "local"
"""What Ray calls one of its own on this machine."""
BUILDING = (
    "data", "folder", "split", "encoder", "backbone", "runs", "exact", "memory", "recall", "vectors_in", "device",
    "ray", "workers", "shards",
)  # fmt: skip
"""Settings that say how an index is built."""
RayAddress = Annotated[
    str | None,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="[ADDRESS]",
        instance_from_str=lambda given: " ".join(given) or LOCAL_RAY,
        is_instance=lambda value: value is None or isinstance(value, str),
        str_from_instance=lambda value: [] if value is None else [value],
    ),
]
"""A flag that may be followed by an address."""
Names = Annotated[tuple[str, ...], tyro.conf.UseAppendAction]
"""A flag that takes one name and can be given several times."""


@dataclass(frozen=True)
class IndexConfig:
    """Embed every painting of a collection once and keep the vectors, the works and the encoder as an index.

    With --add, --remove or --list no index is built: the one in use is changed, or what it holds is listed.
    """

    data: tuple[Path, ...] = (Path("data"),)
    """Prepared collections to index."""

    folder: Path | None = None
    """Instead of a collection: a folder with one sub-folder per artist, every work of which is indexed."""

    split: Literal["test", "train", "all"] = "test"
    """Which part of the collections."""

    encoder: str | None = None
    """A checkpoint (runs/<name>/best.pt), or imagenet for a backbone without training.
    Default: best.pt of the newest finished run."""

    backbone: str = "resnet34"
    """The backbone of --encoder imagenet."""

    runs: Path = Path("runs")
    """Where the newest run is looked for."""

    index: Path = DEFAULT_INDEX
    """Where indexes are kept."""

    exact: bool = False
    """Search exactly at any size. Above 50,000 works an approximate index is built otherwise."""

    memory: str = "8GB"
    """Memory that the vectors may take in a search. More works than fit as they are
    are kept more coarsely."""

    recall: float = 0.95
    """Share of the ten nearest works that an approximate index is to find. More takes more time a query."""

    vectors_in: str | None = None
    """Keep the vectors in Milvus: a server's address (http://host:19530, its token in MILVUS_TOKEN) or a local file
    ending in .db. Needs painter-search[milvus]."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto: CUDA where there is one, else Apple's GPU, else the CPU."""

    ray: RayAddress = None
    """Embed by workers of Ray: of one on this machine, or of the cluster at ADDRESS (host:6379, or auto on one of its
    machines). A cluster's machines need the same collection and --index at the same paths: a folder that they share.
    Needs painter-search[ray]."""

    workers: int = 0
    """With --ray: how many workers, each with an encoder and one core (or one GPU). 0: as many as there are."""

    shards: str | None = None
    """Where the embeddings are written first: Parquet files of (id, embedding, work), kept. A folder, or a URL such as
    s3://bucket/shards. Default: in --index, and removed when the index is built."""

    add: Path | None = None
    """Add paintings to the index: a folder (or zip archive) of images, all by --artist or with one sub-folder per
    artist; a catalogue (.csv) with --originals; or a prepared collection. Only these are embedded."""

    artist: str | None = None
    """With --add: whose paintings they are. With --list: whose works to list."""

    originals: tuple[Place, ...] = ()
    """With --add CATALOGUE.csv: folders and zip archives that hold its images, or the URLs of some."""

    remove: Names = ()
    """Remove a work by its id, or an artist by name; can be given again for others."""

    list: bool = False
    """List the artists of the index and how many works it has of each; with --artist, the artist's works and ids."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "originals", tuple(map(place_of, self.originals)))
        ways = [f"--{name}" for name in ("add", "remove", "list") if getattr(self, name)]
        if len(ways) > 1:
            raise UserError(f"{ways[0]} and {ways[1]} do not go together; run one after the other.")
        way = ways[0] if ways else ""
        if self.artist is not None and way not in ("--add", "--list"):
            raise UserError("--artist belongs to --add or --list.")
        if self.artist is not None and not self.artist.strip():
            raise UserError("--artist is empty; give the artist's name.")
        if self.originals and way != "--add":
            raise UserError("--originals belongs to --add CATALOGUE.csv.")
        read_bytes(self.memory)
        if not 0 < self.recall <= 1:
            raise UserError(f"--recall is {self.recall}; it must lie above 0 and be at most 1.")
        if self.vectors_in is not None and self.exact:
            raise UserError("--exact is about vectors in the index's folder; leave out --vectors-in.")
        if self.workers < 0:
            raise UserError(f"--workers is {self.workers}; it must be at least 0 (as many as there are).")
        if self.workers and self.ray is None:
            raise UserError("--workers belongs to --ray.")
        if self.add is not None:
            self._check_addition(self.add)
        defaults = {field.name: field.default for field in fields(self)}
        for name in BUILDING:
            if way and getattr(self, name) != defaults[name]:
                flag = f"--{name.replace('_', '-')}"
                raise UserError(f"{flag} says how an index is built; {way} takes the one in use as it is.")

    def _check_addition(self, add: Path) -> None:
        catalogue = add.suffix.lower() == ".csv"
        if catalogue and not self.originals:
            raise UserError(f"--add {add} needs --originals, the folder or zip archive that holds its images.")
        if catalogue and self.artist is not None:
            raise UserError(f"--add {add} names the artists itself; leave out --artist.")
        if self.originals and not catalogue:
            raise UserError(f"--originals belongs to a catalogue (.csv), and --add {add} is none.")


@dataclass(frozen=True)
class ScoreConfig:
    """Score a triplet file from the stored vectors of an index; no image is opened."""

    triplets: Path = Path("data/test_triplets_with_labels.csv")
    """A CSV file with the columns anchor, positive, negative: file names of works in the index."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index."""

    baseline: Path | None = None
    """Another index of the same works (untrained, say) to score beside it, with the paired difference."""

    skip_missing: bool = False
    """Score without the triplets whose paintings are not in the index, and say how many."""


@dataclass(frozen=True)
class QueryConfig:
    """Find the artists nearest in style to a painting, and the works that speak for each."""

    paintings: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Image files, or folders of them."""

    listed: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A text file that names further ones, one path a line: absolute, or relative to the list's folder. Blank lines
    and lines that begin with # are passed over."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index."""

    top: int = 5
    """How many artists to name."""

    works: int = 3
    """How many works to show for each."""

    where: str | None = None
    """Compare with some works only: an SQL expression over the columns collection, file, artist, title, date, style
    and genre, such as "style = 'Impressionism'"."""

    exclude_artist: Names = ()
    """Leave out the works of this artist; can be given again for others."""

    before: int | None = None
    """Compare with works of earlier years only. Works without a readable year are left out, and counted."""

    since: int | None = None
    """Compare with works of this year and later ones only, likewise."""

    page: Path | None = None
    """Write a page of the answers, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        if not self.paintings and self.listed is None:
            raise UserError("give at least one painting: python -m painter_search.query painting.jpg")
        _check_page(self.page)
        for flag, value in (("top", self.top), ("works", self.works)):
            if value < 1:
                raise UserError(f"--{flag} is {value}; it must be at least 1.")

    @property
    def filter(self) -> WorkFilter | None:
        """Which works to compare with; None for all of them."""
        chosen = WorkFilter(self.where, self.exclude_artist, self.before, self.since)
        return None if chosen == WorkFilter() else chosen


@dataclass(frozen=True)
class AuditConfig:
    """Look for what may be wrong with a collection: repeated pictures, names spelled twice, doubtful artists."""

    data: tuple[Path, ...] = ()
    """Prepared collections to audit. Default: data, where it holds one; else the works of the index."""

    index: Path | None = None
    """An index whose neighbours are asked: a folder of indexes, or one index.
    Default: index, where it holds one of these collections."""

    page: Path | None = None
    """Write a page of the findings, one HTML file with the pictures side by side."""

    def __post_init__(self) -> None:
        _check_page(self.page)


@dataclass(frozen=True)
class MapConfig:
    """Lay the works of an index out by likeness: a picture, and a page to wander about in."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index. map.png and map.html are written into the folder of indexes."""

    works: int = 5_000
    """At most this many works; of more a sample is drawn, and the page says so."""

    seed: int = 42
    """Seed of the sample and of the layout."""

    def __post_init__(self) -> None:
        if self.works < 2:
            raise UserError(f"--works is {self.works}; a map needs at least 2.")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed is {self.seed}; it must lie between 0 and {2**32 - 1:,}.")


@dataclass(frozen=True)
class CompareConfig:
    """Say how alike two paintings are, or two groups of them: which parts match, and what the distance means."""

    paintings: tyro.conf.Positional[tuple[Path, ...]]
    """Two of them: image files, or groups (folders or zip archives)."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index: its encoder measures, its works say what is near."""

    page: Path | None = None
    """Write a page of the comparison, one HTML file with the pictures in it."""

    def __post_init__(self) -> None:
        if len(self.paintings) != 2:
            raise UserError("give two paintings or folders: python -m painter_search.compare one.jpg other.jpg")
        _check_page(self.page)


def _check_page(page: Path | None) -> None:
    if page is not None and page.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--page {page} is written as HTML; give it a name that ends in .html.")
