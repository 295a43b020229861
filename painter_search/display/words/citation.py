"""What an answer rests on, so that it can be cited, checked and reproduced."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from painter_search.common.version import __version__
from painter_search.index.painting_index import PaintingIndex

UNCALIBRATED = (
    "This index's encoder has no calibration, so that no answer says how sure it is; that of "
    "build-index --encoder painter has one."
)

BIBTEX_SPECIAL = re.compile(r"([&%$#_{}])")


def citation(index: PaintingIndex) -> dict[str, Any]:
    """The version, the date, the digests of index and encoder, and the corpus, as plain values without local paths."""
    manifest = index.manifest
    return {
        "painter_search": __version__,
        "date": date.today().isoformat(),
        "index": index.digest,
        "encoder": {"sha256": index.encoder_digest, "backbone": manifest.encoder.backbone},
        "corpus": {"works": manifest.works, "artists": manifest.artists, "collections": list(manifest.collections)},
        "calibrated": index.confidence is not None,
    }


def citation_line(index: PaintingIndex) -> str:
    """The citation as a sentence."""
    manifest, digest = index.manifest, index.encoder_digest
    encoder = f"encoder {digest[:16]} ({manifest.encoder.backbone})" if digest else "embeddings made elsewhere"
    return (
        f"painter_search {__version__}, {date.today().isoformat()}: index {index.digest}, {manifest.works:,} works "
        f"by {manifest.artists:,} artists ({', '.join(manifest.collections)}); {encoder}."
    )


def bibtex_entry(key: str, **fields: str) -> str:
    """A BibTeX entry of the given fields, whose texts are escaped; `key` is what tells it from others."""
    escaped = {name: BIBTEX_SPECIAL.sub(r"\\\1", text) for name, text in fields.items()}
    lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in escaped.items())
    return f"@misc{{painter_search-{key},\n{lines}\n}}"
