"""The results of `build-index`: an index as built, changed or listed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.collection.summary import count_reasons
from painter_search.common.files.csv_io import read_rows
from painter_search.display.console.tables import new_table, print_json, show, show_first
from painter_search.display.words.left_out import describe_reasons
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store.base import SearchSettings

if TYPE_CHECKING:
    from rich.table import Table

    from painter_search.index.listing import Listing
    from painter_search.index.manifest import Manifest
    from painter_search.index.painting_index import IndexUpdate
    from painter_search.index.works.works_db import IndexedWork

MAX_ROWS = 20
"""Works and files listed after an update; `--json` has them all."""


def show_index(
    index: PaintingIndex, *, as_json: bool = False, page: Path | None = None, before: Manifest | None = None
) -> None:
    """Print what was built, where the index's page is, and the index that was in use before."""
    manifest = index.manifest
    size = sum(file.size for file in manifest.files.values())
    if as_json:
        stored = manifest.to_stored()
        keys = ("works", "artists", "collections", "split", "framing", "search", "encoder")
        summary = {key: stored[key] for key in keys}
        preview = {"artists_read": index.preview.to_dict()} if index.preview else {}
        print_json({"index": index.digest, "folder": index.folder, "bytes": size, **summary, **preview})
        return
    pictures = f"pictures of {manifest.picture_size:,} px, " if index.has_larger_pictures else ""
    show(
        f"Index {index.digest}: {manifest.works:,} works by {manifest.artists:,} artists "
        f"({', '.join(manifest.collections)}), framed {manifest.framing}, {pictures}{size / 1e6:,.0f} MB, "
        f"{describe_search(manifest.search)}.\n"
        f"Written to {index.folder}, and in use from now on."
    )
    if before is not None and before.digest != index.digest:
        show(
            f"It takes the place of the index of {before.works:,} works by {before.artists:,} artists "
            f"({', '.join(before.collections)}), which stays in {index.folder.parent / before.digest}."
        )
    rejected = index.folder / "rejected.csv"
    if rejected.is_file():
        reasons = count_reasons(row.get("reason", "") for row in read_rows(rejected))
        if reasons:
            show(f"Left out: {describe_reasons(reasons)}. Each is listed in {rejected}.")
    _show_page(page)


def show_update(update: IndexUpdate, *, as_json: bool = False, page: Path | None = None) -> None:
    """Print which works were added or removed and which files were left out."""
    if as_json:
        print_json(update.to_dict())
        return
    remedy = "; --json lists them all"
    for entries, title in ((update.added, "Works added"), (update.removed, "Works removed")):
        if entries:
            table = _works_table(f"{title}: {len(entries):,}", entries[:MAX_ROWS])
            show_first(table, len(entries), MAX_ROWS, remedy)
    if update.cropped:
        table = new_table(f"Photographs cropped: {len(update.cropped):,} (--crop none adds them whole)", "file", "")
        for file, part in update.cropped[:MAX_ROWS]:
            table.add_row(file, part["sentence"])
        show_first(table, len(update.cropped), MAX_ROWS, remedy)
    if update.left_out:
        table = new_table(f"Files left out: {len(update.left_out):,}", "file", "reason")
        for row in update.left_out[:MAX_ROWS]:
            table.add_row(*row)
        show_first(table, len(update.left_out), MAX_ROWS, remedy)
    works, artists = update.index.manifest.works, update.index.manifest.artists
    state = "in use from now on" if update.added or update.removed else "unchanged"
    show(f"Index {update.index.digest}: {works:,} works by {artists:,} artists, {state}.")
    _show_page(page)


def show_listing(listing: Listing, *, as_json: bool = False) -> None:
    """Print the artists of an index, or one artist's works."""
    if as_json:
        print_json(listing.to_dict())
        return
    if listing.works:
        show(_works_table(f"Works by {listing.works[0].work.artist}: {len(listing.works):,}", listing.works))
        return
    table = new_table(f"Index {listing.index.digest}", "artist", "works")
    for artist, works in listing.artists.items():
        table.add_row(artist, f"{works:,}")
    show(table)
    show(f"{len(listing.index):,} works by {len(listing.artists):,} artists.")


def describe_search(search: SearchSettings) -> str:
    """How an index is searched, in words."""
    if search.name == "exact":
        return "searched exactly"
    if search.name == "milvus":
        return f"its vectors in Milvus ({search.uri})"
    return f"searched approximately ({100 * search.recall_at_10:.1f} % of the ten nearest found on sample queries)"


def _works_table(title: str, entries: Sequence[IndexedWork]) -> Table:
    table = new_table(title, "id", "artist", "title", "date", "file")
    for entry in entries:
        work = entry.work
        table.add_row(str(entry.id), work.artist, work.caption, work.date, work.name)
    return table


def _show_page(page: Path | None) -> None:
    if page is not None:
        show(f"How sure its answers are: {page}")
