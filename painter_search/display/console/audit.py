"""The findings of `audit` as tables or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from painter_search.analysis.audit import SMALL_SIDE, Audit
from painter_search.analysis.duplicate_works import DuplicatePair
from painter_search.common.text import sentence_case
from painter_search.display.console.tables import new_table, print_json, show, show_first
from painter_search.display.words.audit_text import (
    HOW_COMPARED,
    audit_title,
    finding_counts,
    index_only_sentence,
    leak_sentence,
    left_out_name,
    rejection_reasons,
)

MAX_ROWS = 10
"""Rows of each table; `--json` has them all."""


def show_audit(audit: Audit, *, as_json: bool = False, page: Path | None = None) -> None:
    """Print the findings, leaks first."""
    if as_json:
        print_json(audit.to_dict())
        return
    if audit.leaks:
        show(f"LEAK: {leak_sentence(audit)}\n")
    counts = new_table(audit_title(audit), "looked for", "found")
    for finding, count in finding_counts(audit):
        counts.add_row(finding, f"{count:,}")
    show(counts)
    if beyond := index_only_sentence(audit):
        show(beyond)
    _show_repeats(audit.duplicates)
    if audit.spellings:
        variants = new_table("Names that may be one artist's", "artist", "artist", "how they differ")
        for variant in audit.spellings[:MAX_ROWS]:
            variants.add_row(*variant.spelling.artists, variant.spelling.how + (" (LEAK)" if variant.leak else ""))
        show_first(variants, len(audit.spellings), MAX_ROWS)
    if audit.suspicious:
        names = new_table("Doubtful names", "artist", "works", "reason")
        for row in audit.suspicious[:MAX_ROWS]:
            names.add_row(row["artist"], row["works"], row["reason"])
        show_first(names, len(audit.suspicious), MAX_ROWS)
    if audit.label_errors and audit.label_errors.listed:
        errors = new_table("Works whose neighbours say another artist", "artist", "work", "they say", "of the nearest")
        for error in audit.label_errors.listed[:MAX_ROWS]:
            votes = f"{error.votes} of {len(error.neighbours)}"
            errors.add_row(error.work.artist, error.work.caption, error.suggested_artist, votes)
        show_first(errors, len(audit.label_errors.listed), MAX_ROWS)
    for reason, count in rejection_reasons(audit).most_common(MAX_ROWS):
        show(f"Left out: {reason} ({count:,})")
    if audit.rejected:
        files = new_table(sentence_case(left_out_name(audit)), "file", "reason")
        for row in audit.rejected[:MAX_ROWS]:
            files.add_row(row["file"], row["reason"])
        show_first(files, len(audit.rejected), MAX_ROWS)
    if audit.small_works:
        smallest = audit.small_works[0]
        show(
            f"{len(audit.small_works):,} of {audit.works:,} works are under {SMALL_SIDE} px on their short side; "
            f"the smallest is {smallest.work.file}, {smallest.width} x {smallest.height} px."
        )
    show("Findings are questions; nothing was changed. All of them: --json. With their pictures: --page audit.html.")
    if page:
        show(f"Open {page}")


def _show_repeats(repeats: Sequence[DuplicatePair]) -> None:
    if not repeats:
        return
    table = new_table("One picture in two files", "where", "artist", "work", "artist", "work", "how", "likeness")
    for repeat in repeats[:MAX_ROWS]:
        one, other = repeat.works
        table.add_row(
            "LEAK" if repeat.leak else "two artists" if repeat.two_artists else "one artist",
            one.artist,
            f"{one.caption} ({one.file})",
            other.artist if repeat.two_artists else "",
            f"{other.caption} ({other.file})",
            f"{repeat.kind}, without margins" if repeat.without_margins else repeat.kind,
            f"{repeat.correlation:.2f}",
        )
    show_first(table, len(repeats), MAX_ROWS)
    show(HOW_COMPARED)
