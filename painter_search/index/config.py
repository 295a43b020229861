"""Settings of `build-index` and its sub-commands, and the filter that narrows an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Annotated, Literal

import tyro

from painter_search.collection.layouts.layout import check_layout
from painter_search.collection.tables.kinds import is_table
from painter_search.common.command_line.flag_types import IfAny, IfGiven, check_choices, whole_number
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import Location, as_locations, as_paths, local_path, parse_location, writable_path
from painter_search.encoder.config import LOCAL_RAY
from painter_search.images.photographs.crop import parse_crop
from painter_search.images.picture_size import check_picture_size
from painter_search.index.vector_store.faiss_plan import parse_memory


@dataclass(frozen=True)
class WorkFilter:
    """Narrows an index to the works that meet every condition.

    Args:
        where: An SQL expression over the columns of a work, in SQLite's dialect: `style = 'Impressionism'`.
        exclude_artists: Artists whose works are left out; one name, or several.
        before: Keep works of which every possible year is earlier: 1880-1885 and "1880s" for 1890, "19th century"
            (1800 to 1899) only for 1900 and later; works without a readable year are left out.
        since: Keep works of which every possible year is this one or later; works without a readable year are left out.
        artists: Keep the works of these artists; one name, or several. Empty for all artists.
        style: Keep works of this style.

    Example:
        >>> str(WorkFilter(where="genre = 'portrait'", exclude_artists="Claude Monet", before=1900))
        "where genre = 'portrait', without Claude Monet, before 1900"
    """

    where: IfGiven[str] = None
    exclude_artists: tuple[str, ...] = ()
    before: IfGiven[int] = None
    since: IfGiven[int] = None
    artists: tuple[str, ...] = ()
    style: IfGiven[str] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "exclude_artists", as_names(self.exclude_artists))
        object.__setattr__(self, "artists", as_names(self.artists))
        for name in ("where", "style"):
            text = getattr(self, name)
            if not isinstance(text, str | None):
                raise InvalidValueError(f"--{name} is {text!r}; it must be a text.")
            check_text(text or "")
        for name in ("before", "since"):
            year = getattr(self, name)
            object.__setattr__(self, name, None if year is None else whole_number(name, year))

    def __str__(self) -> str:
        """The conditions in words."""
        parts = [f"where {self.where}"] if self.where is not None else []
        parts += [f"by {' or '.join(self.artists)}"] if self.artists else []
        parts += [f"of the style {self.style}"] if self.style is not None else []
        parts += [f"without {artist}" for artist in self.exclude_artists]
        parts += [f"before {self.before}"] if self.before is not None else []
        parts += [f"since {self.since}"] if self.since is not None else []
        return ", ".join(parts)


DEFAULT_INDEX = Path("index")
RayAddress = Annotated[
    str | None,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="[ADDRESS]",
        instance_from_str=lambda words: " ".join(words) or LOCAL_RAY,
        is_instance=lambda value: value is None or isinstance(value, str),
        str_from_instance=lambda value: [] if value is None else [value],
    ),
    tyro.conf.arg(help_behavior_hint=""),
]
"""A flag that may be followed by an address."""


@dataclass(frozen=True)
class BuildIndexConfig:
    """Embed paintings and store them as an index: the test artists of a collection, or all of a --folder.

    The sub-commands `build-index add` and `build-index remove` change the current index, and `build-index list` lists
    its works; each has --help.
    """

    data: tuple[Path, ...] = (Path("data"),)
    """Prepared collections to index."""

    folder: IfGiven[Path] = None
    """Instead of a collection: a folder or zip archive with one sub-folder per artist, or in another layout. All its
    works by named artists are indexed."""

    layout: IfGiven[str] = None
    """With --folder: what its levels mean, such as artist or any/artist; see `prepare --help`. Default: recognised and
    shown."""

    keep_uncertain: bool = False
    """With --folder or --embeddings: also index works that are not by one named artist: Unknown, workshop of Rembrandt,
    Rubens; Snyders."""

    picture_size: IfGiven[int] = None
    """Long side in pixels of the pictures that pages show. More than 512, such as 1600, keeps larger ones beside the
    thumbnails for zooming. With --data at most as prepared. Default: as prepared; 512 with --folder."""

    embeddings: IfAny[Path] = ()
    """Instead of a collection: embeddings made elsewhere, of any width. A Parquet file with a column of vectors,
    artists, titles, files or pictures; or an .npy file and a table of its rows. Works of the index can then be queried
    (query '#17'); for new pictures give as --encoder the model that made the embeddings, or its ONNX file."""

    originals: IfGiven[Path] = None
    """With --embeddings: the folder that the table's paths of pictures begin in. Default: the table's own folder."""

    split: Literal["test", "train", "all"] = "test"
    """Which part of the collections to index."""

    encoder: IfGiven[str] = None
    """A run or its checkpoint, an encoder's folder, hf-hub:OWNER/NAME for one on the Hugging Face hub, painter for the
    packaged one, or imagenet for a backbone without training. Default: the newest finished run;
    painter where there is none."""

    backbone: str = "resnet34"
    """The backbone of --encoder imagenet; see `python -m painter_search.train --help`."""

    runs: Path = Path("runs")
    """The folder with the newest run."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes to write to."""

    exact: bool = False
    """Search exactly at any size. By default an index of more than 50,000 works is approximate."""

    memory: str = "8GB"
    """Memory that the embeddings may take in a search. If they need more, they are compressed:
    to 8 bits per dimension, then by product quantisation."""

    recall: float = 0.95
    """Recall@10 that an approximate index must reach: the share of the ten nearest works that it finds.
    A higher recall makes queries slower."""

    vector_store: IfGiven[str] = None
    """Store the embeddings in Milvus: the address of a server (http://host:19530, its token in MILVUS_TOKEN) or a local
    file that ends in .db. Needs painter-search[milvus]."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Device that embeds. auto: CUDA if available, else Apple's GPU, else the CPU."""

    ray: RayAddress = None
    """Embed on Ray workers: of this machine, or of the cluster at ADDRESS (host:6379, or auto on one of its
    machines). All machines of a cluster must see the collection and --index at the same paths, in a shared folder.
    Needs painter-search[ray]."""

    workers: int = 0
    """With --ray: number of workers, each with an encoder and one core (or one GPU). 0: as many as the cluster has."""

    shards: IfGiven[str] = None
    """Where to store the embeddings as Parquet files of (id, embedding, work). A folder, or a URL such as
    s3://bucket/shards. Default: in --index, removed when the index is built."""

    def __post_init__(self) -> None:
        check_choices(self)
        object.__setattr__(self, "data", as_paths(self.data, "--data"))
        object.__setattr__(self, "embeddings", as_paths(self.embeddings, "--embeddings"))
        object.__setattr__(self, "runs", local_path(self.runs, "--runs"))
        for name in ("originals", "folder"):
            path = getattr(self, name)
            object.__setattr__(self, name, None if path is None else local_path(path, f"--{name}"))
        object.__setattr__(self, "index", writable_path(self.index, "--index"))
        if self.layout is not None:
            check_layout(self.layout)
            if self.folder is None:
                raise InvalidValueError("--layout applies to --folder; add --folder, or leave out --layout.")
        parse_memory(self.memory)
        if not 0 < self.recall <= 1:
            raise InvalidValueError(f"--recall is {self.recall}; it must lie above 0 and be at most 1.")
        if self.vector_store is not None and self.exact:
            raise InvalidValueError("--exact applies to vectors in the index's folder; leave out --vector-store.")
        if self.workers < 0:
            raise InvalidValueError(f"--workers is {self.workers}; it must be at least 0 (as many as there are).")
        if self.keep_uncertain and self.folder is None and not self.embeddings:
            raise InvalidValueError("--keep-uncertain applies to --folder; for a collection, give it to prepare.")
        if self.embeddings and (self.folder is not None or self.ray is not None or self.shards is not None):
            raise InvalidValueError("--embeddings are complete; leave out --folder, --ray and --shards.")
        for flag, source in (("--folder", self.folder), ("--embeddings", self.embeddings or None)):
            if source is not None and self.data != BuildIndexConfig.data:
                raise InvalidValueError(f"{flag} and --data are two sources; leave one of them out.")
            if source is not None and self.split != BuildIndexConfig.split:
                raise InvalidValueError(f"--split applies to --data; with {flag} all works are indexed: leave it out.")
        if self.backbone != BuildIndexConfig.backbone and self.encoder != "imagenet":
            raise InvalidValueError("--backbone applies to --encoder imagenet; add that, or leave out --backbone.")
        if self.originals is not None and not self.embeddings:
            raise InvalidValueError("--originals applies to --embeddings; leave it out.")
        if self.picture_size is not None:
            check_picture_size(self.picture_size)
            if self.embeddings:
                raise InvalidValueError("--picture-size applies to --folder and --data; leave it out, or --embeddings.")
        if self.workers and self.ray is None:
            raise InvalidValueError("--workers applies to --ray; add --ray, or leave out --workers.")


@dataclass(frozen=True)
class AddConfig:
    """Add paintings to the current index. They alone are reduced and embedded, as the index's own works were."""

    source: tyro.conf.Positional[IfAny[Location]]
    """Pictures, folders and zip archives of them, or URLs of these, all by --artist or with one sub-folder per artist;
    a catalogue (.csv, .xlsx, …) with --originals; or a prepared collection."""

    artist: IfGiven[str] = None
    """The artist of all the paintings."""

    originals: IfAny[Location] = ()
    """With a catalogue: the folders, zip archives or URLs that hold its images."""

    layout: IfGiven[str] = None
    """What the levels of a folder mean, such as artist or any/artist; see `prepare --help`. Default: recognised and
    shown."""
    keep_uncertain: bool = False
    """Also add works that are not by one named artist: Unknown, workshop of Rembrandt, Rubens; Snyders."""

    crop: str = "auto"
    """Part of a photograph to add. auto: the painting, without wall and frame, where one is detected with confidence;
    plain reproductions stay whole. none: all of it. x,y,w,h: a rectangle, as fractions of the photograph (or in pixels
    if a number is above 1); x,y,w,h,1 also turns it clockwise, 2 upside down."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", as_locations(self.source))
        object.__setattr__(self, "originals", as_locations(self.originals))
        object.__setattr__(self, "index", writable_path(self.index, "--index"))
        check_artist(self.artist)
        parse_crop(self.crop)
        if self.layout is not None:
            check_layout(self.layout)
            if self.artist is not None or self.originals:
                raise InvalidValueError(
                    "--layout tells the artists in a folder; leave it out, or --artist and --originals."
                )
        if not self.source:
            raise InvalidValueError("name what to add: `build-index add painting.jpg --artist NAME`.")
        check_added_sources(self.source, self.artist, self.originals)


@dataclass(frozen=True)
class RemoveConfig:
    """Remove works from the current index. The version before stays in its folder until you delete it."""

    works: tyro.conf.Positional[IfAny[str]]
    """Works by id (see `build-index list --artist NAME`), or artists by name."""

    index: Path = DEFAULT_INDEX
    """The folder of indexes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "works", as_names(self.works))
        object.__setattr__(self, "index", writable_path(self.index, "--index"))
        check_removed(self.works)


@dataclass(frozen=True)
class ListConfig:
    """List the artists of an index and how many works it has of each, or one artist's works with their ids."""

    artist: IfGiven[str] = None
    """List the works of this artist."""

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index; or the URL of either, such as s3://bucket/index."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", parse_location(self.index))
        check_artist(self.artist)


def as_names(values: str | float | Iterable[str | float]) -> tuple[str, ...]:
    """Names or ids, one or several, as strings: `12`, `"12"`, `["12"]` and a table's `[12.0]` all become `("12",)`.

    Raises `InvalidValueError` for what is neither, and for a name that no text can have.
    """
    if not isinstance(values, str | Real | Iterable):
        raise InvalidValueError(f"{values!r} is no name; give a name, or several.")
    names = tuple(map(_as_name, [values] if isinstance(values, str | Real) else values))
    for name in names:
        check_text(name)
    return names


def _as_name(value: str | float) -> str:
    return str(int(value)) if isinstance(value, Real) and float(value).is_integer() else str(value)


def check_added_sources(sources: Sequence[Location], artist: str | None, originals: Sequence[Location]) -> None:
    """Raise `InvalidValueError` if catalogues, artist and originals do not go together."""
    catalogue = next((source for source in sources if isinstance(source, Path) and is_table(source)), None)
    if catalogue is None and originals:
        raise InvalidValueError(f"--originals applies to a catalogue (.csv), and {sources[0]} is none.")
    if catalogue is None:
        return
    if not originals:
        raise InvalidValueError(f"{catalogue} needs --originals, the folder or zip archive that holds its images.")
    if len(sources) > 1:
        raise InvalidValueError(f"{catalogue} is a catalogue; add it alone.")
    if artist is not None:
        raise InvalidValueError(f"{catalogue} names the artists itself; leave out --artist.")


def check_removed(works: Sequence[str]) -> None:
    """Raise `InvalidValueError` where there is nothing to remove."""
    if not works:
        raise InvalidValueError("name the works to remove by id, or by artist: `build-index remove 17`.")


def check_artist(artist: str | None) -> None:
    """Raises `InvalidValueError` for an empty name, and for one that no text can have."""
    if artist is not None and not artist.strip():
        raise InvalidValueError("--artist is empty; give the artist's name.")
    check_text(artist or "")


def check_false_names(per_cent: float) -> None:
    """Raises `InvalidValueError` for what is not a share of works in per cent: 0 and less, 100 and more."""
    if not 0 < per_cent < 100:
        raise InvalidValueError(f"--false-names is {per_cent}; it must be more than 0 and below 100 (per cent).")


def check_text(text: str) -> None:
    """Raises `InvalidValueError` for lone surrogates, which Python makes of bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(f"{text!a} is not text in UTF-8; write it again in that encoding.") from None
