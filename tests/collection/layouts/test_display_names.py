"""Artists' names are shown as people write them; a plain folder's name is kept."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from painter_search.collection.layouts.display_names import display_names, repair, separate
from painter_search.collection.layouts.name_kinds import kind_of


@pytest.mark.parametrize(
    ("names", "are_joined", "shown"),
    [
        (["Vincent_van_Gogh", "Titian"], True, ["Vincent van Gogh", "Titian"]),
        (["Vincent_van_Gogh", "Titian"], False, ["Vincent van Gogh", "Titian"]),  # a known painter, and no spaces
        (["Vincent_van_Gogh", "Claude Monet"], False, ["Vincent_van_Gogh", "Claude Monet"]),
        (["Eva_Ek", "Jo_Bo"], False, ["Eva_Ek", "Jo_Bo"]),  # no evidence
        (["claude-monet", "jo-ek"], False, ["Claude Monet", "Jo Ek"]),
        (["jo-ek", "li-bo"], False, ["jo-ek", "li-bo"]),
        (["monet", "titian"], False, ["monet", "titian"]),
        (["monet", "Toulouse-Lautrec"], True, ["Monet", "Toulouse-Lautrec"]),
        (["Ole Monk (1840-1926)", "Eva Ek, 1901\u20131977"], False, ["Ole Monk", "Eva Ek"]),
        (["Jan Bo (1568-1625)", "Jan Bo (1601-1678)"], False, ["Jan Bo (1568-1625)", "Jan Bo (1601-1678)"]),
        (["Jan Bo 1568-1625", "Jan_Bo_1601-1678"], False, ["Jan Bo 1568-1625", "Jan_Bo_1601-1678"]),
        (["Jan_Bo_1568_1625", "Jan_Bo_1601_1678"], False, ["Jan_Bo_1568_1625", "Jan_Bo_1601_1678"]),
        (["Jan Bo 1568 to 1625", "Jan Bo 1601 to 1678"], False, ["Jan Bo 1568 to 1625", "Jan Bo 1601 to 1678"]),
        (["Jan Bo (1568-1625)", "Bo, Jan, 1568-1625"], False, ["Jan Bo", "Bo, Jan"]),
        (["Jan Bo (1890-1891)"], False, ["Jan Bo (1890-1891)"]),  # no lifetime
        (["01 Monet", "02_Jo Ek"], False, ["Monet", "Jo Ek"]),
        (["01 Monet", "Jo Ek"], False, ["01 Monet", "Jo Ek"]),
        (["1 Bo", "2 Bo"], False, ["1 Bo", "2 Bo"]),
        (["Bo", "Bo (2)", "Bo_3", "Ek"], False, ["Bo", "Bo", "Bo", "Ek"]),
        (["Bo", "Bo - Copy", "Ek \u2013 Kopie (2)"], False, ["Bo", "Bo", "Ek"]),
        (["Monet 1880", "Monet 1890", "Ek 7"], False, ["Monet", "Monet", "Ek 7"]),
        (["Rossi (73)", "Ek (20)"], False, ["Rossi", "Ek"]),
        (["Artist 00", "Artist 01"], False, ["Artist 00", "Artist 01"]),
        (["D\u00c3\u00bcrer", "Mir\u251c\u2502"], False, ["D\u00fcrer", "Mir\u00f3"]),
        (["Du\u0308rer", "\u845b\u98fe\u5317\u658e"], False, ["D\u00fcrer", "\u845b\u98fe\u5317\u658e"]),
    ],
)
def test_display_names_separates_by_evidence(names: list[str], are_joined: bool, shown: list[str]) -> None:
    assert list(display_names(names, are_joined).values()) == shown


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("vincent-van-gogh", "Vincent van Gogh"),
        ("el-greco", "El Greco"),
        ("leonardo-da-vinci", "Leonardo da Vinci"),
        ("pieter-bruegel-the-elder", "Pieter Bruegel the Elder"),
        ("utagawa-kunisada-ii", "Utagawa Kunisada II"),
        ("m.c.-escher", "M.C. Escher"),
        ("georgia-o'keeffe", "Georgia O'Keeffe"),
        ("th\u00e9odore-rousseau", "Th\u00e9odore Rousseau"),
        ("claude_monet", "Claude Monet"),
    ],
)
def test_separate_restores_names_of_slugs(slug: str, name: str) -> None:
    assert separate(slug) == name


def test_kind_of_and_repair_leave_real_artists_alone(collections: Path) -> None:
    names = set()
    for name in ("paintings", "pbn64", "wikiart"):
        with (collections / name / "all_data_info.csv").open(encoding="utf-8") as opened:
            names |= {row["artist"].strip() for row in csv.DictReader(opened)}
    kinds = {name: kind_of(name) for name in names}
    assert {name for name, kind in kinds.items() if kind not in ("artist", "unknown")} == set()
    assert sum(kind == "artist" for kind in kinds.values()) > 0.1 * len(names)
    assert all(repair(name) == name for name in names)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("style", "Abstract_Expressionism Action_painting Art_Nouveau_Modern Baroque Color_Field_Painting Cubism Rococo"
                  " Naive_Art_Primitivism Pop_Art Ukiyo_e kubismus impressionnisme Rinascimento Die_Br\u00fccke"),
        ("period", "19th_century XIX 1880s 1889 1880-1890 19._Jahrhundert siglo_XVII XVIIIe_si\u00e8cle c._1500"
                   " 2021-05-03_Louvre"),
        ("part", "train Training train_images test test_set val valid validation dev"),
        ("container", "images my-paintings resized dataset paintings_(2) data_v2 best_artworks Bilder tableaux"
                      " Photos_from_2019"),
        ("subject", "portraits Still_Life early_works Blue_Period Zeichnungen nature_morte"),
        ("rest", "other misc unsorted Sonstiges other_paintings Sold Available Reserved"),
        ("place", "Italy French Dutch_School German_painters"),
        ("museum", "Louvre National_Gallery Van_Gogh_Museum Mus\u00e9e_d'Orsay"),
        ("number", "1 042 69"),
        ("artist", "Monet Vincent_van_Gogh claude-monet Jan_Brueghel_II Jo_Ek_(1901-1977) \u041c\u043e\u043d\u0435"),
        ("unknown", "Eva_Ek After_Rembrandt School_of_Titian Portrait_of_Picasso Water_Lilies Artist_00 Unknown Still"),
    ],
)  # fmt: skip
def test_kind_of_tells_artists_from_other_folders(kind: str, names: str) -> None:
    assert {name: kind_of(name) for name in names.split()} == dict.fromkeys(names.split(), kind)
    spaced = [name.replace("_", " ") for name in names.split()]
    assert {name: kind_of(name) for name in spaced} == dict.fromkeys(spaced, kind)
