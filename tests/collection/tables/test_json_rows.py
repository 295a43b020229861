"""Tables in JSON: rows, columns, nested values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from catalogue_tables import read

from painter_search.common.errors import DamagedFileError

OBJECTS = [
    {"artist": "Dürer", "file_name": "1.jpg", "year": 1503, "title": None},
    {"artist": ["Dürer", "Cranach"], "file_name": "2.jpg", "year": 1872.0},
]
OF_OBJECTS = [["Dürer", "1.jpg", "1503", ""], ["Dürer; Cranach", "2.jpg", "1872", ""]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.jsonl", "\n".join(json.dumps(one) for one in OBJECTS)),
        ("c.ndjson", "\n\n".join(json.dumps(one, ensure_ascii=False) for one in OBJECTS) + "\n"),
        ("c.json", "\n".join(json.dumps(one) for one in OBJECTS)),
        ("c.json", json.dumps(OBJECTS, indent=1)),
        ("c.json", json.dumps({"count": 2, "works": OBJECTS})),
        ("c.json", json.dumps({"info": {"pages": 1}, "records": OBJECTS, "facets": [{"name": "a"}]})),
        ("c.json", json.dumps({"artists": [{"id": 1, "artist_name": "A"}], "tags": [], "works": OBJECTS})),
        ("c.json", json.dumps({name: [one.get(name) for one in OBJECTS] for name in OBJECTS[0]})),
        ("c.json", json.dumps({name: {str(i): one.get(name) for i, one in enumerate(OBJECTS)} for name in OBJECTS[0]})),
    ],
)
def test_read_catalogue_reads_json(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    table, _ = read(tmp_path / name)
    assert table[["artist", "new_filename", "date", "title"]].to_numpy().tolist() == OF_OBJECTS


@pytest.mark.parametrize(
    "image",
    [
        {"url": "1.jpg"},
        {"src": "1.jpg", "width": 3},
        {"@id": "1.jpg", "@type": "Image"},
        {"web": {"url": "1.jpg", "width": "893"}, "print": {"url": "2.jpg"}},
        [{"href": "1.jpg"}],
    ],
)
def test_read_catalogue_reads_nested_images_of_json(image: object, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([{"artist": "Titian", "image": image}]))
    assert read(tmp_path / "c.json")[0]["new_filename"].tolist() == ["1.jpg"]


@pytest.mark.parametrize(
    ("artist", "name"),
    [
        ({"birth": {"value": "1840"}, "fullName": "Claude Monet"}, ""),
        ({"@id": "http://vocab.example/1", "prefLabel": "Monet"}, ""),
        ({"birth": {"value": "1840"}, "name": "Claude Monet", "url": "http://vocab.example/1"}, "Claude Monet"),
        ([{"label": "Rubens"}, {"name": "Snyders"}], "Rubens; Snyders"),
    ],
)
def test_read_catalogue_reads_only_names_of_nested_artists_of_json(artist: object, name: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([{"artist": artist, "image": "1.jpg"}]))
    assert read(tmp_path / "c.json")[0]["artist"].tolist() == [name]


def test_read_catalogue_reads_the_artist_of_each_file_in_json(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"1.jpg": "Monet", "a/2.tif": "Titian"}))
    table, _ = read(tmp_path / "c.json")
    assert table[["artist", "new_filename"]].to_numpy().tolist() == [["Monet", "1.jpg"], ["Titian", "a/2.tif"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            {"@context": "http://iiif.io/api/presentation/2/context.json", "label": "x", "sequences": []},
            "IIIF.*; write a table",
        ),
        ({"train": OBJECTS, "test": OBJECTS}, r"is several lists \(train, test\); write one list"),
        ({"records": [{"a": 1}], "facets": [{"b": 1}, {"b": 2}]}, r"is several lists \(records, facets\); write one"),
        (
            {
                "artists": [{"id": 1, "artist_name": "Monet"}, {"id": 2, "artist_name": "Manet"}],
                "works": [{"id": 1, "artist_id": 2, "file": "1.jpg"}, {"id": 2, "artist_id": 1, "file": "2.jpg"}],
            },
            r"is several lists \(artists, works\); write one list with the artist and the file of each work\.$",
        ),
        (
            {"artists": [{"artist": "Monet", "image": "m.jpg"}], "works": [{"artist_id": 1, "file": "1.jpg"}]},
            r"is several lists \(artists, works\)",
        ),
        ({"title": "Works", "licence": "CC0"}, "has no list of works with artist and file"),
    ],
)
def test_read_catalogue_says_what_json_lacks(content: object, reason: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(DamagedFileError, match=reason):
        read(tmp_path / "c.json")


def test_read_catalogue_joins_columns_of_json_by_key(tmp_path: Path) -> None:
    columns = {"artist": {"0": "Monet", "1": "Manet"}, "file": {"1": "b.jpg", "0": "a.jpg", "2": "c.jpg"}}
    (tmp_path / "c.json").write_text(json.dumps(columns))
    table, _ = read(tmp_path / "c.json")
    rows = table[["artist", "new_filename"]].to_numpy().tolist()
    assert rows == [["Monet", "a.jpg"], ["Manet", "b.jpg"], ["", "c.jpg"]]
