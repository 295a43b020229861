import io
import pickle
from copy import deepcopy
from dataclasses import replace

import pandas as pd
import pytest
from PIL import Image

from painter_search.attribution.answers import (
    COLUMNS,
    Answers,
    ArtistMatch,
    Attribution,
    FailedQuery,
    Neighbour,
    format_probability,
)
from painter_search.collection.work import Work

SCRIPT = "<script>alert(1)</script>"
WORK = Work("c", "a.jpg", "Ada", SCRIPT, "1900")
NEIGHBOUR = Neighbour(1, WORK, 0.5, 0.912)


def jpeg() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(content, "JPEG")
    return content.getvalue()


MATCHES = (ArtistMatch("Ada", 3, 0.8, 0.683, (NEIGHBOUR,)), ArtistMatch("Bo", 1, 0.9, 0.1, (NEIGHBOUR,)))
ATTRIBUTION = Attribution("q.jpg", (NEIGHBOUR,), MATCHES, 0.9, True, jpeg())
FAILED = FailedQuery("bad.jpg", "not an image")


def test_attribution_to_dict_has_json_keys_and_no_picture() -> None:
    plain = ATTRIBUTION.to_dict()
    assert list(plain) == ["painting", "verdict", "named", "known", "same_works", "artists"]
    assert plain["known"] == 0.9
    assert list(plain["artists"][0]["works"]) == plain["same_works"]
    assert FAILED.to_dict() == {"painting": "bad.jpg", "reason": "not an image"}


def test_fields_of_an_answer_say_why_a_failed_query_has_none() -> None:
    for name in ("artists", "verdict", "named"):
        with pytest.raises(AttributeError, match=rf"^bad.jpg: not an image; it has no answer, and thus no {name}$"):
            getattr(FAILED, name)
    with pytest.raises(AttributeError, match="'FailedQuery' object has no attribute 'artist'"):
        _ = FAILED.artist  # type: ignore[attr-defined]
    assert not hasattr(FAILED, "artists")
    assert pickle.loads(pickle.dumps(FAILED)) == deepcopy(FAILED) == FAILED


def test_verdict_says_where_any_other_artist_is_likelier() -> None:
    named = replace(ATTRIBUTION, same_works=())
    assert named.verdict == "its style speaks most for Ada (about 70 %), on 3 works"
    weak = replace(named, artists=(replace(MATCHES[0], probability=0.04),))
    assert weak.verdict == "its style speaks most for Ada (under 5 %), on 3 works; all others together are likelier"
    assert not replace(weak, artist_known=None).others_are_likelier
    doubtful = replace(named, named=False, artist_known=0.55)
    assert doubtful.verdict == "not sure enough to name an artist; its style speaks most for Ada (3 works)"
    assert replace(doubtful, artist_known=0.2).verdict.startswith("none of the artists compared with is close; ")
    assert not replace(weak, artists=()).others_are_likelier


def test_verdict_tells_every_artist_under_whom_the_index_has_the_picture() -> None:
    others = [replace(NEIGHBOUR, id=2 + number, work=replace(WORK, artist=name)) for number, name in enumerate("ABB")]
    answer = replace(ATTRIBUTION, same_works=(NEIGHBOUR, NEIGHBOUR, *others))
    assert ATTRIBUTION.verdict.endswith("by Ada")
    assert answer.verdict == f"{ATTRIBUTION.verdict}; also under A and B"


def test_answers_to_frame_has_row_per_artist_and_failed_query() -> None:
    frame = Answers([ATTRIBUTION, FAILED, replace(ATTRIBUTION, artists=())]).to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["painting"].tolist() == ["q.jpg", "q.jpg", "bad.jpg", "q.jpg"]
    assert frame["artist"].tolist()[:2] == ["Ada", "Bo"]
    assert frame["rank"].tolist()[:2] == [1, 2]
    assert frame["nearest_work"][0] == "c/a.jpg"
    assert frame["reason"][2] == "not an image"
    assert pd.isna(frame["artist"][2])
    pd.testing.assert_frame_equal(ATTRIBUTION.to_frame(), frame[:2], check_dtype=False)


def test_answers_behave_as_list() -> None:
    answers = Answers([ATTRIBUTION, FAILED])
    assert answers == [ATTRIBUTION, FAILED]
    assert isinstance(answers, list)
    assert answers[0] is ATTRIBUTION
    for some in (answers[1:], answers[:0] + answers[1:]):
        assert some == [FAILED]
        assert some.to_dict() == {"answers": [FAILED.to_dict()]}
    assert answers.to_dict() == {"answers": [ATTRIBUTION.to_dict(), FAILED.to_dict()]}


def test_answers_html_embeds_small_picture_and_escapes_text() -> None:
    html = Answers([ATTRIBUTION, FAILED])._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count('<img src="data:image/jpeg;base64,') == 1
    assert "bad.jpg: not an image" in html
    assert len(html) < 10_000


@pytest.mark.parametrize(
    ("probability", "words"), [(0.01, "under 5 %"), (0.683, "about 70 %"), (0.95, "about 95 %"), (0.97, "over 95 %")]
)
def test_format_probability_rounds_to_five_percent(probability: float, words: str) -> None:
    assert format_probability(probability) == words
