import json
from pathlib import Path
from typing import Any

import pytest
from same_values import close_to

from painter_search.display.attributions import answers_record
from painter_search.display.records import comparison_record
from painter_search.folders import to_json
from painter_search.retrieval.attribution import attribute
from painter_search.retrieval.comparison import compare_paintings
from painter_search.retrieval.filters import WorkFilter
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.upkeep import list_works

shapes = pytest.importorskip("painter_search.serving.shapes")


def upload(*paths: Path, field: str = "paintings") -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (path.name, path.read_bytes())) for path in paths]


def test_query_answers_with_the_object_that_the_command_line_prints(
    client: Any, small_index: PaintingIndex, painted_originals: Path
) -> None:
    paintings = sorted(painted_originals.iterdir())[:3]
    answered = client.post("/api/query", files=upload(*paintings), data={"top": 2, "works": 1})
    assert answered.status_code == 200
    printed = json.loads(to_json(answers_record(attribute(small_index, paintings, 2, 1), small_index)))
    assert close_to(answered.json(), printed)
    shapes.Answers.model_validate(answered.json())


def test_query_is_narrowed_as_on_the_command_line(client: Any, small_index: PaintingIndex, painting: Path) -> None:
    filter = WorkFilter(exclude_artists=("Painter 9",), before=1930, since=1910)
    form = {"exclude_artist": ["Painter 9"], "before": 1930, "since": 1910}
    answered = client.post("/api/query", files=upload(painting), data=form).json()
    narrowed = small_index.filtered(filter)
    assert close_to(answered, json.loads(to_json(answers_record(attribute(narrowed, [painting]), narrowed))))
    dates = {n["work"]["date"] for match in answered["answers"][0]["artists"] for n in match["works"]}
    assert dates == {"1910", "1920"}
    assert "Painter 9" not in {match["artist"] for match in answered["answers"][0]["artists"]}
    only = client.post("/api/query", files=upload(painting), data={"artist": ["Painter 9", "Painter 8"]}).json()
    assert {match["artist"] for match in only["answers"][0]["artists"]} == {"Painter 9", "Painter 8"}


@pytest.mark.parametrize(
    ("form", "status"),
    [({"style": "none of these"}, 400), ({"exclude_artist": "Nobody"}, 400), ({"top": 0}, 422), ({"before": "x"}, 422)],
)
def test_a_filter_that_cannot_be_used_is_said(client: Any, painting: Path, form: dict[str, Any], status: int) -> None:
    answered = client.post("/api/query", files=upload(painting), data=form)
    assert answered.status_code == status
    if status == 400:
        assert answered.json()["error"].endswith((".", "?"))


def test_a_quote_in_a_style_is_a_quote(client: Any, painting: Path) -> None:
    form = {"style": "x' OR '1'='1"}
    assert client.post("/api/query", files=upload(painting), data=form).status_code == 400


def test_compare_answers_with_the_object_that_the_command_line_prints(
    client: Any, small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    one, other, third = sorted(painted_originals.iterdir())[:3]
    pair = client.post("/api/compare", files=upload(one, field="one") + upload(other, field="other"))
    expected = json.loads(to_json(comparison_record(compare_paintings(small_index, one, other), small_index)))
    assert close_to(pair.json(), expected)
    shapes.Compared.model_validate(pair.json())
    for name, path in (("Group B", other), ("Group B", third)):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / path.name).write_bytes(path.read_bytes())
    groups = client.post("/api/compare", files=upload(one, field="one") + upload(other, third, field="other")).json()
    record = comparison_record(compare_paintings(small_index, one, tmp_path / "Group B"), small_index)
    assert close_to(groups, json.loads(to_json(record)))
    shapes.Compared.model_validate(groups)


def test_works_of_the_index_are_compared_by_their_ids(client: Any, small_index: PaintingIndex) -> None:
    one, other = (int(id) for id in small_index.artists[0][:2])
    found = client.get("/api/compare", params={"one": one, "other": other}).json()["comparison"]
    distance = ((small_index.vectors([one]) - small_index.vectors([other])) ** 2).sum() ** 0.5
    assert found["distance"] == pytest.approx(float(distance), rel=1e-4)
    assert client.get("/api/compare", params={"one": one, "other": 10**6}).status_code == 404


def test_artists_and_their_works_are_those_that_build_index_lists(client: Any, small_index: PaintingIndex) -> None:
    from painter_search.display.holdings import listing_record

    assert client.get("/api/artists").json() == listing_record(list_works(small_index))
    listed = listing_record(list_works(small_index, "Painter 9"))
    assert client.get("/api/works", params={"artist": "Painter 9"}).json() == listed
    artist = client.get("/api/artists/Painter 9").json()
    assert {key: artist[key] for key in listed} == listed
    assert "Painter 9" not in {match["artist"] for match in artist["nearest"]}
    assert len(artist["nearest"]) == 3
    missing = client.get("/api/artists/Paintr 9")
    assert missing.status_code == 404
    assert "Painter 9" in missing.json()["error"]


def test_more_like_this_are_the_nearest_others_by_a_plain_loop(client: Any, small_index: PaintingIndex) -> None:
    ids = [int(id) for id in small_index.artists[0]]
    vectors = small_index.vectors(ids)
    found = client.get(f"/api/works/{ids[2]}", params={"count": 4}).json()
    away = {id: float(((vector - vectors[2]) ** 2).sum() ** 0.5) for id, vector in zip(ids, vectors, strict=True)}
    nearest = sorted((id for id in ids if id != ids[2]), key=away.__getitem__)[:4]
    assert [neighbour["id"] for neighbour in found["nearest"]] == nearest
    assert [n["distance"] for n in found["nearest"]] == pytest.approx([away[id] for id in nearest], rel=1e-3)
    assert client.get("/api/works/9999").status_code == 404


def test_health_names_the_index(client: Any, small_index: PaintingIndex) -> None:
    found = client.get("/api/health").json()
    shapes.Health.model_validate(found)
    assert (found["status"], found["index"]) == ("ok", small_index.digest)


def test_no_answer_holds_a_path_of_the_machine(client: Any, small_index: PaintingIndex, painting: Path) -> None:
    bodies = [client.get(f"/api/{path}").text for path in ("health", "artists", "artists/Painter 9", "openapi.json")]
    bodies.append(client.post("/api/query", files=upload(painting)).text)
    home = str(small_index.folder)
    assert not [body for body in bodies if home in body or str(painting.parent) in body]
