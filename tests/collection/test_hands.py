"""Whose hand an artist field names: on the entries of museums' catalogues in many languages."""

# ruff: noqa: RUF001 (Cyrillic letters)

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from painter_search.collection.hands.hand import Hand, read_hands

KNOWN = [
    "Rembrandt",
    "Rubens",
    "Titian",
    "Christo",
    "Raffaello",
    "Рубенс",
    "Frans Snyders",
    "Peter Paul Rubens",
    "Monet",
]
"""Artists with works of their own in the same catalogue."""
NOBODY = """
    Unknown; unknown_artist; ARTIST UNKNOWN; Unknown Artist, 17th century; Unknown (Mexico)
    Unknown artist from Bruges; Anonymous; Anon.; Anonymous Italian; Anonyme; Unbekannt; Unbekannter Künstler
    Onbekend; Anonimo; Ignoto lombardo; Autor desconocido; Неизвестный художник; 作者不明; Nieznany; Okänd; Ukendt; n/a
    None; nan; ?; -; —; Various; Varios; Various Artists; Unidentified; no artist; S. n.; Der Maler
    Unknown Master; Maître anonyme; Master of Flémalle; Meister der Virgo inter Virgines; Maître de Moulins
    Maestro di San Francesco; Flémalle, Master of; Meester van Delft; Master of Flémalle and assistants
    Anonymer Meister der Cranach-Werkstatt; Nuremberg Master; Italian school; Italian, 17th century
    Flemish, 17th century; Flemish; École française; Ecole française, XVIIe siècle; Scuola veneta
    Florentine 15th Century; German or Austrian 16th Century; Italienischer Meister, 16. Jahrhundert
    Niederländisch, um 1600; Japanese; Peintre flamand; Pittore veneto del XVI secolo; 18th century; Byzantine Mosaics
    Attributed to; Circle of unknown artist; Nach unbekanntem Meister; Continental School, 19th Century
    N.N.
    unsigned; not recorded; tbc; Japan; Attic; Antwerp Mannerist; Netherlandish (Antwerp Mannerist); Невідомий художник
    作者不詳; مجهول; לא ידוע; không rõ; Ismeretlen művész; Nepoznati autor; AI generated
    Midjourney; Sonstige; unbek.
    ditto; dito; Idem; id.; Id.; do.; ders.; Derselbe; dasselbe; dgl.; s.o.; siehe oben; même; le même; lo stesso
    el mismo; same; as above; prentmaker: anoniem; Print made by: Anonymous; Drawn by: Anonymous
    #REF!; #NAME?; undefined; [object Object]; ambito lombardo; Künstler nicht bekannt; nicht ermittelt; Not Identified
    Artist not recorded; kein Künstler; mehrere Künstler; neznámý malíř; malarz nieokreślony; UnknownUnknown author
"""
NEAR = {
    ("attributed to", "Rembrandt"): """
    Attributed to Rembrandt; Rembrandt (attributed to); Rembrandt, attributed to; Rembrandt (attr.)
    Attr. to Rembrandt; Rembrandt zugeschrieben; Rembrandt (zugeschrieben); Attribué à Rembrandt
    attribuito a Rembrandt; Atribuido a Rembrandt; Toegeschreven aan Rembrandt; przypisywany Rembrandt
    tillskriven Rembrandt; Rembrandt [attributed to]; traditionally attributed to Rembrandt; Rembrandt (att.)
    att. to Rembrandt; att. à Rembrandt; Atrib. Rembrandt""",
    ("workshop of", "Rembrandt"): """
    Workshop of Rembrandt; the workshop of Rembrandt; Rembrandt (workshop of); Rembrandt, workshop; Rembrandt workshop
    Rembrandt's workshop; Studio of Rembrandt; Werkstatt des Rembrandt; Werkstatt Rembrandt; Rembrandt-Werkstatt
    Rembrandt / Werkstatt; atelier de Rembrandt; Rembrandt (atelier de); bottega di Rembrandt; Rembrandt (bottega)
    taller de Rembrandt; werkplaats van Rembrandt; Atelier van Rembrandt; Rembrandt [workshop of]""",
    ("circle of", "Rembrandt"): """
    Circle of Rembrandt; Umkreis des Rembrandt; Umkreis: Rembrandt; Rembrandt: Umkreis; entourage de Rembrandt
    cerchia di Rembrandt; círculo de Rembrandt; omgeving van Rembrandt; Rembrandt (circle); close to Rembrandt
    Rembrandt (near); Nähe Rembrandt""",
    ("forgery of", "Rembrandt"): """
    Forgery of Rembrandt; Fake Rembrandt; Rembrandt (forgery); Rembrandt fake""",
    ("imitation by a program of", "Monet"): "AI Monet; AI_Monet; Monet (AI generated); Monet (Midjourney)",
    ("possibly", "Frans Snyders"): "?Frans Snyders; (?) Frans Snyders; Frans Snyders?",
    ("attributed to", "雪舟"): "伝雪舟; 傳 雪舟; (傳) 雪舟; 雪舟（伝）",
    ("workshop of", "雪舟"): "雪舟工房; 雪舟の工房",
    ("school of", "狩野"): "狩野派",
    ("manner of", "倪瓒"): "仿 倪瓒; 仿倪瓒",
    ("follower of", "Rembrandt"): """
    Follower of Rembrandt; Nachfolger Rembrandts; Rembrandt (Nachfolger); suiveur de Rembrandt; seguace di Rembrandt
    seguidor de Rembrandt; navolger van Rembrandt; Italian follower of Rembrandt; Anonymous follower of Rembrandt""",
    ("after", "Rembrandt"): """
    After Rembrandt; Rembrandt, after; Rembrandt (after); nach Rembrandt; d'après Rembrandt; D’après Rembrandt
    naar Rembrandt; da Rembrandt; según Rembrandt; Dutch School, after Rembrandt; Anonymous, after Rembrandt""",
    ("school of", "Rembrandt"): """
    School of Rembrandt; Rembrandt, school of; Rembrandt-Schule; Schule des Rembrandt; école de Rembrandt
    scuola di Rembrandt; school van Rembrandt; Rembrandt School""",
    ("manner of", "Rembrandt"): """
    Manner of Rembrandt; Rembrandt, Manner of; In the manner of Rembrandt; Art des Rembrandt; manière de Rembrandt
    maniera di Rembrandt; In der Art des Rembrandt""",
    ("copy after", "Rembrandt"): """
    Copy after Rembrandt; Kopie nach Rembrandt; copie d'après Rembrandt; copia de Rembrandt; Rembrandt (copia da)""",
    ("imitator of", "Rembrandt"): "Imitator of Rembrandt; Nachahmer von Rembrandt; imitateur de Rembrandt",
    ("style of", "Rembrandt"): "Style of Rembrandt; In the style of Rembrandt; estilo de Rembrandt",
    ("pupil of", "Rembrandt"): """
    Pupil of Rembrandt; Schüler von Rembrandt; Unknown pupil of Rembrandt; Student of Rembrandt""",
    ("possibly", "Rembrandt"): """
    Rembrandt?; Rembrandt (?); Possibly by Rembrandt; vermutlich Rembrandt; maybe Rembrandt""",
    ("formerly attributed to", "Rembrandt"): "Formerly attributed to Rembrandt; ehemals Rembrandt",
    ("attributed to workshop of", "Rembrandt"): "Attributed to the Workshop of Rembrandt",
    ("with others", "Rubens"): """
    Rubens and workshop; Rubens & workshop; Rubens und Werkstatt; Rubens et atelier; Rubens and his assistants
    Rubens et al.""",
    ("workshop of", "Рубенс"): "мастерская Рубенса",
    ("workshop of", "Lucas Cranach der Ältere"): "Werkstatt Lucas Cranach der Ältere",
    ("manner of", "Dupré, Guillaume"): "Dupré, Guillaume, Manner of",
    ("workshop of", "Rembrandt van Rijn (Dutch, 1606-1669)"): "Rembrandt van Rijn (Dutch, 1606-1669) (workshop of)",
}  # fmt: skip
OF_ITS_OWN = {
    "workshop of": "workshop; Werkstatt; Studio; workshop of; and workshop; Venetian workshop",
    "attributed to": "attributed; zugeschrieben; attributed to",
    "circle of": "Umkreis",
    "copy after": "copy; Kopie; Copyist",
    "forgery of": "forger",
    "after": "nach; after",
    "pupil of": "pupil",
}
"""Qualifiers as a list of artists may have them for an item of its own."""
SEVERAL = {
    "Rubens; Brueghel": ("Rubens", "Brueghel"),
    "Rubens | Brueghel": ("Rubens", "Brueghel"),
    "Rubens|Brueghel": ("Rubens", "Brueghel"),
    "Rubens / Brueghel": ("Rubens", "Brueghel"),
    '["Rubens", "Brueghel"]': ("Rubens", "Brueghel"),
    "['Rubens', 'Brueghel']": ("Rubens", "Brueghel"),
    "Rubens and Titian": ("Rubens", "Titian"),
    "Rubens & Titian": ("Rubens", "Titian"),
    "Peter Paul Rubens und Jan Brueghel d. Ä.": ("Peter Paul Rubens", "Jan Brueghel d. Ä."),
    "Peter Paul Rubens, Frans Snyders": ("Peter Paul Rubens", "Frans Snyders"),
}
ONE = """
    Leonardo da Vinci; da Vinci; Vinci, Leonardo da; El Greco; Il Bolognese; Veronese; Roman; Norman; Frans Hals; West
    Monet, Claude; Holbein, Hans, the Younger; Hans Holbein the Younger; Gilbert & George
    Komar and Melamid; Christo and Jeanne-Claude; Peter Fischli and David Weiss; Elmgreen & Dragset; Art & Language
    Hans Rottenhammer und …; Luis Paret y Alcazar; Mariano Fortuny y Marsal; Maria Helena Vieira da Silva
    Studio Drift; Atelier van Lieshout; Polaroid Studio; Wiener Werkstätte; Studio 54; Style Wars; General Idea
    Meister Bertram; Master L; Master E. S.; Pseudo-Jacopino; Meister, Georg; De Meester; Maître Leherb; Maler Müller
    Schuler, Max; Edmund Schuler; Else Lasker-Schüler; Jane Doe (student); Art Spiegelman; French, Daniel Chester
    Church of the Covenant (Boston); Petro Kholodny (Elder); Cima da Conegliano; Daniele da Volterra; 69; X
    Claude Monet (French, 1840–1926); Monet, Claude, 1840-1926; Segun Adeku; Artist; Nan Goldin; Frans Post
"""


def listed(text: str) -> list[str]:
    return [entry for line in text.strip().splitlines() for entry in map(str.strip, line.split(";")) if entry]


def read(field: str) -> Hand:
    return read_hands([field, *KNOWN])[field]


@pytest.mark.parametrize("field", listed(NOBODY))
def test_read_hands_knows_nobody(field: str) -> None:
    assert read(field).artists == ()
    assert read(field).doubt == "by no named artist"


@pytest.mark.parametrize(
    ("field", "qualifier", "artist"), [(field, *near) for near, fields in NEAR.items() for field in listed(fields)]
)
def test_read_hands_takes_a_qualifier_off_the_artist(field: str, qualifier: str, artist: str) -> None:
    assert read(field) == Hand((artist,), qualifier)
    assert read(field).doubt == "by a hand near an artist"


@pytest.mark.parametrize(
    ("item", "qualifier"), [(item, name) for name, items in OF_ITS_OWN.items() for item in listed(items)]
)
def test_read_hands_takes_a_qualifier_that_is_an_item_of_its_own(item: str, qualifier: str) -> None:
    near = Hand(("Titian",), qualifier)
    assert read(f"Titian; {item}") == read(f"Titian | {item}") == read(f"['Titian', '{item}']") == near
    assert read(f"Titian\n{item}") == read(f"{item}; Titian; 1490-1576") == near


@pytest.mark.parametrize("item", ["1490-1576", "Italian", "Venetian School"])
def test_read_hands_leaves_what_is_no_qualifier_aside(item: str) -> None:
    assert read(f"Titian; {item}") == Hand(("Titian",))


@pytest.mark.parametrize(("field", "artists"), SEVERAL.items())
def test_read_hands_divides_several_artists(field: str, artists: tuple[str, ...]) -> None:
    assert read(field).artists == artists
    assert read(field).doubt == "by several artists"


@pytest.mark.parametrize("field", listed(ONE))
def test_read_hands_leaves_one_artist_whole(field: str) -> None:
    assert read(field).artists == (field,)
    assert read(field).is_sure


def test_read_hands_divides_a_joint_name_only_for_artists_with_works_of_their_own() -> None:
    assert read_hands(["Ek and Bo", "Ek", "Bo"])["Ek and Bo"].artists == ("Ek", "Bo")
    alone = read_hands(["Ek and Bo", "Ek"])["Ek and Bo"]
    assert (alone.artists, alone.members) == (("Ek and Bo",), ("Ek",))
    assert read_hands(["Ek and Bo"])["Ek and Bo"] == Hand(("Ek and Bo",))


@pytest.mark.parametrize(
    ("field", "artists"),
    [
        ("Rubens and Snyders", ("Rubens", "Snyders")),  # both are well known
        ("Giorgione/Titian", ("Giorgione", "Titian")),
        ("Ek, Jo & Bo, Eva", ("Ek, Jo", "Bo, Eva")),  # surnames first
        ("Ek, Jo and Bo, Eva", ("Ek, Jo", "Bo, Eva")),
        ("Gilbert & George", ("Gilbert & George",)),
        ("Christo and Jeanne-Claude", ("Christo and Jeanne-Claude",)),
    ],
)
def test_read_hands_divides_a_joint_name_by_what_it_says(field: str, artists: tuple[str, ...]) -> None:
    assert read(field).artists == artists


def test_read_hands_of_one_listed_artist_is_that_artist() -> None:
    assert (
        read('["Claude Monet"]')
        == read("Claude Monet;")
        == read("Claude Monet; Claude Monet")
        == Hand(("Claude Monet",))
    )
    assert read("Monet, Claude; 1840-1926") == Hand(("Monet, Claude",))
    assert read("schilder: Rembrandt van Rijn") == Hand(("Rembrandt van Rijn",))
    assert read("Rubens; Unknown").qualifier == "with others"
    assert read("Philips Galle after Pieter Bruegel").artists == ("Philips Galle", "Pieter Bruegel")


def test_read_hands_leaves_every_artist_of_the_shared_catalogues_whole(collections: Path) -> None:
    paths = [*collections.glob("*/all_data_info.csv"), *collections.glob("pbn/df_*.csv")]
    if not paths:
        pytest.skip("no catalogue")
    names = {name.strip() for path in paths for name in pd.read_csv(path, dtype=str, keep_default_na=False)["artist"]}
    assert {name: hand for name, hand in read_hands(names).items() if hand != Hand((name,))} == {}


WORDS = "Unknown workshop of Rembrandt ( ) , ; & and after nach ? [ ] 's -Werkstatt Italian 17th century Master da | /"


@given(st.lists(st.sampled_from(WORDS.split()), max_size=8).map(" ".join) | st.text(max_size=30))
def test_read_hands_of_any_text_ends(field: str) -> None:
    hand = read_hands([field])[field]
    assert bool(hand.doubt) != hand.is_sure


def test_read_hands_of_long_texts_and_many_artists_takes_no_time() -> None:
    started = time.monotonic()
    read_hands(["a " * 5_000, "(" * 5_000, "of " * 5_000, "A and " * 2_000, "[" * 3_000 + "]", "after " * 3_000])
    assert time.monotonic() - started < 5
