"""The page of an audit that `audit --page` writes."""

from __future__ import annotations

from pathlib import Path

from painter_search.analysis.audit import SMALL_SIDE, Audit
from painter_search.analysis.label_errors import MIN_VOTES, NEIGHBOURS
from painter_search.display.pages.page import data_uri, open_template, write_page
from painter_search.display.words.audit_text import (
    HOW_COMPARED,
    audit_citation,
    audit_sentences,
    audit_title,
    finding_counts,
    left_out_name,
    nothing_found,
    reason_for,
    rejection_reasons,
)
from painter_search.images.framing import make_thumbnail, open_frame

MAX_FINDINGS = 100
"""Findings of a kind that the page shows with pictures."""
PICTURE_SIDE = 240
"""Longer side of a picture on the page, in pixels."""


def write_audit_page(path: Path, audit: Audit) -> None:
    """Write a page of the findings with the pictures side by side."""
    counts = finding_counts(audit)
    page = open_template("audit.html").render(
        audit=audit,
        title=audit_title(audit),
        counts=[(name, number) for name, number in counts if number],
        nothing=nothing_found(counts),
        sentences=audit_sentences(audit, counts),
        how_compared=HOW_COMPARED,
        reason_for=reason_for,
        left_out_name=left_out_name(audit),
        reasons=rejection_reasons(audit).most_common(),
        picture=lambda work: data_uri(make_thumbnail(open_frame(audit.picture(work)), PICTURE_SIDE)),
        max_findings=MAX_FINDINGS,
        agreeing=MIN_VOTES,
        nearest=NEIGHBOURS,
        tiny_side=SMALL_SIDE,
        citation=audit_citation(audit),
    )
    write_page(path, page)
