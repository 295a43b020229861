"""Columns of a catalogue under the names that people give them, in the languages of Europe and East Asia."""

from __future__ import annotations

import re
from collections.abc import Sequence

from painter_search.common.text import without_accents

ARTIST, FILE, QUALIFIER = "artist", "new_filename", "qualifier"
SYNONYMS: dict[str, tuple[str, ...]] = {
    ARTIST: (
        "artist", "artist name", "artist's name", "artist display name", "artist full name", "name of the artist",
        "artist/maker", "artists", "painter", "painter name", "painters", "creator", "creator name", "creatorLabel",
        "object creator", "creators", "maker", "maker name", "makers",
        "principal maker", "principal or first maker", "author", "author name", "authors", "attribution",
        "attributed to",
        "Künstler", "Kuenstler", "KünstlerIn", "Künstler/in", "Künstler / Künstlerin", "Künstler:innen",
        "Künstlername", "Name des Künstlers", "Maler", "Malerin",
        "Urheber", "Autor", "Hersteller", "Zuschreibung",
        "artiste", "nom de l'artiste", "nom artiste", "peintre", "auteur", "créateur",
        "artista", "nombre del artista", "pintor", "pintora", "creador", "autoría",
        "nome dell'artista", "pittore", "autore", "creatore",
        "kunstenaar", "naam kunstenaar", "kunstenaars", "schilder", "vervaardiger",
        "художник", "автор", "имя художника", "живописец", "artysta", "malarz", "twórca", "konstnär", "målare",
        "kunstner", "maler", "taiteilija", "umělec", "malíř", "művész", "festő", "sanatçı", "ressam", "καλλιτέχνης",
        "ζωγράφος", "autor da obra", "criador", "作者", "作者名", "画家", "作家",
        "艺术家", "藝術家", "아티스트", "작가", "화가",
        "label", "class", "artist display",
    ),
    FILE: (
        "new_filename", "filename", "file name", "file", "files", "file path", "path", "relative path", "full path",
        "image file", "image file name", "image filename", "image path", "image name", "image", "images", "img",
        "img path", "img file", "image file path", "rel path", "media file", "picture", "picture file",
        "photo", "photo file", "scan",
        "Datei", "Dateiname", "Dateipfad", "Pfad", "Bilddatei", "Bild", "Bildname", "Bildpfad", "Abbildung", "Foto",
        "fichier", "nom de fichier", "nom du fichier", "nom fichier", "chemin", "fichier image", "nom du fichier image",
        "nom image", "photo",
        "archivo", "nombre de archivo", "nombre del archivo", "nombre archivo", "fichero", "nombre de fichero", "ruta",
        "imagen", "archivo de imagen", "nome file", "nome del file", "percorso", "immagine", "file immagine",
        "файл", "имя файла", "путь", "изображение", "plik", "nazwa pliku", "ścieżka", "obraz", "fil", "filnamn",
        "filnavn", "bild fil", "billede", "bilde", "sökväg", "sti", "tiedosto", "tiedostonimi", "kuva", "soubor",
        "název souboru", "obrázek", "fájl", "fájlnév", "kép", "dosya", "dosya adı", "görsel", "αρχείο", "όνομα αρχείου",
        "arquivo", "nome do arquivo", "nome arquivo", "ficheiro", "nome do ficheiro", "imagem", "caminho",
        "ファイル", "ファイル名", "画像", "文件", "文件名", "檔名", "图片", "圖片", "파일", "파일명", "이미지",
        "bestand", "bestandsnaam", "bestandspad", "pad", "afbeelding", "afbeeldingsbestand",
        "attachments", "primary image", "object image", "image url", "image link", "src", "url", "thumbnail url",
        "link",
        "image id", "object id", "id", "inventory number", "inventory no", "inv no", "accession number", "accession no",
        "accession #", "acc no", "object number", "object no", "object inventory number", "museum number", "identifier",
        "Inventarnummer", "Inventarnr.", "Inv.-Nr.", "Inv.-Nummer", "Objektnummer", "n° inventaire",
        "numéro d'inventaire", "número de inventario", "numero d'inventario", "inventarisnummer",
    ),
    "title": (
        "title", "work title", "title of work", "artwork", "artwork title", "artwork name", "object title",
        "object name", "painting", "painting title", "Titel", "Werktitel", "Bildtitel", "titre", "titre de l'oeuvre",
        "titre de l'œuvre", "título", "título de la obra", "titolo", "titolo dell'opera",
        "название", "название картины", "tytuł", "titel", "tittel", "titulek", "název", "cím", "nimi", "eser adı",
        "τίτλος", "título da obra", "題名", "作品名", "タイトル", "标题", "作品名称", "제목",
    ),
    "date": (
        "date", "year", "dated", "dating", "display date", "object date", "creation date", "object creation date",
        "date created",
        "date of creation", "year created", "creation year", "year of creation", "production date", "Datum", "Jahr",
        "Datierung", "Entstehungsjahr", "Entstehungszeit", "année", "date de création", "datation", "fecha", "año",
        "fecha de creación", "data", "anno", "datazione", "data di creazione", "datering", "jaar", "jaartal",
        "дата", "год", "датировка", "rok", "data powstania", "datowanie", "år", "datace", "év", "vuosi", "tarih", "yıl",
        "έτος", "χρονολογία", "ano", "data da obra", "制作年", "年代", "日期", "年份", "연도",
    ),
    "style": (
        "style", "styles", "art style", "movement", "art movement", "Stil", "Stilrichtung", "Kunstrichtung",
        "mouvement", "estilo", "movimiento", "stile", "movimento", "stijl", "stroming",
    ),
    "genre": (
        "genre", "genres", "Gattung", "Bildgattung", "género", "genere",
    ),
    QUALIFIER: (
        "qualifier", "artist prefix", "artist suffix", "artist qualifier", "attribution qualifier", "creator qualifier",
        "maker qualifier", "attribution", "attribution type", "Zuschreibung", "Zuschreibungsgrad", "Zuschreibungsart",
        "précisions auteur", "précision auteur", "précisions sur l'auteur",
    ),
}  # fmt: skip
"""Names of a catalogue's columns in order of preference. Compared are letters and digits alone, without accents and
capitals. `label` and `class`, and for the file a URL or a number, come last: they may mean something else. Left out are
`Artist title`, which may hold `Mr` or a title too, and `Primary artist`, which may hold `yes`."""
WEAK = {"label", "class"}
"""Columns that may mean something else than artists, folded."""
NUMBER = "image id"
"""The first of the names of a file's column that stands for a number."""
PLAIN = {"artist", "newfilename", "filename"}
"""Names that need no explanation, folded."""


def fold_header(name: str) -> str:
    """A column's name as it is compared: lower case letters and digits, without accents."""
    return "".join(re.findall(r"[^\W_]", without_accents(name.casefold())))


FINAL_NUMBER = re.compile(r"(?:\[\d{1,2}\]|[\s_]\d{1,2}|(?<=[^\W\d_])\d{1,2})\s*$")
BESIDE_HEADERS = re.compile(rf"^\s*(?:dc|dcterms|dublin core)\s*[:.]|\(s\)|{FINAL_NUMBER.pattern}", re.IGNORECASE)
"""What stands beside a column's name: a vocabulary, a plural, a number (`dc:creator`, `Auteur(s)`, `image_1`)."""


def fold_bare(name: str) -> str:
    """A column's name folded without what stands beside it."""
    return fold_header(BESIDE_HEADERS.sub("", name))


def _is_further(name: str) -> bool:
    """Whether a column is that of a second or later value of a work: `Artist 2`, `image_03`."""
    found = FINAL_NUMBER.search(name)
    return found is not None and int("".join(filter(str.isdigit, found[0]))) > 1


_RANKS = {
    field: {folded: rank for rank, folded in reversed(list(enumerate(map(fold_header, names))))}
    for field, names in SYNONYMS.items()
}


def find_columns(header: Sequence[str], field: str) -> list[int]:
    """The numbers of the columns that may be `field`, the preferred one first, those of second values last."""
    ranks = _RANKS.get(field, {fold_header(field): 0})
    found = []
    for number, name in enumerate(header):
        folded = fold_header(name)
        rank = ranks.get(folded, ranks.get(fold_bare(name)))
        if rank is not None:
            found.append((_is_further(name), rank, folded not in ranks, number))
    return [number for *_, number in sorted(found)]


def numbered_artists(header: Sequence[str]) -> list[int]:
    """The numbers of the columns of a work's several artists, the preferred first: `Artist 1` and `Artist 2`."""
    found = find_columns(header, ARTIST)
    together = [number for number in found if fold_bare(header[number]) == fold_bare(header[found[0]])]
    is_numbered = any(FINAL_NUMBER.search(header[number]) for number in together)
    return together if is_numbered and len(together) > 1 and fold_bare(header[found[0]]) not in WEAK else []


GIVEN = frozenset(map(fold_header, (
    "first name", "given name", "forename", "artist first name", "artist first", "Vorname", "prénom", "nombre", "nome",
    "voornaam", "имя", "artist forename", "artist given name",
)))  # fmt: skip
FAMILY = frozenset(map(fold_header, (
    "last name", "family name", "surname", "artist last name", "artist last", "Nachname", "Familienname", "nom",
    "nom de famille", "apellido", "apellidos", "cognome", "sobrenome", "achternaam", "фамилия", "artist surname",
    "artist family name",
)))  # fmt: skip
"""Two columns for an artist's name, folded."""


def name_columns(header: Sequence[str]) -> tuple[int, int] | None:
    """The numbers of the columns of given and family names, where a table has one of each."""
    folded = [fold_header(name) for name in header]
    found = [[at for at, name in enumerate(folded) if name in names] for names in (GIVEN, FAMILY)]
    return (found[0][0], found[1][0]) if len(found[0]) == len(found[1]) == 1 else None


def lacks_whole_names(header: Sequence[str]) -> bool:
    """Whether no column holds the first artist's whole name alone, as neither `Artist 2` nor `Artist display` does."""
    return all(
        _is_further(header[number]) or fold_bare(header[number]) == "artistdisplay"
        for number in find_columns(header, ARTIST)
    )


FOLDERS = tuple(map(fold_header, (
    "folder", "directory", "dir", "folder name", "folder path", "image folder", "subfolder", "path", "file path",
    "relative path", "Ordner", "Verzeichnis", "Pfad", "dossier", "répertoire", "chemin", "carpeta", "directorio",
    "ruta", "cartella", "percorso", "pasta", "caminho", "bestandspad", "pad", "папка", "путь",
)))  # fmt: skip
"""Columns that may hold the folders of files whose bare names stand in another, folded."""


def find_folders(header: Sequence[str]) -> list[int]:
    """The numbers of the columns that may hold the files' folders."""
    return [number for number, name in enumerate(header) if fold_header(name) in FOLDERS]


def names_files(header: Sequence[str]) -> bool:
    """Whether a row has a column of files that is not one of works' numbers, such as `id`."""
    return find_columns([*header, NUMBER], FILE)[0] < len(header)


def is_catalogue_header(header: Sequence[str]) -> bool:
    """Whether a row names both the artist and the file; not both with a number, which may be data: `Maler 1;Bild 1`."""
    is_named, has_files = bool(find_columns(header, ARTIST)), bool(find_columns(header, FILE))
    if name_columns(header) is not None:
        return has_files
    return is_named and has_files and (names_plainly(header, ARTIST) or names_plainly(header, FILE))


def names_plainly(header: Sequence[str], field: str) -> bool:
    """Whether a row names a field without a number behind it, which values have too: `scan_1`."""
    return any(not FINAL_NUMBER.search(header[number]) for number in find_columns(header, field))


def count_known(header: Sequence[str]) -> int:
    """How many of the fields a row names."""
    return sum(bool(find_columns(header, field)) for field in SYNONYMS)
