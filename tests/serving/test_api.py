import json
import re
from pathlib import Path
from typing import Any

import pytest
from same_values import same_values

from painter_search.analysis.comparisons.comparison import compare_paintings
from painter_search.attribution.attribute import attribute
from painter_search.common.files.atomic_io import to_json
from painter_search.display.serialize import answers_to_dict, comparison_to_dict
from painter_search.index.config import WorkFilter
from painter_search.index.listing import list_works
from painter_search.index.painting_index import PaintingIndex

schemas = pytest.importorskip("painter_search.serving.schemas")


def upload(*paths: Path, field: str = "paintings") -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (path.name, path.read_bytes())) for path in paths]


@pytest.mark.slow
def test_query_answers_as_attribute_does(client: Any, small_index: PaintingIndex, painted_originals: Path) -> None:
    paintings = sorted(painted_originals.iterdir())[:3]
    answered = client.post("/api/query", files=upload(*paintings), data={"top": 2, "works": 1})
    assert answered.status_code == 200
    printed = json.loads(to_json(answers_to_dict(attribute(small_index, paintings, 2, 1), small_index)))
    assert same_values(answered.json(), printed)
    schemas.Answers.model_validate(answered.json())


def test_query_filters_as_attribute_does(client: Any, small_index: PaintingIndex, painting: Path) -> None:
    filter = WorkFilter(exclude_artists=("Painter 9",), before=1930, since=1910)
    form = {"exclude_artist": ["Painter 9"], "before": 1930, "since": 1910}
    answered = client.post("/api/query", files=upload(painting), data=form).json()
    filtered = small_index.filtered(filter)
    assert same_values(answered, json.loads(to_json(answers_to_dict(attribute(filtered, [painting]), filtered))))
    dates = {n["work"]["date"] for match in answered["answers"][0]["artists"] for n in match["works"]}
    assert dates == {"1910", "1920"}
    assert "Painter 9" not in {match["artist"] for match in answered["answers"][0]["artists"]}
    only = client.post("/api/query", files=upload(painting), data={"artist": ["Painter 9", "Painter 8"]}).json()
    assert {match["artist"] for match in only["answers"][0]["artists"]} == {"Painter 9", "Painter 8"}


@pytest.mark.parametrize(
    ("form", "status"),
    [({"style": "none of these"}, 400), ({"exclude_artist": "Nobody"}, 400), ({"top": 0}, 422), ({"before": "x"}, 422)],
)
def test_query_refuses_unusable_filters(client: Any, painting: Path, form: dict[str, Any], status: int) -> None:
    answered = client.post("/api/query", files=upload(painting), data=form)
    assert answered.status_code == status
    if status == 400:
        assert answered.json()["error"].endswith((".", "?"))


def test_invalid_field_is_named_and_not_repeated(client: Any, painting: Path) -> None:
    answered = client.post("/api/query", files=upload(painting), data={"artist": "x" * 100_000})
    assert answered.status_code == 422
    assert answered.json()["error"].startswith("artist: String should have at most")
    assert len(answered.text) < 1000


def test_fields_that_do_not_exist_are_refused(client: Any, painting: Path) -> None:
    answered = client.post("/api/query", files=upload(painting), data={"top_k": 2})
    assert answered.status_code == 400
    assert answered.json()["error"].startswith("There is no field 'top_k'; the fields are ")
    assert {"paintings", "top", "works", "crop", "style"} <= set(re.findall(r"\w+", answered.json()["error"]))


def test_form_fields_in_the_address_are_refused(client: Any, painting: Path) -> None:
    answered = client.post("/api/query?exclude_artist=Painter%201&top=1", files=upload(painting))
    assert answered.status_code == 400
    assert answered.json() == {"error": "Send exclude_artist as a form field, not in the address."}


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("artists?x=1", "There is no parameter 'x'; this address takes none."),
        ("works?artist=Painter+1&styel=x", "There is no parameter 'styel'; the parameters are artist."),
        ("health?x=1&token=y", "There is no parameter 'x'; this address takes none."),
    ],
)
def test_parameters_that_do_not_exist_are_refused(client: Any, address: str, error: str) -> None:
    answered = client.get(f"/api/{address}")
    assert (answered.status_code, answered.json()) == (400, {"error": error})


def test_text_in_place_of_a_file_is_refused_in_plain_words(client: Any) -> None:
    answered = client.post("/api/query", data={"paintings": "text"})
    assert answered.status_code == 422
    assert answered.json()["error"] == "paintings: send a file, in curl with @: -F paintings=@painting.jpg"


def test_query_escapes_quotes_in_styles(client: Any, painting: Path) -> None:
    form = {"style": "x' OR '1'='1"}
    assert client.post("/api/query", files=upload(painting), data=form).status_code == 400


def test_compare_answers_as_compare_paintings_does(
    client: Any, small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    one, other, third = sorted(painted_originals.iterdir())[:3]
    pair = client.post("/api/compare", files=upload(one, field="one") + upload(other, field="other"))
    expected = json.loads(to_json(comparison_to_dict(compare_paintings(small_index, one, other), small_index)))
    assert same_values(pair.json(), expected)
    schemas.Compared.model_validate(pair.json())
    for name, path in (("Group B", other), ("Group B", third)):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / path.name).write_bytes(path.read_bytes())
    groups = client.post("/api/compare", files=upload(one, field="one") + upload(other, third, field="other")).json()
    record = comparison_to_dict(compare_paintings(small_index, one, tmp_path / "Group B"), small_index)
    assert same_values(groups, json.loads(to_json(record)))
    schemas.Compared.model_validate(groups)


def test_compare_takes_ids_of_works(client: Any, small_index: PaintingIndex) -> None:
    one, other = (int(id) for id in small_index.artists.ids[:2])
    found = client.get("/api/compare", params={"one": one, "other": other}).json()["comparison"]
    distance = ((small_index.embeddings([one]) - small_index.embeddings([other])) ** 2).sum() ** 0.5
    assert found["distance"] == pytest.approx(float(distance), rel=1e-4)
    assert client.get("/api/compare", params={"one": one, "other": 10**6}).status_code == 404


def test_artists_and_works_are_those_of_list_works(client: Any, small_index: PaintingIndex) -> None:
    assert client.get("/api/artists").json() == list_works(small_index).to_dict()
    listed = list_works(small_index, "Painter 9").to_dict()
    assert client.get("/api/works", params={"artist": "Painter 9"}).json() == listed
    artist = client.get("/api/artists/Painter 9").json()
    assert {key: artist[key] for key in listed} == listed
    assert "Painter 9" not in {match["artist"] for match in artist["nearest"]}
    assert len(artist["nearest"]) == 3
    missing = client.get("/api/artists/Paintr 9")
    assert missing.status_code == 404
    assert "Painter 9" in missing.json()["error"]


def test_work_lists_the_nearest_works_as_a_plain_loop_finds_them(client: Any, small_index: PaintingIndex) -> None:
    ids = [int(id) for id in small_index.artists.ids]
    vectors = small_index.embeddings(ids)
    found = client.get(f"/api/works/{ids[2]}", params={"count": 4}).json()
    away = {id: float(((vector - vectors[2]) ** 2).sum() ** 0.5) for id, vector in zip(ids, vectors, strict=True)}
    nearest = sorted((id for id in ids if id != ids[2]), key=away.__getitem__)[:4]
    assert [neighbour["id"] for neighbour in found["nearest"]] == nearest
    assert [n["distance"] for n in found["nearest"]] == pytest.approx([away[id] for id in nearest], rel=1e-3)
    assert client.get("/api/works/9999").status_code == 404


def test_health_names_the_index(client: Any, small_index: PaintingIndex) -> None:
    found = client.get("/api/health").json()
    schemas.Health.model_validate(found)
    assert (found["status"], found["index"]) == ("ok", small_index.digest)


def test_answers_hold_no_local_path(client: Any, small_index: PaintingIndex, painting: Path) -> None:
    bodies = [client.get(f"/api/{path}").text for path in ("health", "artists", "artists/Painter 9", "openapi.json")]
    bodies.append(client.post("/api/query", files=upload(painting)).text)
    home = str(small_index.folder)
    assert not [body for body in bodies if home in body or str(painting.parent) in body]
