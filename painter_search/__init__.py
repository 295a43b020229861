"""Whose hand painted this? Find a painting's nearest artists.

Originals become a clean collection, a collection trains an encoder, an encoder fills an index, and an index answers:

    collection = prepare_collection(PrepareConfig(folder=Path("my-paintings")))
    run = train_encoder(TrainConfig())
    encoder = load_encoder("runs/strong"); encoder.embed("painting.jpg"); encoder.save("my-encoder")
    index = PaintingIndex.build(encoder="runs/strong/best.safetensors"); PaintingIndex.load("index")
    index.search("painting.jpg", k=5); index.add("scans", artist="Berthe Morisot").index; index.remove(17).index
    attribute(index, ["one.jpg", "other.jpg"]), attribute(index, read_list("list.txt")) -> Answers
    index.filtered(WorkFilter(before=1900)) -> the same index with fewer works to compare with
    compare_paintings(index, "one.jpg", "other.jpg") -> PairComparison, or GroupComparison for folders
    score_triplets(index, "triplets.csv"), measure_reliability(index) -> how good, and how sure, it is
    audit_collection(AuditConfig()), draw_map(MapConfig()), export_index(ExportConfig("works.parquet"))

Wherever a list is taken, a single item is, too, and a string is a path. Images are paths, bytes, PIL images or uint8
arrays. Results have `to_dict()`, those that are tables `to_frame()`, and most a notebook view. Errors that a user can
cause are `PainterSearchError`s.

Names are imported when they are first used, so that importing the package costs nothing. In a container with a CPU
quota, `OMP_NUM_THREADS` is set to the quota, unless you have set it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from painter_search.common.command_line.interrupts import exit_on_interrupt
from painter_search.common.machine.cores import limit_library_threads
from painter_search.common.version import __version__ as __version__

exit_on_interrupt()
limit_library_threads()

_MODULES = {
    # Prepare and train
    "collection.config": ("PrepareConfig",),
    "collection.preparation": ("prepare_collection",),
    "collection.collection": ("Collection",),
    "collection.work": ("Work",),
    "collection.triplets": ("draw_triplets",),
    "training.config": ("TrainConfig",),
    "training.trainer": ("train_encoder",),
    "training.run": ("Run",),
    "encoder.encoder": ("Encoder",),
    "encoder.load_encoder": ("load_encoder",),
    # Index
    "index.config": ("BuildIndexConfig", "WorkFilter"),
    "index.listing": ("Listing", "list_works"),
    "index.painting_index": ("PaintingIndex", "IndexUpdate", "add_paintings", "remove_works"),
    "index.works.works_db": ("IndexedWork",),
    # Ask
    "attribution.attribute": ("attribute",),
    "attribution.answers": ("Answers", "ArtistMatch", "Attribution", "FailedQuery", "Neighbour"),
    "attribution.query_inputs": ("QueryInput",),
    "attribution.query_list": ("read_list",),
    # Analyse
    "analysis.comparisons.comparison": ("compare_paintings",),
    "analysis.comparisons.group_comparison": ("GroupComparison",),
    "analysis.comparisons.pair_comparison": ("PairComparison",),
    "analysis.evaluate": ("IndexEvaluation", "TripletScore", "evaluate_index", "score_triplets"),
    "analysis.reliability": ("IndexReliability", "measure_reliability"),
    "analysis.config": ("AuditConfig", "EvaluateConfig", "MapConfig"),
    "analysis.audit": ("Audit", "audit_collection"),
    "analysis.exports.config": ("ExportConfig",),
    "analysis.exports.export": ("Exported", "export_index"),
    "analysis.similar": ("SimilarArtists", "SimilarWorks", "similar_artists", "similar_works"),
    "analysis.projection": ("Projection", "project_index"),
    "display.pages.map_page": ("MapFiles", "draw_map"),
    "encoder.hub.config": ("PushConfig",),
    "display.hub_push": ("Pushed", "push_encoder"),
    "display.pages.index_page": ("write_index_page",),
    # Errors and progress
    "common.errors": (
        "AmbiguousError",
        "BusyError",
        "DamagedFileError",
        "InvalidValueError",
        "MissingPackageError",
        "NotEnoughDataError",
        "NotFoundError",
        "PainterSearchError",
        "UnknownWorkError",
        "UnreachableError",
        "UnreadableImageError",
    ),
    "common.progress": ("NotebookProgress", "ProgressReporter", "set_progress"),
}
"""The public names by the module that defines them."""
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOMES)

if TYPE_CHECKING:
    from painter_search.analysis.audit import Audit as Audit
    from painter_search.analysis.audit import audit_collection as audit_collection
    from painter_search.analysis.comparisons.comparison import compare_paintings as compare_paintings
    from painter_search.analysis.comparisons.group_comparison import GroupComparison as GroupComparison
    from painter_search.analysis.comparisons.pair_comparison import PairComparison as PairComparison
    from painter_search.analysis.config import AuditConfig as AuditConfig
    from painter_search.analysis.config import EvaluateConfig as EvaluateConfig
    from painter_search.analysis.config import MapConfig as MapConfig
    from painter_search.analysis.evaluate import IndexEvaluation as IndexEvaluation
    from painter_search.analysis.evaluate import TripletScore as TripletScore
    from painter_search.analysis.evaluate import evaluate_index as evaluate_index
    from painter_search.analysis.evaluate import score_triplets as score_triplets
    from painter_search.analysis.exports.config import ExportConfig as ExportConfig
    from painter_search.analysis.exports.export import Exported as Exported
    from painter_search.analysis.exports.export import export_index as export_index
    from painter_search.analysis.projection import Projection as Projection
    from painter_search.analysis.projection import project_index as project_index
    from painter_search.analysis.reliability import IndexReliability as IndexReliability
    from painter_search.analysis.reliability import measure_reliability as measure_reliability
    from painter_search.analysis.similar import SimilarArtists as SimilarArtists
    from painter_search.analysis.similar import SimilarWorks as SimilarWorks
    from painter_search.analysis.similar import similar_artists as similar_artists
    from painter_search.analysis.similar import similar_works as similar_works
    from painter_search.attribution.answers import Answers as Answers
    from painter_search.attribution.answers import ArtistMatch as ArtistMatch
    from painter_search.attribution.answers import Attribution as Attribution
    from painter_search.attribution.answers import FailedQuery as FailedQuery
    from painter_search.attribution.answers import Neighbour as Neighbour
    from painter_search.attribution.attribute import attribute as attribute
    from painter_search.attribution.query_inputs import QueryInput as QueryInput
    from painter_search.attribution.query_list import read_list as read_list
    from painter_search.collection.collection import Collection as Collection
    from painter_search.collection.config import PrepareConfig as PrepareConfig
    from painter_search.collection.preparation import prepare_collection as prepare_collection
    from painter_search.collection.triplets import draw_triplets as draw_triplets
    from painter_search.collection.work import Work as Work
    from painter_search.common.errors import AmbiguousError as AmbiguousError
    from painter_search.common.errors import BusyError as BusyError
    from painter_search.common.errors import DamagedFileError as DamagedFileError
    from painter_search.common.errors import InvalidValueError as InvalidValueError
    from painter_search.common.errors import MissingPackageError as MissingPackageError
    from painter_search.common.errors import NotEnoughDataError as NotEnoughDataError
    from painter_search.common.errors import NotFoundError as NotFoundError
    from painter_search.common.errors import PainterSearchError as PainterSearchError
    from painter_search.common.errors import UnknownWorkError as UnknownWorkError
    from painter_search.common.errors import UnreachableError as UnreachableError
    from painter_search.common.errors import UnreadableImageError as UnreadableImageError
    from painter_search.common.progress import NotebookProgress as NotebookProgress
    from painter_search.common.progress import ProgressReporter as ProgressReporter
    from painter_search.common.progress import set_progress as set_progress
    from painter_search.display.hub_push import Pushed as Pushed
    from painter_search.display.hub_push import push_encoder as push_encoder
    from painter_search.display.pages.index_page import write_index_page as write_index_page
    from painter_search.display.pages.map_page import MapFiles as MapFiles
    from painter_search.display.pages.map_page import draw_map as draw_map
    from painter_search.encoder.encoder import Encoder as Encoder
    from painter_search.encoder.hub.config import PushConfig as PushConfig
    from painter_search.encoder.load_encoder import load_encoder as load_encoder
    from painter_search.index.config import BuildIndexConfig as BuildIndexConfig
    from painter_search.index.config import WorkFilter as WorkFilter
    from painter_search.index.listing import Listing as Listing
    from painter_search.index.listing import list_works as list_works
    from painter_search.index.painting_index import IndexUpdate as IndexUpdate
    from painter_search.index.painting_index import PaintingIndex as PaintingIndex
    from painter_search.index.painting_index import add_paintings as add_paintings
    from painter_search.index.painting_index import remove_works as remove_works
    from painter_search.index.works.works_db import IndexedWork as IndexedWork
    from painter_search.training.config import TrainConfig as TrainConfig
    from painter_search.training.run import Run as Run
    from painter_search.training.trainer import train_encoder as train_encoder


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'painter_search' has no attribute {name!r}")
    return getattr(import_module(f"painter_search.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
