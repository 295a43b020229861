"""Layouts of folders as people have them are recognised, or asked about; nothing but artists is taken for one."""

from __future__ import annotations

import re
import time
from pathlib import Path, PurePosixPath

import pytest

from painter_search.collection.layouts.layout import Layout
from painter_search.collection.layouts.recognise import recognise
from painter_search.common.errors import AmbiguousError, InvalidValueError


def files(*folders: str, count: int = 3, name: str = "{number}") -> list[str]:
    """`count` files in each folder; `name` may use the folder's own name."""
    return [
        f"{folder}/{name.format(number=number, folder=folder.split('/')[-1])}.jpg"
        for folder in folders
        for number in range(count)
    ]


def read(paths: list[str], container: str = "set") -> tuple[str, set[str]] | None:
    """The layout, and the artists that it gives, as the folders or files name them."""
    pictures = [PurePosixPath(path) for path in paths]
    recognised = recognise(pictures, container, container)
    if recognised is None:
        return None
    artists = {recognised.layout.read(picture).artist for picture in pictures}
    return str(recognised.layout), artists - set(recognised.not_artists) - {""}


KAGGLE = ["Vincent_van_Gogh", "Edgar_Degas"]
WIKIART = ["claude-monet_water-lilies-1906", "edgar-degas_dancers-1880(1)", "rembrandt_night-watch-1642"]
RECOGNISED = {
    "one folder per artist": (files("Monet", "Titian", "Degas"), "artist", {"Monet", "Titian", "Degas"}),
    "unknown artists": (files("Rossi", "Bianchi"), "artist", {"Rossi", "Bianchi"}),
    "two artists with one file each": (files("Rossi", "Monet", count=1), "artist", {"Rossi", "Monet"}),
    "one artist": (files("Rossi"), "artist", {"Rossi"}),
    "numbered artists": (files("Artist 00", "Artist 01"), "artist", {"Artist 00", "Artist 01"}),
    "artists called A and B": (files("A", "B"), "artist", {"A", "B"}),
    "surname, given name": (files("Monet, Claude", "Ek, Jon"), "artist", {"Monet, Claude", "Ek, Jon"}),
    "one wrapping folder": (files("my-paintings/Rossi", "my-paintings/Bianchi"), "any/artist", {"Rossi", "Bianchi"}),
    "folder named as its archive": (files("set/Rossi", "set/Bianchi"), "any/artist", {"Rossi", "Bianchi"}),
    "unknown wrapping folder": (files("nas03/Monet", "nas03/Bianchi"), "any/artist", {"Monet", "Bianchi"}),
    "several wrapping folders": (
        files("backup/2024/paintings/Rossi", "backup/2024/paintings/Ek"), "any/any/any/artist", {"Rossi", "Ek"}
    ),
    "train and test": (files("train/Rossi", "train/Ek", "test/Rossi", "test/Bo"), "part/artist", {"Rossi", "Ek", "Bo"}),
    "train, val, test in a wrapper": (
        files("dataset/train/Rossi", "dataset/val/Ek", "dataset/test/Bo"), "any/part/artist", {"Rossi", "Ek", "Bo"}
    ),
    "other names of parts": (files("Training/Ek", "valid/Ek", "test_set/Bo"), "part/artist", {"Ek", "Bo"}),
    "parts, styles, artists": (
        files("train/Cubism/Gris", "test/Baroque/Rembrandt"), "part/style/artist", {"Gris", "Rembrandt"}
    ),
    "parts below the artists": (files("Monet/train", "Monet/test", "Ek/train"), "artist", {"Monet", "Ek"}),
    "movement/artist": (files("Impressionism/Rossi", "Baroque/Ek"), "style/artist", {"Rossi", "Ek"}),
    "movement/artist in German": (files("Kubismus/Rossi", "Barock/Ek"), "style/artist", {"Rossi", "Ek"}),
    "century/artist": (files("19th century/Rossi", "XVII/Ek"), "any/artist", {"Rossi", "Ek"}),
    "year/artist": (files("1889/Rossi", "1890/Ek"), "any/artist", {"Rossi", "Ek"}),
    "decade/artist": (files("1880s/Rossi", "1900-1910/Ek"), "any/artist", {"Rossi", "Ek"}),
    "initial/artist": (files("R/Rossi", "E/Ek"), "any/artist", {"Rossi", "Ek"}),
    "number/artist": (files("01/Rossi", "02/Ek"), "any/artist", {"Rossi", "Ek"}),
    "country/artist": (files("Italy/Rossi", "Swedish painters/Ek"), "any/artist", {"Rossi", "Ek"}),
    "museum/artist": (files("Louvre/Rossi", "National Gallery/Ek"), "any/artist", {"Rossi", "Ek"}),
    "technique/artist": (files("drawings/Rossi", "oil paintings/Ek"), "any/artist", {"Rossi", "Ek"}),
    "anything/known artist": (files("x 7/Monet", "y/Titian", "y/Ek"), "any/artist", {"Monet", "Titian", "Ek"}),
    "artist/period": (files("Rossi/Early works", "Ek/Blue Period", "Ek/1990s"), "artist", {"Rossi", "Ek"}),
    "artist/genre": (files("Rossi/Portraits", "Ek/Landscapes"), "artist", {"Rossi", "Ek"}),
    "artist/style": (files("Picasso/Cubism", "Picasso/Surrealism", "Ek/Realism"), "artist/style", {"Picasso", "Ek"}),
    "artist/museum": (files("Rossi/Louvre", "Ek/Musée d'Orsay"), "artist", {"Rossi", "Ek"}),
    "known artist/anything": (files("Monet/Giverny", "Titian/Venus", "Titian/Danae"), "artist", {"Monet", "Titian"}),
    "some artists divided": (
        files("Rossi", "Rossi/Barche", "Ek", "Ek/Hus", "Bo"), "artist", {"Rossi", "Ek", "Bo"}
    ),
    "years of life": (files("Ole Monk (1840-1926)", "Eva Ek (b. 1950)"), "artist",
                      {"Ole Monk (1840-1926)", "Eva Ek (b. 1950)"}),
    "years of life one level lower": (
        files("xy/Ole Monk (1840-1926)", "xy/Jo Ek (1901\u20131977)"), "any/artist",
        {"Ole Monk (1840-1926)", "Jo Ek (1901\u20131977)"},
    ),
    "an extra folder for the rest": (files("Rossi", "Ek", "other"), "artist", {"Rossi", "Ek"}),
    "a folder of a style among artists": (
        [*files("Rossi", "Ek", "Bo", "Li"), "Baroque/1.jpg"], "artist", {"Rossi", "Ek", "Bo", "Li"}
    ),
    "some files outside": ([*files("Rossi", "Ek"), "cover.jpg"], "artist", {"Rossi", "Ek"}),
    "WikiArt": (
        [f"Impressionism/{WIKIART[0]}.jpg", f"Impressionism/{WIKIART[1]}.jpg", f"Baroque/{WIKIART[2]}.jpg"],
        "style/artist_title-year", {"claude-monet", "edgar-degas", "rembrandt"},
    ),
    "WikiArt without a known artist": (
        ["Cubism/jon-ek_boats-1911.jpg", "Pop_Art/eva-bo_cans.jpg"], "style/artist_title-year", {"jon-ek", "eva-bo"}
    ),
    "WikiArt, flat": ([f"{name}.jpg" for name in WIKIART], "artist_title-year",
                      {"claude-monet", "edgar-degas", "rembrandt"}),
    "WikiArt by artist": (
        [f"{name.split('_')[0]}/{name}.jpg" for name in WIKIART], "artist/artist_title-year",
        {"claude-monet", "edgar-degas", "rembrandt"},
    ),
    "WikiArt by artist and year": (
        ["claude-monet/1906/water-lilies.jpg", "jo-ek/1880/dancers.jpg"], "artist", {"claude-monet", "jo-ek"}
    ),
    "Kaggle's best artworks": (
        files(*(f"images/{name}" for name in KAGGLE), name="{folder}_{number}"), "any/artist/artist_number", set(KAGGLE)
    ),
    "Kaggle's, as unpacked": (
        files(*(f"images/images/{name}" for name in KAGGLE), name="{folder}_{number}"),
        "any/any/artist/artist_number", set(KAGGLE),
    ),
    "Kaggle's, resized": (
        [f"resized/{name}_{number}.jpg" for name in KAGGLE for number in range(12)], "artist_number", set(KAGGLE)
    ),
    "flat and numbered": (["monet_12.jpg", "monet (2).jpg", "titian-3.jpg"], "artist_number", {"monet", "titian"}),
    "artist - title": (
        ["Claude Monet - Water Lilies (1906).jpg", "Ek - Boats.jpg", "Titian \u2013 Danae, 1553.jpg"], "artist-title",
        {"Claude Monet", "Ek", "Titian"},
    ),
    "artist - title, underscored": (
        ["Claude_Monet_-_Water_Lilies_-_1906.jpg", "Rembrandt_-_De_Nachtwacht.jpg"], "artist-title",
        {"Claude Monet", "Rembrandt"},
    ),
    "year - artist - title": (
        ["1906 - Claude Monet - Lilies.jpg", "1553 - Titian - Danae.jpg"], "artist-title", {"Claude Monet", "Titian"}
    ),
    "title by artist": (
        ["Water Lilies by Claude Monet.jpg", "Danae by Titian.jpg"], "title-artist", {"Claude Monet", "Titian"}
    ),
    "numbered folders of artists": (files("01 Monet", "02 Ek"), "artist", {"01 Monet", "02 Ek"}),
    "numbered folders of styles": (files("1. Cubism/Rossi", "2. Baroque/Ek"), "style/artist", {"Rossi", "Ek"}),
    "artist, title": (["Monet, Water Lilies.jpg", "Titian, Danae.jpg"], "artist-title", {"Monet", "Titian"}),
    "title - artist": (
        ["Water Lilies - Claude Monet.jpg", "Danae - Titian (1553).jpg"], "title-artist", {"Claude Monet", "Titian"}
    ),
    "artist - title in a folder of the artist": (
        ["Claude Monet/Claude Monet - Water Lilies (1906).jpg", "Ek/Ek - Boats.jpg"], "artist/artist-title",
        {"Claude Monet", "Ek"},
    ),
    "artist - title in any folder": (
        ["Saal 4/Claude Monet - Water Lilies.jpg", "Depot/Ek - Boats.jpg"], "artist-title", {"Claude Monet", "Ek"}
    ),
    "parts in Russian": (files("обучение/Rossi", "тест/Ek"), "part/artist", {"Rossi", "Ek"}),
    "parts in Chinese": (files("训练/Rossi", "测试/Ek"), "part/artist", {"Rossi", "Ek"}),
    "parts in Spanish": (files("entrenamiento/Rossi", "prueba/Ek"), "part/artist", {"Rossi", "Ek"}),
    "sizes": (files("512x512/Rossi", "lowres/Ek"), "any/artist", {"Rossi", "Ek"}),
    "rooms": (files("Room 1/Rossi", "Room 2/Ek"), "any/artist", {"Rossi", "Ek"}),
    "title (artist)": (["Lilies (Claude Monet).jpg", "Danae (Titian).jpg"], "title-artist", {"Claude Monet", "Titian"}),
    "artist, title, year": (
        ["Monet, Lilies, 1906.jpg", "Titian, Danae, c. 1550.jpg"], "artist-title", {"Monet", "Titian"}
    ),
    "artist, title, technique": (
        ["Claude Monet, Lilies, oil on canvas.jpg", "Vincent van Gogh, Irises, oil.jpg"], "artist-title",
        {"Claude Monet", "Vincent van Gogh"},
    ),
    "title with commas, artist": (
        ["Impression, Sunrise, Claude Monet.jpg", "Danae, Venus, Titian.jpg"], "title-artist",
        {"Claude Monet", "Titian"},
    ),
    "WikiArt with commas": (
        ["claude-monet_lilies, evening, 1.jpg", "titian_danae, venus, 2.jpg"], "artist_title-year",
        {"claude-monet", "titian"},
    ),
    "artist__title": (["Claude Monet__Lilies.jpg", "Titian__Danae.jpg"], "artist-title", {"Claude Monet", "Titian"}),
    "artist--title": (["claude-monet--lilies.jpg", "titian--danae.jpg"], "artist-title", {"claude-monet", "titian"}),
    "artist - title in folders of styles": (
        ["Impressionism/Claude Monet - Lilies.jpg", "Baroque/Titian - Danae.jpg"], "style/artist-title",
        {"Claude Monet", "Titian"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RECOGNISED)
def test_recognise_finds_the_artists(case: str) -> None:
    paths, layout, artists = RECOGNISED[case]
    assert read(paths) == (layout, artists)


ASKED = {
    "level 1 or 2": (
        files("Rossi/Barche", "Bianchi/Porti"),
        "level 1 (Bianchi, Rossi) or of level 2 (Barche, Porti); add --layout artist for level 1 or --layout any/",
    ),
    "one folder that is no known wrapper": (files("Rossi/Barche", "Rossi/Porti"), "level 1 (Rossi) or of level 2"),
    "an artist beside a year": (["Rossi/Barche/7.jpg", "1889/8.jpg"], "level 1 (1889, Rossi) or of level 2 (Barche)"),
    "known painters at both levels": (files("Monet/Titian", "Degas/Goya"), "level 1 (Degas, Monet) or of level 2"),
    "styles": (files("Impressionism", "Baroque"), "named like styles (Baroque, Impressionism), not like artists"),
    "styles in a wrapper": (files("art/Cubism", "art/Pop Art"), "add --layout any/artist"),
    "styles in parts": (files("train/Cubism", "test/Cubism"), "add --layout part/artist"),
    "centuries": (files("19th century", "18. Jahrhundert"), "named like periods"),
    "years": (files("1889", "1890"), "named like periods"),
    "classes by number": (files("0", "1", "2"), "named like numbers"),
    "classes by number in parts": (files("train/0", "train/1", "val/0"), "named like numbers"),
    "genres": (files("portrait", "landscape", "still life"), "named like subjects"),
    "countries": (files("Italy", "France"), "named like places"),
    "museums": (files("Louvre", "Prado"), "named like museums"),
    "styles among artists": (files("Monet", "Titian", "Baroque"), "beside folders that look like styles (Baroque)"),
    "a part among artists": (files("Monet", "Titian", "Ek", "Bo", "Li", "train"), "parts of a division (train)"),
    "most files outside": ([*files("Monet"), *(f"IMG_{i}.jpg" for i in range(9))], "75% of the pictures"),
    "names of pictures in general beside another": (files("monet_jpg", "photo_jpg"), "add --layout artist"),
    "real and fake": (files("real", "fake"), "named like subjects (fake, real)"),
    "few pictures in unknown folders": (
        [*files("images"), *files("images/Rossi", count=2)],
        "60% of the pictures in set do not lie in folders of level 2",
    ),
    "parts before the artist": (files("train-Monet", "test-Monet"), "an artist and a part of a division"),
    "places before the artist": (files("France__Gris", "Sweden__Ek"), "an artist and a place"),
    "titles after the artist": (files("Monet - Lilies", "Monet - Haystacks", "Ek - Hut"), "an artist and a title"),
    "file names that may be artists": (["barca_1.jpg", "barca_2.jpg", "porto_1.jpg"], "add --layout artist_number"),
    "surname, given name, title": (
        ["Monet, Claude, Lilies.jpg", "Monet, Claude, Seine, 1872.jpg", "Titian, Tiziano, Danae 2.jpg"],
        "--layout artist-title",
    ),
    "file names that may be artists and titles": (["Eva Bo - Boats.jpg", "Jo Ek - Hut.jpg"], "--layout artist-title"),
}


@pytest.mark.parametrize("case", ASKED)
def test_recognise_asks_where_evidence_is_weak(case: str) -> None:
    paths, sentence = ASKED[case]
    with pytest.raises(AmbiguousError) as raised:
        read(paths)
    message = raised.value.command_line
    assert sentence in message
    assert not re.search(r"[a-z]\. ", message)  # one sentence
    assert "--layout " in message


@pytest.mark.parametrize(
    "names",
    [
        ["1.jpg", "2.jpg"],
        ["IMG_1.jpg", "DSC_2.jpg"],
        ["images/1.jpg"],
        ["train/1.jpg"],
        files("trainA", "testB"),
        files("vangogh2photo/trainA", "vangogh2photo/trainB"),
        files("Album 1", "Album 2"),
        files("DCIM/100CANON", "DCIM/101APPLE"),
    ],
)
def test_recognise_finds_no_artists_where_there_are_none(names: list[str]) -> None:
    assert read(names) is None


@pytest.mark.parametrize(
    "name", ["_" * 60_000, "a" + "_" * 60_000, " " * 60_000, "1" * 60_000, "a/" * 30_000, "- " * 30_000]
)
def test_recognise_is_quick_with_hostile_names(name: str) -> None:
    started = time.perf_counter()
    assert read([f"Monet/{name}x.jpg", f"{name}/1.jpg", f"Ek ({name}/1.jpg", "Monet/2.jpg", "Titian/1.jpg"]) is not None
    assert time.perf_counter() - started < 2


def test_recognise_is_right_on_real_artists(collections: Path) -> None:
    import csv

    from painter_search.collection.layouts.display_names import separate
    from painter_search.collection.layouts.name_kinds import words_of

    for name in ("paintings", "wikiart"):
        with (collections / name / "all_data_info.csv").open(encoding="utf-8") as opened:
            rows = [row for row in csv.DictReader(opened) if row["artist"]][::6]
        artists = {row["artist"].strip().replace("/", " ") for row in rows}
        slugs = {artist: "-".join(words_of(artist)) for artist in artists}
        number = dict.fromkeys(artists, 0)
        paths: dict[str, list[str]] = {layout: [] for layout in (
            "artist", "any/artist", "part/artist", "artist_number", "artist-title", "title-artist",
            "style/artist_title-year", "style/artist", "artist/artist_number",
        )}  # fmt: skip
        for row in rows:
            artist = row["artist"].strip().replace("/", " ")
            title = " ".join(words_of(row["title"])) or "untitled"
            number[artist] += 1
            count, style = number[artist], row["style"] or "Realism"
            paths["artist"].append(f"{artist}/{title} {count}.jpg")
            paths["any/artist"].append(f"old scans/{artist}/{count}.jpg")
            paths["part/artist"].append(f"{'train' if count % 3 else 'test'}/{artist}/{count}.jpg")
            paths["artist_number"].append(f"{artist.replace(' ', '_')}_{count}.jpg")
            paths["artist-title"].append(f"{artist} - {title} (1850).jpg")
            paths["title-artist"].append(f"{title} - {artist}.jpg")
            paths["style/artist_title-year"].append(f"{style}/{slugs[artist]}_{title.replace(' ', '-')}-1850.jpg")
            paths["style/artist"].append(f"{style}/{artist}/{title}.jpg")
            paths["artist/artist_number"].append(f"{artist.replace(' ', '_')}/{artist.replace(' ', '_')}_{count}.jpg")
        for layout, listed in paths.items():
            found = read(listed)
            assert found is not None
            assert found[0] == layout
            expected = slugs.values() if "title-year" in layout else artists
            shown = {artist.replace("_", " ") for artist in found[1]} if "number" in layout else found[1]
            assert len(shown ^ set(expected)) <= 0.005 * len(artists), (layout, shown ^ set(expected))
        assert sum(words_of(separate(slug)) == words_of(artist) for artist, slug in slugs.items()) == len(artists)


# --- layouts by name -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "sentence"),
    [
        ("", "none of its words"),
        ("artits", "'artits', which is none of its words: artist, style, part and any for folders"),
        ("any/style", "has no artist"),
        ("artist/artist", "names one thing twice"),
        ("artist_number/artist", "none of its words"),
    ],
)
def test_layout_refuses_what_it_does_not_know(layout: str, sentence: str) -> None:
    with pytest.raises(InvalidValueError, match=sentence):
        Layout.parse(layout)


@pytest.mark.parametrize(
    ("layout", "path", "fields"),
    [
        ("artist", "Monet/deep/water_lilies 1.jpg", ("Monet", "water lilies 1", "", "", "")),
        ("artist", "outside.jpg", ("", "outside", "", "", "")),
        ("any/artist", "x/Monet/1.jpg", ("Monet", "1", "", "", "")),
        ("any/artist", "x/1.jpg", ("", "1", "", "", "")),
        ("part/style/artist", "test/Pop_Art/Ek/1.jpg", ("Ek", "1", "", "Pop Art", "test")),
        ("artist/style", "Ek/Pop Art/1.jpg", ("Ek", "1", "", "Pop Art", "")),
        ("style/artist_title-year", "Baroque/jo-ek_a-b-1612-2.jpg", ("jo-ek", "A b", "1612", "Baroque", "")),
        ("artist_title-year", "jo-ek_no-5.jpg", ("jo-ek", "No 5", "", "", "")),
        ("artist-title", "Jo Ek - A, B (c. 1880).jpg", ("Jo Ek", "A, B", "c. 1880", "", "")),
        ("artist-title", "Jo Ek - 1984.jpg", ("Jo Ek", "1984", "", "", "")),
        ("artist-title", "Jo Ek_A, 1880-81.jpg", ("Jo Ek_A", "1880-81", "", "", "")),
        ("title-artist", "A - B - Jo Ek - 1880.jpg", ("Jo Ek", "A - B", "1880", "", "")),
        ("title-artist", "House by the sea by Jo Ek.jpg", ("Jo Ek", "House - the sea", "", "", "")),
        ("artist-title", "12 - Jo Ek - A.jpg", ("Jo Ek", "A", "", "", "")),
        ("artist-title", "(1880) - Jo Ek - A.jpg", ("Jo Ek", "A", "1880", "", "")),
        ("artist_number", "x/y/Jo_Ek_007.jpg", ("Jo_Ek", "Jo Ek 007", "", "", "")),
        ("artist_number", "007.jpg", ("", "007", "", "", "")),
        ("artist/artist-title", "Jo Ek/Ek - A.jpg", ("Jo Ek", "A", "", "", "")),
        ("artist", "../up/1.jpg", ("up", "1", "", "", "")),
    ],
)
def test_layout_reads_paths(layout: str, path: str, fields: tuple[str, ...]) -> None:
    read_fields = Layout.parse(layout).read(PurePosixPath(path))
    assert (read_fields.artist, read_fields.title, read_fields.date, read_fields.style, read_fields.part) == fields
    assert str(Layout.parse(layout)) == layout
