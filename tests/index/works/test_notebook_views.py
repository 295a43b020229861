"""What notebooks show of an index's works, of a change of it, and of a listing."""

from __future__ import annotations

from pathlib import Path

import painter_search
from painter_search.display.pages.map_page import MapFiles
from painter_search.index.listing import list_works
from painter_search.index.painting_index import IndexUpdate, PaintingIndex

PICTURE = "data:image/jpeg;base64,"
VIEWS = {"to_dict", "to_frame", "_repr_html_"}
LACKING = {
    "Encoder": {"to_dict"},
    "PaintingIndex": {"to_dict"},
    "MapFiles": {"to_frame"},  # no tables, like those below
    "Exported": {"to_frame", "_repr_html_"},
    "IndexEvaluation": {"to_frame", "_repr_html_"},
    "IndexedWork": {"to_frame", "_repr_html_"},
    "Pushed": {"to_frame", "_repr_html_"},
}
"""The public classes with a view that lack others."""


def test_listing_is_a_table_of_artists_or_works(small_index: PaintingIndex) -> None:
    artists = list_works(small_index)
    assert list(artists.to_frame().columns) == ["artist", "works"]
    assert artists.to_frame().works.sum() == len(small_index)
    assert artists._repr_html_().count("<tr>") == 1 + len(artists.artists)
    artist = next(iter(artists.artists))
    works = list_works(small_index, artist)
    assert works.to_frame().artist.unique().tolist() == [artist]
    assert works._repr_html_().count(PICTURE) == len(works.works)


def test_update_is_a_table_of_what_changed(small_index: PaintingIndex) -> None:
    one, other, *_ = list_works(small_index, next(iter(list_works(small_index).artists))).works
    update = IndexUpdate(small_index, added=(one,), removed=(other,), left_out=(("<a>.txt", "not an image"),))
    assert update.to_frame()[["change", "id"]].values.tolist() == [["added", one.id], ["removed", other.id]]
    plain = update.to_dict()
    assert (plain["index"], plain["works"]) == (small_index.digest, len(small_index))
    assert [entry["id"] for key in ("added", "removed") for entry in plain[key]] == [one.id, other.id]
    shown = update._repr_html_()
    assert "1 added, 1 removed" in shown
    assert shown.count(PICTURE) == 1
    assert "&lt;a&gt;.txt" in shown
    assert list(IndexUpdate(small_index).to_frame().columns) == list(update.to_frame().columns)


def test_map_shows_its_picture(tmp_path: Path, save: object, paint: object) -> None:
    (tmp_path / "map.png").write_bytes(save(paint(1), "PNG"))  # type: ignore[operator]
    files = MapFiles(tmp_path / "map.png", tmp_path / "map.html", "digest", 4, 2, 5, 0.9, 0.8)
    assert PICTURE in files._repr_html_()
    assert "4 of 5 works by 2 artists" in files._repr_html_()
    assert files.to_dict()["page"] == (tmp_path / "map.html").as_posix()
    assert files.to_dict()["works"] == 4


def test_every_result_gives_plain_values_and_a_frame_and_shows_itself() -> None:
    found = {}
    for name in painter_search.__all__:
        public = getattr(painter_search, name)
        if isinstance(public, type) and (ways := VIEWS & set(dir(public))):
            found[name] = VIEWS - ways
    assert {name: lacking for name, lacking in found.items() if lacking} == LACKING
    assert len(found) > 20
