"""How far an index's answers can be trusted: in words, as rows of a table, and as a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from painter_search.display.tables import interval, percent

if TYPE_CHECKING:
    from painter_search.retrieval.painting_index import PaintingIndex
    from painter_search.retrieval.trust import Trust
    from painter_search.scores.calibration import Reliability

NOTHING = "Too few artists with several works to measure how sure its answers are."
PROVENANCE = {
    "test": "The works are the test works of their collection: an encoder trained on that collection was not trained "
    "on them, nor on other works by their artists.",
    "train": "The works are the training works of their collection: an encoder trained on that collection has learned "
    "from them, and the figures flatter it.",
    "all": "The works are all of their collection's, training works among them: an encoder trained on that collection "
    "has learned from some, and the figures flatter it.",
    "folder": "The works are a folder's own. Nothing is known of whether the encoder was trained on works by their "
    "artists; if it was, the figures flatter it.",
}
"""What an index was built from, and what that makes of its figures."""


def provenance(split: str) -> str:
    """Whether works of that part of a collection are ones that the encoder may have been trained on."""
    return PROVENANCE.get(split, PROVENANCE["folder"])


def measured_on(trust: Trust, index: PaintingIndex) -> str:
    """Which works were asked about, and how."""
    works, total = trust.works, index.manifest["works"]
    drawn = f" (whole artists, drawn from its {total:,} works)" if works < total else ""
    asked = "each of which was" if trust.asked == works else f"{trust.asked:,} of which were"
    return (
        f"Measured on {works:,} works by {trust.artists:,} artists{drawn}, {asked} asked about twice: without the "
        "work itself, and without any work by its artist."
    )


def trust_rows(trust: Trust) -> list[tuple[str, str]]:
    """The figures by name."""
    rows = [
        ("nearest work by the same artist (recall@1)", interval(trust.recall_1)),
        ("own artist ranked first", interval(trust.first_artist)),
    ]
    auroc, false_names = f"{trust.nearest.auroc:.3f}", percent(trust.nearest.false_names)
    alone = "by the distance of the nearest work alone"
    if trust.known is None:
        rows.append((f"artist in the index or not, {alone}: AUROC", auroc))
        rows.append((f"false names at 80 % of true ones, {alone}", false_names))
    else:
        rows.append(("artist in the index or not, by probability: AUROC", f"{trust.known.auroc:.3f}"))
        rows.append((f"… {alone}", auroc))
        rows.append(("false names at 80 % of true ones, by probability", percent(trust.known.false_names)))
        rows.append((f"… {alone}", false_names))
    if trust.true_named is not None and trust.false_named is not None:
        rows.append(("with the threshold in use: true names kept", percent(trust.true_named)))
        rows.append(("… and names given to works by artists not in the index", percent(trust.false_named)))
    for name, found in (("one artist painted both", trust.pairs), ("the first artist is the right one", trust.answers)):
        if found is not None:
            brier = f"{found.brier:.3f}, always saying the mean: {found.brier_constant:.3f}"
            rows.append((f"probability that {name}: calibration error, debiased", f"{found.error_debiased:.3f}"))
            rows.append(("… Brier score", brier))
    return rows


def draw_reliability(trust: Trust) -> bytes | None:
    """What probabilities said and what came true, as a PNG file; None without calibration."""
    from painter_search.display.plots import new_figure

    if trust.pairs is None or trust.answers is None:
        return None
    figure, panels = new_figure(1, 2, (8, 4))
    _draw(panels[0], trust.pairs, f"one artist painted both ({trust.pairs.cases:,} pairs)")
    _draw(panels[1], trust.answers, f"the first artist is the right one ({trust.answers.cases:,} answers)")
    content = io.BytesIO()
    figure.savefig(content, dpi=110, format="png")
    return content.getvalue()


def _draw(panel, found: Reliability, title: str) -> None:  # type: ignore[no-untyped-def]
    panel.plot([0, 100], [0, 100], ":", color="#8a8f98", linewidth=1, label="as said")
    said, came = ([100 * share for share in shares] for shares in (found.predicted, found.observed))
    panel.plot(said, came, "o-", color="#1f6f8b", markersize=5, label="came true, tenth by tenth")
    panel.set(xlim=(0, 100), ylim=(0, 100), xlabel="probability, %", ylabel="came true, %", aspect="equal")
    panel.set_title(title, loc="left", fontsize=9)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize=8)
