import io
import os
import unicodedata
import zipfile
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from painter_search.analysis.config import CompareConfig
from painter_search.attribution.answers import Attribution, FailedQuery
from painter_search.attribution.attribute import attribute_from_config
from painter_search.attribution.config import QueryConfig
from painter_search.attribution.query_inputs import QueryInput, read_query_inputs, to_query_input
from painter_search.common.errors import InvalidValueError, NotFoundError
from painter_search.index.painting_index import PaintingIndex


def test_patterns_are_expanded_where_the_shell_has_not(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    files = (tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert QueryConfig(paintings=(tmp_path / "*.jpg",)).paintings == files
    assert CompareConfig(paintings=(tmp_path / "?.jpg",)).paintings == files


def test_read_query_inputs_takes_string_as_one_path(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert read_query_inputs(str(tmp_path / "a.jpg")) == [QueryInput("a.jpg", tmp_path / "a.jpg")]
    with pytest.raises(NotFoundError, match=r"a\.jp does not exist"):
        read_query_inputs(str(tmp_path / "a.jp"))


def test_read_query_inputs_lists_files_of_folder(tmp_path: Path) -> None:
    for name in ("b.jpg", "inner/a.jpg", ".hidden", "inner/.hidden.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [query.name for query in read_query_inputs(tmp_path)] == ["b.jpg", "inner/a.jpg"]


def test_read_query_inputs_tells_files_of_one_name_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one/front.jpg", "two/front.jpg", "two/in/front.jpg", "two/back.jpg", "more/one/front.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("a.zip", "b.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("front.jpg", b"")

    def names(*paintings: object) -> list[str]:
        return [query.name for query in read_query_inputs(paintings)]  # type: ignore[arg-type]

    monkeypatch.chdir(tmp_path / "one")
    assert names("front.jpg", tmp_path / "two/front.jpg") == ["one/front.jpg", "two/front.jpg"]
    assert names("../one", "../two") == ["one/front.jpg", "back.jpg", "two/front.jpg", "in/front.jpg"]
    assert names("../one", "../more/one") == [f"{tmp_path.name}/one/front.jpg", "more/one/front.jpg"]
    assert names("../a.zip", "../b.zip") == ["a.zip/front.jpg", "b.zip/front.jpg"]
    assert names("https://me:key@host/a/front.jpg?key=1", "s3://host/front.jpg") == ["a/front.jpg", "host/front.jpg"]
    # Nothing tells these apart, and those have names of their own.
    assert names("front.jpg", tmp_path / "one/front.jpg", "#1", "#1") == ["front.jpg", "front.jpg", "#1", "#1"]
    own = [QueryInput("mine", tmp_path / "one/front.jpg"), QueryInput("mine", tmp_path / "two/front.jpg")]
    assert read_query_inputs(own) == own


def test_read_query_inputs_passes_over_what_lies_beside_pictures(tmp_path: Path) -> None:
    for name in ("a.jpg", "Thumbs.db", "desktop.ini", "catalogue.csv", "notes.txt", "@eaDir/a.jpg/SMALL.jpg", "b.psd"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [query.name for query in read_query_inputs(tmp_path)] == ["a.jpg", "b.psd"]
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "only.txt").touch()
    with pytest.raises(InvalidValueError, match="holds no pictures"):
        read_query_inputs(tmp_path / "notes")
    assert [query.name for query in read_query_inputs(tmp_path / "notes.txt")] == ["notes.txt"]  # as asked for


def test_read_query_inputs_says_what_was_passed_over_if_nothing_is_left(tmp_path: Path) -> None:
    try:
        (tmp_path / "up").symlink_to(tmp_path)
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")
    with pytest.raises(InvalidValueError, match=r"nothing was found: up in .* is a link to a folder that it lies in"):
        read_query_inputs(tmp_path)


def test_read_query_inputs_follows_links_and_composes_names(tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "nas" / unicodedata.normalize("NFD", "ü.jpg")).touch()
    (tmp_path / "set").mkdir()
    try:
        (tmp_path / "set" / "linked").symlink_to(tmp_path / "nas")
        (tmp_path / "set" / "up").symlink_to(tmp_path)
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")
    (query,) = read_query_inputs(tmp_path / "set")
    assert query.name == "linked/ü.jpg"
    assert isinstance(query.content, Path)
    assert query.content.is_file()


def test_read_query_inputs_encodes_images_without_loss() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    for query in read_query_inputs([pixels, Image.fromarray(pixels)]):
        assert isinstance(query.content, bytes)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(query.content))), pixels)


@pytest.mark.parametrize("painting", [[3.5], [["painting.jpg"]]])
def test_read_query_inputs_refuses_other_objects(painting: object) -> None:
    with pytest.raises(InvalidValueError, match="is not a painting; give a path"):
        read_query_inputs(painting)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_read_query_inputs_says_which_painting_is_missing(missing: object) -> None:
    with pytest.raises(InvalidValueError, match=r"^painting 2 is missing \((None|nan|<NA>)\); leave it out\.$"):
        read_query_inputs(np.array(["#1", missing], object))  # type: ignore[arg-type]


def test_read_query_inputs_takes_every_kind_of_path(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (entry,) = os.scandir(tmp_path)
    for path in (PurePath(tmp_path, "a.jpg"), entry):
        assert read_query_inputs(path) == [to_query_input(path, 1)] == [QueryInput("a.jpg", tmp_path / "a.jpg")]


def test_read_query_inputs_calls_an_open_file_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a picture")
    with (tmp_path / "a.jpg").open("rb") as file:
        assert read_query_inputs(file) == [QueryInput("a.jpg", b"a picture")]
    assert read_query_inputs(io.BytesIO(b"a picture")) == [QueryInput("painting 1", b"a picture")]


@pytest.mark.parametrize("painting", [17, np.int64(17), ["painting.jpg", 17]])
def test_read_query_inputs_says_how_a_work_is_asked_about(painting: object) -> None:
    with pytest.raises(InvalidValueError, match="17 is not a painting; write '#17'"):
        read_query_inputs(painting)  # type: ignore[arg-type]


def test_read_query_inputs_refuses_damaged_image_and_no_painting(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((60, 60), 50).save(buffer, "PNG")
    (tmp_path / "cut.png").write_bytes(buffer.getvalue()[:800])
    with pytest.raises(InvalidValueError, match=r"cut\.png cannot be decoded"):
        read_query_inputs(Image.open(tmp_path / "cut.png"))
    with pytest.raises(InvalidValueError, match="no painting"):
        read_query_inputs([])


def test_attribute_from_config_answers_each_line_of_list(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    first, second = sorted(painted_originals.iterdir())[:2]
    (tmp_path / "bad.txt").write_text("no image")
    (tmp_path / "list.txt").write_text(f"{first}\nlost.jpg\nbad.txt\n{'x' * 5000}\n")
    config = QueryConfig(paintings=(second,), list_file=tmp_path / "list.txt", top_k=2)
    answers = attribute_from_config(small_index, config)
    assert [answer.painting for answer in answers[:4]] == [second.name, first.name, "lost.jpg", "bad.txt"]
    assert [type(answer) for answer in answers] == [Attribution, Attribution, FailedQuery, FailedQuery, FailedQuery]
    assert not any(str(tmp_path) in answer.reason for answer in answers if isinstance(answer, FailedQuery))
