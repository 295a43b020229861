"""The result of `prepare` as a table or JSON."""

from __future__ import annotations

from painter_search.collection.collection import Collection
from painter_search.display.console.tables import new_table, print_json, show
from painter_search.display.words.left_out import describe_reasons

KAGGLE_ROWS = 103_250
"""Rows of Kaggle's catalogue, by which it is recognised."""
REPORT_COUNTS = {
    "catalogue": "103,250 works",
    "train before shared artists are moved": "1,608 artists",
    "test before shared artists are moved": "1,099 artists",
    "train, clean": "8,626 works, 1,103 artists",
    "test, clean": "4,417 works, 595 artists",
    "train triplets": "23,755",
    "validation triplets": "5,996",
    "test triplets": "6,135",
}
"""The counts in the report, by the row that they are compared with."""


def show_collection(collection: Collection, *, as_json: bool = False) -> None:
    """Print what each cleaning rule left; for Kaggle's catalogue next to the report's counts."""
    report = collection.summary
    if as_json:
        print_json(collection.to_dict())
        return
    kaggle = report["counts"]["catalogue"]["works"] == KAGGLE_ROWS
    table = new_table(f"Collection {collection.name} ({collection.framing})", "", "works", "artists")
    if kaggle:
        table.add_column("the report", justify="right")
    rows = [(rule, f"{count['works']:,}", f"{count['artists']:,}") for rule, count in report["counts"].items()]
    rows += [(f"{split} triplets", f"{count:,}", "") for split, count in report["triplets"].items()]
    for row in rows:
        table.add_row(*row, *([REPORT_COUNTS.get(row[0], "")] if kaggle else []))
    show(table)
    if report["rejected"]:
        listed = collection.folder / "rejected.csv"
        show(f"Left out: {describe_reasons(report['rejected'])}. Each is listed in {listed}.")
    if report["enlarged"]:
        show(f"{report['enlarged']:,} originals are smaller than the centre crop and were enlarged.")
    suspicious = report.get("suspicious", 0)
    if suspicious:
        like, fate = "names like titles or numbers", "they are kept"
        if any(reason.startswith("by ") for reason in report["rejected"]):
            like, fate = (
                f"doubtful names or {like}",
                "those that are no artist's own hand are left out, the others kept",
            )
        listed = collection.folder / "suspicious_artists.csv"
        show(
            f"{suspicious:,} {'artist' if suspicious == 1 else 'artists'} with {like}; {fate}, and listed in {listed}."
        )
    show(f"The collection is in {collection.folder}.")
