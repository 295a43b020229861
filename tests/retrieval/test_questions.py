from pathlib import Path

import pytest

from painter_search.errors import UserError
from painter_search.retrieval.attribution import Attribution, Unanswered, attribute_asked
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.questions import read_list, read_questions
from painter_search.retrieval.settings import QueryConfig


def test_a_list_names_files_folders_and_comments(tmp_path: Path) -> None:
    (tmp_path / "scans" / "inner").mkdir(parents=True)
    (tmp_path / "scans" / "a.jpg").touch()
    (tmp_path / "scans" / "inner" / "b.jpg").touch()
    (tmp_path / "scans" / ".hidden").touch()
    (tmp_path / "empty").mkdir()
    absolute = tmp_path / "scans" / "a.jpg"
    path = tmp_path / "list.txt"
    path.write_text(f"\ufeff# mine\n\nscans/a.jpg\n  {absolute}  \nscans\nlost.jpg\nempty\n", encoding="utf-8")
    found = read_list(path)
    assert [question.name for question in found] == [
        "scans/a.jpg",
        "a.jpg",
        "a.jpg",
        "inner/b.jpg",
        "lost.jpg",
        "empty",
    ]
    assert [question.content for question in found[:2]] == [tmp_path / "scans/a.jpg", absolute]
    assert read_questions(found) == found


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "check the path after --from"), (b"#\n", "names no painting"), (b"\xff\xfe", "UTF-8")],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        read_list(tmp_path / "list.txt")


def test_each_line_of_a_list_is_answered(small_index: PaintingIndex, painted_originals: Path, tmp_path: Path) -> None:
    first, second = sorted(painted_originals.iterdir())[:2]
    (tmp_path / "bad.txt").write_text("no image")
    (tmp_path / "list.txt").write_text(f"{first}\nlost.jpg\nbad.txt\n{'x' * 5000}\n")
    config = QueryConfig(paintings=(second,), listed=tmp_path / "list.txt", top=2)
    answers = attribute_asked(small_index, config)
    assert [answer.painting for answer in answers[:4]] == [second.name, first.name, "lost.jpg", "bad.txt"]
    assert [type(answer) for answer in answers] == [Attribution, Attribution, Unanswered, Unanswered, Unanswered]
    assert not any(str(tmp_path) in answer.reason for answer in answers if isinstance(answer, Unanswered))
