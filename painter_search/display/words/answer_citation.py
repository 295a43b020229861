"""An answer as a citation and as BibTeX: photograph, probabilities, index and encoder, filter, time."""

from __future__ import annotations

from datetime import datetime

from painter_search.attribution.answers import Attribution
from painter_search.common.version import __version__
from painter_search.display.words.citation import bibtex_entry
from painter_search.display.words.shares import exact_shares
from painter_search.index.painting_index import PaintingIndex


def answer_citation(answer: Attribution, index: PaintingIndex, time: datetime) -> str:
    """All that is needed to cite and check an answer, in one paragraph; probabilities have two decimals."""
    manifest = index.manifest
    digest = index.encoder_digest
    encoder = manifest.encoder.backbone if digest is None else f"{digest[:16]} ({manifest.encoder.backbone})"
    return (
        f"painter_search {__version__}, {time:%Y-%m-%d %H:%M %Z}".rstrip()
        + f": {_photograph(answer)}: {_finding(answer, index)}. "
        f"Index {index.digest} ({manifest.works:,} works by {manifest.artists:,} artists: "
        f"{', '.join(manifest.collections)}), {index.selection or 'no filter'}; encoder {encoder}."
    )


def answer_bibtex(answer: Attribution, index: PaintingIndex, time: datetime) -> str:
    """The answer as a BibTeX entry."""
    digest = answer.photograph.sha256 if answer.photograph else ""
    return bibtex_entry(
        digest[:8] or index.digest[:8],
        title=f"{answer.painting}: {_finding(answer, index)}",
        howpublished=f"painter_search {__version__}, index {index.digest}",
        year=f"{time:%Y}",
        month=f"{time:%m}",
        note=f"{_photograph(answer)}; {index.selection or 'no filter'}; asked {time:%Y-%m-%d %H:%M %Z}".rstrip(),
    )


def _photograph(answer: Attribution) -> str:
    """The photograph as it was asked about: its name, digest, size and crop."""
    photograph = answer.photograph
    if photograph is None:
        return f"“{answer.painting}”"
    digest = f"SHA-256 {photograph.sha256}, " if photograph.sha256 else ""
    cropped = "whole" if answer.crop is None else answer.crop.sentence
    return f"“{answer.painting}” ({digest}{photograph.width} x {photograph.height} px, {cropped})"


def _finding(answer: Attribution, index: PaintingIndex) -> str:
    if answer.same_works:
        work = answer.same_works[0].work
        return f"the same picture as {work.caption} by {work.artist}{answer.also_under}"
    if not answer.artists:
        return "no other work to compare with"
    first = answer.artists[0]
    shares = exact_shares(answer)
    if shares is None:
        return f"nearest in style to {first.artist}, distance {first.distance:.2f}, not calibrated"
    another, nobody = ("among the works compared with", "among them") if index.selection else ("in the index", "in it")
    return (
        f"its style speaks most for {first.artist}{'' if answer.named else ', who is not named'}: "
        f"{_decimals(shares[0])}, another artist {another} {_decimals(shares[1])}, "
        f"nobody {nobody} {_decimals(shares[2])}"
    )


def _decimals(share: float) -> str:
    """A probability with two decimals, of which none says that something is certain."""
    if share < 0.005:
        return "under 0.01"
    return "over 0.99" if share >= 0.995 else f"{share:.2f}"
