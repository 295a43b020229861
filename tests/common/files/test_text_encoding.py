"""Text files in the encodings that people's programs save."""

from __future__ import annotations

import pytest

from painter_search.common.files.text_encoding import decode_text

WESTERN = "artist;filename;title\r\nÉdouard Manet;1.jpg;Le Déjeuner sur l'herbe\r\nClaude Monet;2.jpg;Étretat\r\n"
GERMAN = "artist,filename\nAlbrecht Dürer,1.jpg\nLucas Cranach der Ältere,2.jpg\nGabriele Münter,3.jpg\n"
SPANISH = "artist,filename\nDiego Velázquez,1.jpg\nJoaquín Sorolla,2.jpg\nFrancisco de Zurbarán,3.jpg\n"
NORDIC = "artist,filename\nVilhelm Hammershøi,1.jpg\nPeder Severin Krøyer,2.jpg\nChristian Krohg,3.jpg\n"
POLISH = "artist,filename\nStanisław Wyspiański,1.jpg\nJózef Chełmoński,2.jpg\nMikoláš Aleš,3.jpg\n"
RUSSIAN = "artist,filename,title\nИлья Репин,1.jpg,Бурлаки\nИван Шишкин,2.jpg,Сосновый лес\n"  # noqa: RUF001
JAPANESE = "artist,filename,title\n葛飾北斎,1.jpg,富嶽三十六景\n歌川広重,2.jpg,東海道五十三次\n"


@pytest.mark.parametrize("text", [WESTERN, RUSSIAN, JAPANESE, "", "artist,filename\nMonet,1.jpg\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_decode_text_is_sure_of_unicode(text: str, encoding: str) -> None:
    decoded = decode_text(text.encode(encoding))
    assert (decoded.text, decoded.guessed, decoded.remark("c.csv")) == (text, "", "")


@pytest.mark.parametrize("text", [WESTERN, RUSSIAN, JAPANESE])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_decode_text_reads_utf_16_without_byte_order_mark(text: str, encoding: str) -> None:
    decoded = decode_text(text.encode(encoding))
    assert (decoded.text, decoded.guessed) == (text, encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, encoding) for text in (WESTERN, GERMAN, SPANISH) for encoding in ("cp1252", "mac-roman", "cp850")),
        (GERMAN, "cp437"), (GERMAN, "latin-1"), (NORDIC, "cp1252"), (POLISH, "cp1250"),
        *((RUSSIAN, encoding) for encoding in ("cp1251", "koi8-r", "cp866", "mac-cyrillic")), (JAPANESE, "cp932"),
        (GERMAN * 300, "cp1252"), (GERMAN[:36], "cp1252"), (WESTERN[:72], "cp1252"),
    ],
)  # fmt: skip
def test_decode_text_guesses_other_encodings_and_says_so(text: str, encoding: str) -> None:
    decoded = decode_text(text.encode(encoding))
    assert decoded.text == text
    telling = [line for line in text.splitlines() if not line.isascii()]
    assert decoded.remark("c.csv") == (
        f"c.csv is read as {decoded.guessed}, e.g. {telling[:2][-1]!r}; if that looks wrong, save it as UTF-8."
    )


def test_decode_text_reads_single_lines_of_another_origin() -> None:
    content = GERMAN.encode() + "Jürgen Ovens,4.jpg\n".encode("cp1252")
    decoded = decode_text(content)
    assert decoded.text == GERMAN + "Jürgen Ovens,4.jpg\n"
    assert decoded.remark("c.csv").startswith("c.csv is read as UTF-8, but 1 line as cp1252, e.g. 'Jürgen Ovens,4.jpg'")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\xff", b"\x81\x8d", b"\x00", b"\x00\xff" * 9, bytes(range(256))])
def test_decode_text_reads_anything(content: bytes) -> None:
    assert isinstance(decode_text(content).text, str)
