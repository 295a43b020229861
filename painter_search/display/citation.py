"""What an answer rests on, so that it can be cited, checked and given again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from painter_search import __version__
from painter_search.retrieval.manifest import ENCODER

if TYPE_CHECKING:
    from painter_search.retrieval.painting_index import PaintingIndex

UNCALIBRATED = "This index's encoder has no calibration, so that no answer says how sure it is."


def citation(index: PaintingIndex) -> dict[str, Any]:
    """Plain values: version, date, the digests of index and encoder, and the corpus. No path of the machine."""
    manifest = index.manifest
    return {
        "painter_search": __version__,
        "date": date.today().isoformat(),
        "index": index.digest,
        "encoder": {"sha256": manifest["files"][ENCODER]["sha256"], "backbone": manifest["encoder"]["backbone"]},
        "corpus": {key: manifest[key] for key in ("works", "artists", "collections")},
        "calibrated": index.confidence is not None,
    }


def citation_line(index: PaintingIndex) -> str:
    """The same in a sentence."""
    found = citation(index)
    corpus = found["corpus"]
    return (
        f"painter_search {found['painter_search']}, {found['date']}: index {found['index']}, {corpus['works']:,} works "
        f"by {corpus['artists']:,} artists ({', '.join(corpus['collections'])}); encoder "
        f"{found['encoder']['sha256'][:16]} ({found['encoder']['backbone']})."
    )
