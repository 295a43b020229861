"""Columns of a catalogue under the names that people give them, in six languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

ARTIST, FILE = "artist", "new_filename"
SYNONYMS: dict[str, tuple[str, ...]] = {
    ARTIST: (
        "artist", "artist name", "artist display name", "artist full name", "name of the artist", "artists", "painter",
        "painter name", "painters", "creator", "creator name", "creators", "maker", "maker name", "makers",
        "principal maker", "principal or first maker", "author", "author name", "authors", "attribution",
        "attributed to",
        "Künstler", "Kuenstler", "KünstlerIn", "Künstler/in", "Künstlername", "Name des Künstlers", "Maler", "Malerin",
        "Urheber", "Autor", "Hersteller", "Zuschreibung",
        "artiste", "nom de l'artiste", "nom artiste", "peintre", "auteur", "créateur",
        "artista", "nombre del artista", "pintor", "pintora", "creador", "autoría",
        "nome dell'artista", "pittore", "autore", "creatore",
        "kunstenaar", "naam kunstenaar", "schilder", "vervaardiger",
        "label", "class",
    ),
    FILE: (
        "new_filename", "filename", "file name", "file", "files", "file path", "path", "relative path", "full path",
        "image file", "image file name", "image filename", "image path", "image name", "image", "images", "img",
        "img path", "picture", "picture file", "photo", "photo file", "scan",
        "Datei", "Dateiname", "Dateipfad", "Pfad", "Bilddatei", "Bild", "Bildname", "Bildpfad", "Abbildung", "Foto",
        "fichier", "nom de fichier", "nom du fichier", "nom fichier", "chemin", "fichier image", "nom image", "photo",
        "archivo", "nombre de archivo", "nombre del archivo", "nombre archivo", "fichero", "nombre de fichero", "ruta",
        "imagen", "archivo de imagen", "nome file", "nome del file", "percorso", "immagine", "file immagine",
        "bestand", "bestandsnaam", "bestandspad", "pad", "afbeelding", "afbeeldingsbestand",
        "image url", "url", "thumbnail url", "link",
        "image id", "object id", "id", "inventory number", "inventory no", "accession number", "Inventarnummer",
        "Inv.-Nr.", "numéro d'inventaire", "número de inventario", "numero d'inventario", "inventarisnummer",
    ),
    "title": (
        "title", "work title", "title of work", "artwork", "artwork title", "artwork name", "object title",
        "object name", "painting", "painting title", "Titel", "Werktitel", "Bildtitel", "titre", "titre de l'oeuvre",
        "titre de l'œuvre", "título", "título de la obra", "titolo", "titolo dell'opera",
    ),
    "date": (
        "date", "year", "dated", "dating", "display date", "object date", "creation date", "date created",
        "date of creation", "year created", "creation year", "year of creation", "production date", "Datum", "Jahr",
        "Datierung", "Entstehungsjahr", "Entstehungszeit", "année", "date de création", "datation", "fecha", "año",
        "fecha de creación", "data", "anno", "datazione", "data di creazione", "datering", "jaar", "jaartal",
    ),
    "style": (
        "style", "styles", "art style", "movement", "art movement", "Stil", "Stilrichtung", "Kunstrichtung",
        "mouvement", "estilo", "movimiento", "stile", "movimento", "stijl", "stroming",
    ),
    "genre": (
        "genre", "genres", "Gattung", "Bildgattung", "género", "genere",
    ),
}  # fmt: skip
"""Names of a catalogue's columns in order of preference. Compared are letters and digits alone, without accents and
capitals. `label` and `class`, and for the file a URL or a number, come last: they may mean something else."""
PLAIN = {"artist", "newfilename", "filename"}
"""Names that need no explanation, folded."""


def fold_header(name: str) -> str:
    """A column's name as it is compared: lower case letters and digits, without accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(re.findall(r"[^\W_]", "".join(one for one in letters if not unicodedata.combining(one))))


_RANKS = {
    field: {folded: rank for rank, folded in reversed(list(enumerate(map(fold_header, names))))}
    for field, names in SYNONYMS.items()
}


def find_columns(header: Sequence[str], field: str) -> list[int]:
    """The numbers of the columns that may be `field`, the preferred one first."""
    ranks = _RANKS.get(field, {fold_header(field): 0})
    folded = [fold_header(name) for name in header]
    return sorted((number for number, name in enumerate(folded) if name in ranks), key=lambda n: (ranks[folded[n]], n))


def is_catalogue_header(header: Sequence[str]) -> bool:
    """Whether a row names both the artist and the file."""
    return bool(find_columns(header, ARTIST)) and bool(find_columns(header, FILE))


def count_known(header: Sequence[str]) -> int:
    """How many of the fields a row names."""
    return sum(bool(find_columns(header, field)) for field in SYNONYMS)
