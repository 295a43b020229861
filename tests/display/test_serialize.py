import csv
import io
import json
from dataclasses import replace

import pytest

from painter_search.attribution.answers import ArtistMatch, Attribution, FailedQuery, Neighbour
from painter_search.collection.work import Work
from painter_search.common.files.atomic_io import digest_file
from painter_search.common.files.csv_io import BYTE_ORDER_MARK
from painter_search.display.console.attribution import show_answers
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex

WORK = Work("c", "a.jpg", "Ada", "A [red] title", "1900")
NEIGHBOUR = Neighbour(1, WORK, 0.5, 0.912)
MATCHES = ArtistMatch("Ada", 3, 0.8, 0.683, (NEIGHBOUR,)), ArtistMatch("Bo", 1, 0.9, 0.1, ())
SURE = Attribution('a, "b".jpg', (), MATCHES, 0.9, True, b"")
UNSURE = replace(
    SURE, painting="u.jpg", artists=SURE.artists[:1], artist_known=0.2, named=False, same_works=(NEIGHBOUR,)
)
BAD = FailedQuery("[bold]x[/bold].jpg", "not an image")


def test_show_answers_prints_the_verdict_first_and_rounds_probabilities(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([SURE, UNSURE], calibrated_index)
    text = capsys.readouterr().out
    assert text.startswith('a, "b".jpg: its style speaks most for Ada (about 70 %), on 3 works')
    flowing = " ".join(text.split())
    assert (
        "u.jpg, that picture left out: none of the artists compared with is close; its style speaks most for Ada"
        in flowing
    )
    assert "by artists in this index and by others are asked about equally often; " in flowing
    assert '"as a pair", that half of the pairs are by one artist.' in flowing
    assert "u.jpg: this very picture is in the index: A [red] title by Ada." in text
    assert UNSURE.verdict == "this very picture is in the index: A [red] title by Ada"
    assert "about 90 %" in text
    assert "A [red] title, 1900" in text
    assert "0.683" not in text
    assert "no calibration" not in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_show_answers_fits_into_a_terminal(
    width: int, calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = replace(WORK, title="The Water-Lily Pond with the Japanese Bridge at Giverny")
    matches = tuple(replace(match, works=(Neighbour(1, work, 0.5, 0.6),)) for match in MATCHES)
    monkeypatch.setattr("painter_search.display.console.attribution.output_width", lambda: width)
    monkeypatch.setattr("painter_search.display.console.tables.output_width", lambda: width)
    show_answers([replace(SURE, artists=matches)], calibrated_index)
    text = capsys.readouterr().out
    rows = [line for line in text.splitlines() if line[:1] in "┃│┏┡└"]
    assert max(map(len, rows)) <= width
    assert "…" not in text
    assert "about 70 %" in "\n".join(rows)
    assert ("as a pair" in text) == ("distance" in text) == (width == 120)


def test_show_answers_speaks_of_the_works_that_a_filter_left(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    filtered = calibrated_index.filtered(WorkFilter(artists=(calibrated_index.artists.names[0],)))
    show_answers([replace(UNSURE, same_works=())], filtered)
    text = " ".join(capsys.readouterr().out.split())
    assert "none of the artists compared with is close" in text
    assert "by the artists compared with and by others are asked about equally often" in text
    assert "in this index is" not in text


def test_show_answers_of_an_uncalibrated_index_says_so_once_and_prints_no_probability(
    small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = replace(SURE, artists=(ArtistMatch("Ada", 3, 0.8, None, (Neighbour(1, WORK, 0.5),)),), artist_known=None)
    show_answers([plain, plain], small_index)
    text = capsys.readouterr().out
    assert "probability" not in text
    assert "pair" not in text
    assert text.count("has no calibration") == 1


def test_show_answers_prints_square_brackets_literally(
    small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([BAD], small_index)
    assert "[bold]x[/bold].jpg: not an image" in capsys.readouterr().out


def test_answers_to_dict_has_the_citation_and_no_path(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([SURE, BAD], calibrated_index, output_format="json")
    text = capsys.readouterr().out
    found = json.loads(text)
    assert found["index"] == calibrated_index.digest
    assert found["encoder"]["sha256"] == digest_file(calibrated_index.folder / "encoder.onnx")
    manifest = calibrated_index.manifest
    corpus = {"works": manifest.works, "artists": manifest.artists, "collections": list(manifest.collections)}
    assert found["corpus"] == corpus
    assert found["calibrated"]
    assert found["date"].count("-") == 2
    assert found["painter_search"]
    assert found["engine"].startswith(("openvino", "onnxruntime"))
    assert found["answers"][0]["known"] == 0.9
    assert found["answers"][0]["artists"][0]["probability"] == 0.683
    assert found["answers"][0]["artists"][0]["works_in_index"] == 3
    assert found["answers"][1] == {"painting": BAD.painting, "reason": BAD.reason}
    assert str(calibrated_index.folder.parent) not in text


def test_answers_to_rows_has_one_row_a_painting(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([SURE, BAD, UNSURE], calibrated_index, output_format="csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out.removeprefix(BYTE_ORDER_MARK))))
    assert [row["painting"] for row in rows] == [SURE.painting, BAD.painting, UNSURE.painting]
    assert [row["named"] for row in rows] == ["true", "", "false"]
    assert rows[0]["verdict"] == SURE.verdict
    assert (rows[0]["artist_2"], rows[0]["probability_2"], rows[0]["works_2"]) == ("Bo", "0.1000", "1")
    assert (rows[1]["reason"], rows[1]["artist_1"]) == ("not an image", "")
    assert (rows[2]["same_work"], rows[2]["artist_2"]) == ("c/a.jpg", "")


def test_rows_to_csv_begins_with_the_mark_by_which_excel_knows_utf_8(
    calibrated_index: PaintingIndex, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    show_answers([replace(BAD, painting="Dürer.jpg")], calibrated_index, output_format="csv")
    written = capsysbinary.readouterr().out
    assert written.startswith(b"\xef\xbb\xbfpainting,")
    assert "Dürer.jpg".encode() in written


def test_rows_to_csv_defuses_formulas(calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]) -> None:
    show_answers([replace(BAD, painting="=HYPERLINK(1).jpg")], calibrated_index, output_format="csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out.removeprefix(BYTE_ORDER_MARK))))
    assert [row["painting"] for row in rows] == ["'=HYPERLINK(1).jpg"]
