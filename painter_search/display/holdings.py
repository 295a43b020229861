"""What an index holds, and what a change to it came to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painter_search.display.console import show_index
from painter_search.display.tables import caption, new_table, print_json, show

if TYPE_CHECKING:
    from painter_search.retrieval.painting_index import PaintingIndex
    from painter_search.retrieval.revision import Change
    from painter_search.retrieval.upkeep import Listing
    from painter_search.retrieval.works import IndexedWork

SHOWN = 20
"""Works and files that are shown one by one; `--json` has all of them."""


def show_holdings(answer: PaintingIndex | Change | Listing, as_json: bool = False, page: Path | None = None) -> None:
    """What `build-index` did or found, and the index's page where it was written."""
    from painter_search.retrieval.revision import Change
    from painter_search.retrieval.upkeep import Listing

    if isinstance(answer, Change):
        show_change(answer, as_json)
    elif isinstance(answer, Listing):
        show_listing(answer, as_json)
    else:
        show_index(answer, as_json)
    if page and not as_json:
        show(f"How sure its answers are: {page}")


def show_change(change: Change, as_json: bool = False) -> None:
    """Which works were added or removed, and which files were left out."""
    if as_json:
        print_json(
            {
                **_summary(change.index),
                "added": [_plain(entry) for entry in change.added],
                "removed": [_plain(entry) for entry in change.removed],
                "left_out": [{"file": file, "reason": reason} for file, reason in change.left_out],
            }
        )
        return
    for entries, done in ((change.added, "Works added"), (change.removed, "Works removed")):
        if entries:
            show(_works_table(f"{done}: {len(entries):,}", entries[:SHOWN]))
            _say_more(len(entries))
    if change.left_out:
        table = new_table(f"Files left out: {len(change.left_out):,}", "file", "reason")
        for row in change.left_out[:SHOWN]:
            table.add_row(*row)
        show(table)
        _say_more(len(change.left_out))
    works, artists = (change.index.manifest[key] for key in ("works", "artists"))
    state = "in use from now on" if change.added or change.removed else "unchanged"
    show(f"Index {change.index.digest}: {works:,} works by {artists:,} artists, {state}.")


def show_listing(listing: Listing, as_json: bool = False) -> None:
    """The artists of an index, or one artist's works."""
    if as_json:
        print_json(listing_record(listing))
        return
    if listing.works:
        show(_works_table(f"Works by {listing.works[0].work.artist}: {len(listing.works):,}", listing.works))
        return
    table = new_table(f"Index {listing.index.digest}", "artist", "works")
    for artist, number in listing.artists.items():
        table.add_row(artist, f"{number:,}")
    show(table)
    show(f"{len(listing.index):,} works by {len(listing.artists):,} artists.")


def listing_record(listing: Listing) -> dict[str, Any]:
    """A listing as plain values."""
    works = {"works": [_plain(entry) for entry in listing.works]} if listing.works else {}
    artists = [{"artist": artist, "works": number} for artist, number in listing.artists.items()]
    return {"index": listing.index.digest, "artists": artists, **works}


def _works_table(title: str, entries: tuple[IndexedWork, ...]) -> Any:
    table = new_table(title, "id", "artist", "title", "date", "file")
    for entry in entries:
        work = entry.work
        table.add_row(str(entry.id), work.artist, caption(work), work.date, work.name)
    return table


def _say_more(number: int) -> None:
    if number > SHOWN:
        show(f"… and {number - SHOWN:,} more; --json lists them all.")


def _plain(entry: IndexedWork) -> dict[str, Any]:
    return {"id": entry.id, **asdict(entry.work)}


def _summary(index: PaintingIndex) -> dict[str, Any]:
    return {
        "index": index.digest,
        "folder": index.folder,
        "works": index.manifest["works"],
        "artists": index.manifest["artists"],
    }
