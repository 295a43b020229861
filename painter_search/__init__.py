"""Whose hand painted this? Find a painting's nearest artists.

Originals become a clean collection, a collection trains an encoder, an encoder fills an index, and an index answers:

    prepare_collection(PrepareConfig(...)) -> Collection
    train_encoder(TrainConfig(...)) -> Run
    PaintingIndex.build(IndexConfig(...)), PaintingIndex.load("index")
    attribute(index, ["painting.jpg"]), attribute(index, read_list("list.txt")) -> list of answers
    index.filtered(WorkFilter(before=1900)) -> the same index with fewer works to compare with
    add_paintings("index", "scans", "Berthe Morisot"), remove_works("index", ["17"]) -> Change
    compare_paintings(index, "one.jpg", "other.jpg") -> PairComparison, or GroupComparison where either is a folder
    score_triplets(index, "triplets.csv") -> TripletScore
    measure_trust(index) -> Trust, and write_index_page(index) as a page
    audit_collection(AuditConfig(...)) -> Audit
    draw_map(MapConfig(...)) -> MapFiles

Names are imported when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Attribution": "retrieval.attribution",
    "Audit": "retrieval.audit",
    "AuditConfig": "retrieval.settings",
    "Collection": "collection.collection",
    "GroupComparison": "retrieval.comparison",
    "IndexConfig": "retrieval.settings",
    "MapConfig": "retrieval.settings",
    "PairComparison": "retrieval.comparison",
    "PaintingIndex": "retrieval.painting_index",
    "PrepareConfig": "collection.settings",
    "Run": "training.run",
    "TrainConfig": "training.recipe",
    "Trust": "retrieval.trust",
    "TripletScore": "retrieval.triplet_score",
    "UserError": "errors",
    "WorkFilter": "retrieval.filters",
    "add_paintings": "retrieval.adding",
    "attribute": "retrieval.attribution",
    "audit_collection": "retrieval.audit",
    "draw_map": "display.atlas_page",
    "compare_paintings": "retrieval.comparison",
    "draw_triplets": "collection.triplets",
    "measure_trust": "retrieval.trust",
    "prepare_collection": "collection.preparation",
    "read_list": "retrieval.questions",
    "remove_works": "retrieval.removing",
    "score_triplets": "retrieval.triplet_score",
    "train_encoder": "training.trainer",
    "write_index_page": "display.index_page",
}

__all__ = sorted(_HOMES)

if TYPE_CHECKING:
    from painter_search.collection.collection import Collection as Collection
    from painter_search.collection.preparation import prepare_collection as prepare_collection
    from painter_search.collection.settings import PrepareConfig as PrepareConfig
    from painter_search.collection.triplets import draw_triplets as draw_triplets
    from painter_search.display.atlas_page import draw_map as draw_map
    from painter_search.display.index_page import write_index_page as write_index_page
    from painter_search.errors import UserError as UserError
    from painter_search.retrieval.adding import add_paintings as add_paintings
    from painter_search.retrieval.attribution import Attribution as Attribution
    from painter_search.retrieval.attribution import attribute as attribute
    from painter_search.retrieval.audit import Audit as Audit
    from painter_search.retrieval.audit import audit_collection as audit_collection
    from painter_search.retrieval.comparison import GroupComparison as GroupComparison
    from painter_search.retrieval.comparison import PairComparison as PairComparison
    from painter_search.retrieval.comparison import compare_paintings as compare_paintings
    from painter_search.retrieval.filters import WorkFilter as WorkFilter
    from painter_search.retrieval.painting_index import PaintingIndex as PaintingIndex
    from painter_search.retrieval.questions import read_list as read_list
    from painter_search.retrieval.removing import remove_works as remove_works
    from painter_search.retrieval.settings import AuditConfig as AuditConfig
    from painter_search.retrieval.settings import IndexConfig as IndexConfig
    from painter_search.retrieval.settings import MapConfig as MapConfig
    from painter_search.retrieval.triplet_score import TripletScore as TripletScore
    from painter_search.retrieval.triplet_score import score_triplets as score_triplets
    from painter_search.retrieval.trust import Trust as Trust
    from painter_search.retrieval.trust import measure_trust as measure_trust
    from painter_search.training.recipe import TrainConfig as TrainConfig
    from painter_search.training.run import Run as Run
    from painter_search.training.trainer import train_encoder as train_encoder


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'painter_search' has no attribute {name!r}")
    return getattr(import_module(f"painter_search.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
