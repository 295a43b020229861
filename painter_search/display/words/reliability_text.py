"""How far an index's answers can be trusted, in words and as the rows of a table."""

from __future__ import annotations

from painter_search.analysis.reliability import TRUE_NAMES_KEPT, IndexReliability
from painter_search.display.words.figures import interval, percent
from painter_search.encoder.trained_artists import TrainedShare
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.bootstrap import Estimate

NOT_MEASURED = "Too few artists with several works to measure how sure its answers are."
TOO_FEW = "These are too few works, or by too few artists, to say how many it would be of 100."
PROVENANCE = {
    "test": "The works are the test works of their collection: an encoder trained on that collection was not trained "
    "on them, nor on other works by their artists.",
    "train": "The works are the training works of their collection: an encoder trained on that collection has learned "
    "from them, and the figures flatter it.",
    "all": "The works are all works of their collection, training works among them: an encoder trained on that "
    "collection has learned from some, and the figures flatter it.",
    "folder": "The works come from a folder. Whether the encoder was trained on works by their artists is not known; "
    "if it was, the figures flatter it.",
}
"""What the source of an index's works means for its figures, by the `split` in the manifest, where the artists that the
encoder learned from are not known."""


FITTED = " Probabilities and threshold were fitted to some of these works, which flatters their figures a little."


def provenance(split: str, trained: TrainedShare | None) -> str:
    """Whether the encoder learned from the artists of the works; by their split where its artists are not known."""
    return PROVENANCE.get(split, PROVENANCE["folder"]) if trained is None else learned_from(trained)


def learned_from(trained: TrainedShare, encoder: str = "The encoder") -> str:
    """How many of an index's artists its encoder learned from."""
    if not trained.trained:
        return (
            f"{encoder} was neither trained nor validated on any artist of these names. Other forms of a name, such as "
            "a surname alone, are not recognised."
        )
    return (
        f"{encoder} was trained or validated on {trained.trained:,} of these {trained.artists:,} artists, and the "
        "figures flatter it."
    )


def measured_on(reliability: IndexReliability, index: PaintingIndex) -> str:
    """Which works were queried, and how."""
    works, total = reliability.works, index.manifest.works
    once = f" (each picture of its {total:,} works once)" if works < total else ""
    queried = "each of which was" if reliability.queries == works else f"{reliability.queries:,} of which were"
    fitted = FITTED if index.manifest.encoder_confidence is not None else ""
    return (
        f"Measured on {works:,} works by {reliability.artists:,} artists{once}, {queried} queried twice: without the "
        f"work itself, and without any work by its artist.{fitted}"
    )


def reliability_rows(reliability: IndexReliability) -> list[tuple[str, str]]:
    """The names and figures of the reliability table: shares in percent, or as counts where works are few."""
    queries = reliability.queries
    rows = [
        ("nearest work by the same artist (recall@1)", _share(reliability, reliability.recall_1, queries)),
        ("own artist ranked first", _share(reliability, reliability.first_artist, queries)),
    ]
    auroc = f"{reliability.nearest.auroc:.3f}"
    false_names = _share(reliability, reliability.nearest.false_names, queries)
    by_distance = "by the distance of the nearest work alone"
    at_kept = f"false names at {100 * TRUE_NAMES_KEPT:.0f} % of true ones"
    if reliability.artist_known is None:
        rows.append((f"artist in the index or not, {by_distance}: AUROC", auroc))
        rows.append((f"{at_kept}, {by_distance}", false_names))
    else:
        rows.append(("artist in the index or not, by probability: AUROC", f"{reliability.artist_known.auroc:.3f}"))
        rows.append((f"… {by_distance}", auroc))
        by_probability = _share(reliability, reliability.artist_known.false_names, queries)
        rows.append((f"{at_kept}, by probability", by_probability))
        rows.append((f"… {by_distance}", false_names))
    if reliability.true_named is not None and reliability.false_named is not None:
        kept = _share(reliability, reliability.true_named, reliability.first_artist.value * queries)
        rows.append(("with the threshold in use: true names kept", kept))
        strangers_named = _share(reliability, reliability.false_named, queries)
        rows.append(("… and names given to works by artists not in the index", strangers_named))
    for event, curve in (
        ("one artist painted both", reliability.pairs),
        ("the first artist is the right one", reliability.answers),
    ):
        if curve is not None:
            brier = f"{curve.brier:.3f}, always saying the mean: {curve.brier_constant:.3f}"
            rows.append((f"probability that {event}: calibration error, debiased", f"{curve.error_debiased:.3f}"))
            rows.append(("… Brier score", brier))
    return rows


def _share(reliability: IndexReliability, share: Estimate | float, cases: float) -> str:
    """A share of the cases, with its interval if it has one."""
    if not reliability.enough:
        value = share.value if isinstance(share, Estimate) else share
        return f"{value * cases:,.0f} of {cases:,.0f}"
    return interval(share) if isinstance(share, Estimate) else percent(share)
