import csv
import io
import json
from dataclasses import replace

import pytest

from painter_search.collection.work import Work
from painter_search.display.attributions import show_answers
from painter_search.folders import digest_file
from painter_search.retrieval.attribution import ArtistMatch, Attribution, Neighbour, Unanswered
from painter_search.retrieval.painting_index import PaintingIndex

WORK = Work("c", "a.jpg", "Ada", "A [red] title", "1900")
NEIGHBOUR = Neighbour(1, WORK, 0.5, 0.912)
MATCHES = ArtistMatch("Ada", 3, 0.8, 0.683, (NEIGHBOUR,)), ArtistMatch("Bo", 1, 0.9, 0.1, ())
SURE = Attribution('a, "b".jpg', (), MATCHES, 0.9, True, b"")
UNSURE = replace(SURE, painting="u.jpg", artists=SURE.artists[:1], known=0.2, named=False, same_works=(NEIGHBOUR,))
BAD = Unanswered("[bold]x[/bold].jpg", "not an image")


def test_the_verdict_stands_first_and_probabilities_are_rounded(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([SURE, UNSURE], calibrated_index)
    said = capsys.readouterr().out
    assert said.startswith('a, "b".jpg: nearest in style to Ada (about 70 %), on 3 works')
    assert "u.jpg: no artist in this index is close; nearest in style: Ada" in said
    assert "about 90 %" in said
    assert "A [red] title, 1900" in said
    assert "0.683" not in said
    assert "no calibration" not in said


def test_without_calibration_there_is_no_probability_and_one_sentence_says_so(
    small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = replace(SURE, artists=(ArtistMatch("Ada", 3, 0.8, None, (Neighbour(1, WORK, 0.5),)),), known=None)
    show_answers([plain, plain], small_index)
    said = capsys.readouterr().out
    assert "probability" not in said
    assert "pair" not in said
    assert said.count("has no calibration") == 1


def test_names_with_square_brackets_are_printed_as_they_are(
    small_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([BAD], small_index)
    assert "[bold]x[/bold].jpg: not an image" in capsys.readouterr().out


def test_json_holds_what_a_citation_needs_and_no_path(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([SURE, BAD], calibrated_index, "json")
    text = capsys.readouterr().out
    found = json.loads(text)
    assert found["index"] == calibrated_index.digest
    assert found["encoder"]["sha256"] == digest_file(calibrated_index.folder / "encoder.onnx")
    assert found["corpus"] == {key: calibrated_index.manifest[key] for key in ("works", "artists", "collections")}
    assert found["calibrated"]
    assert found["date"].count("-") == 2
    assert found["painter_search"]
    assert found["engine"].startswith("onnxruntime")
    assert found["answers"][0]["known"] == 0.9
    assert found["answers"][0]["artists"][0]["probability"] == 0.683
    assert found["answers"][0]["artists"][0]["works_in_index"] == 3
    assert found["answers"][1] == {"painting": BAD.painting, "reason": BAD.reason}
    assert str(calibrated_index.folder.parent) not in text


def test_csv_has_one_row_a_painting(calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]) -> None:
    show_answers([SURE, BAD, UNSURE], calibrated_index, "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["painting"] for row in rows] == [SURE.painting, BAD.painting, UNSURE.painting]
    assert [row["named"] for row in rows] == ["true", "", "false"]
    assert rows[0]["verdict"] == SURE.verdict
    assert (rows[0]["artist_2"], rows[0]["probability_2"], rows[0]["works_2"]) == ("Bo", "0.1000", "1")
    assert (rows[1]["reason"], rows[1]["artist_1"]) == ("not an image", "")
    assert (rows[2]["same_work"], rows[2]["artist_2"]) == ("c/a.jpg", "")


def test_a_name_that_a_spreadsheet_would_run_is_set_off(
    calibrated_index: PaintingIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    show_answers([replace(BAD, painting="=HYPERLINK(1).jpg")], calibrated_index, "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["painting"] for row in rows] == ["'=HYPERLINK(1).jpg"]
