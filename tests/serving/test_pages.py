import csv
import gc
import io
import re
import time
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import assert_accessible_markup

from painter_search.common.files.atomic_io import digest_bytes
from painter_search.common.files.csv_io import BYTE_ORDER_MARK
from painter_search.display.pages import page
from painter_search.display.pages.index_page import write_index_page
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex, add_paintings
from painter_search.index.works.works_db import WorksDB
from painter_search.serving import lookups
from painter_search.serving.config import ServeConfig
from painter_search.serving.lookups import parse_artists
from painter_search.serving.map_cache import MapCache


def saved_rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.text.removeprefix(BYTE_ORDER_MARK))))


@pytest.fixture(scope="module")
def answer(client: Any, painting: Path) -> str:
    """The address of the answers about a painting and a file that is not an image."""
    files = [("paintings", ("mine.jpg", painting.read_bytes())), ("paintings", ("=bad().jpg", b"no"))]
    redirect = client.post("/answers", files=files, follow_redirects=False)
    assert redirect.status_code == 303
    return str(redirect.headers["location"])


def test_answer_page_keeps_its_address_and_links_to_other_pages(client: Any, answer: str) -> None:
    table = client.get(answer).text
    assert "mine.jpg" in table
    assert "not an image" in table
    assert client.get(f"{answer}/1.jpg?small").content.startswith(b"\xff\xd8")
    assert client.get(f"{answer}/2.jpg").status_code == client.get(f"{answer}/3").status_code == 404
    html = client.get(f"{answer}/1").text
    artist = re.search(r'href="(/artists/[^"]+)"', html)
    work = re.search(r'href="(/works/\d+)"', html)
    other = re.search(r'href="(/compare\?painting=[^"&]+)"', html)
    reference = re.search(r'href="(/map\?work=\d+)"', html)
    assert reference is not None
    parts = re.search(r'href="(/compare\?painting=[^"]+&amp;painting=\d+)"', html)
    for found in (artist, work, other, parts):
        assert found is not None
        shown = client.get(found[1].replace("&amp;", "&"))
        assert shown.status_code == 200
    assert "mine.jpg" in shown.text


def test_answer_is_saved_as_page_csv_and_json(client: Any, answer: str) -> None:
    page = client.get(f"{answer}?save=page")
    assert page.headers["content-disposition"] == 'attachment; filename="answer.html"'
    assert 'href="/' not in page.text
    assert "/static/" not in page.text
    assert page.text.count("data:image/jpeg;base64,") >= 4
    rows = saved_rows(client.get(f"{answer}?save=csv"))
    assert {row["painting"] for row in rows} == {"mine.jpg", "'=bad().jpg"}
    assert [row["reason"] for row in rows] == ["", "a text file, not an image"]
    record = client.get(f"{answer}?save=json").json()
    assert [one["painting"] for one in record["answers"]] == ["mine.jpg", "=bad().jpg"]
    ranked = [match["artist"] for match in record["answers"][0]["artists"]]
    assert [rows[0][f"artist_{rank}"] for rank in range(1, len(ranked) + 1)] == ranked
    assert client.get(f"{answer}?save=exe").status_code == 400


@pytest.mark.parametrize("address", ["/artists", "/artists/Painter 9", "/works/2", "/compare?painting=1&painting=2"])
def test_saved_pages_of_the_index_are_self_contained(client: Any, address: str) -> None:
    joint = "&" if "?" in address else "?"
    page = client.get(f"{address}{joint}save=page")
    assert page.status_code == 200
    assert 'href="/' not in page.text
    assert 'src="/' not in page.text
    assert client.get(f"{address}{joint}save=json").json()["index"]


def test_missing_pages_say_what_is_missing(client: Any, small_index: PaintingIndex) -> None:
    for address, sentence in (
        ("/answers/none", "no longer kept"),
        ("/comparisons/none", "no longer kept"),
        ("/compare?painting=none.0&painting=1", "no longer kept"),
        ("/compare?painting=none.0&painting=none.1", "no longer kept"),
        ("/artists/Nobody At All", "Nobody At All is not in this index"),
        ("/works/999", "no work 999"),
        ("/pictures/none/1.jpg", "no such picture"),
        (f"/pictures/{small_index.digest}/999.jpg", "no such picture"),
        ("/nowhere", "no such page"),
    ):
        found = client.get(address)
        assert found.status_code == 404
        assert sentence in found.text
    assert client.get("/works/many").status_code == 400
    assert client.get("/artists?since=soon").status_code == 400
    assert client.get("/answers/x/../../etc/passwd").status_code == 404


def test_comparison_of_uploads_is_shown_or_refused_with_the_reason(client: Any, painted_originals: Path) -> None:
    one, other, third = (path.read_bytes() for path in sorted(painted_originals.iterdir())[:3])
    pair = client.post("/compare", files=[("one", ("a.jpg", one)), ("other", ("b.jpg", other))])
    assert pair.status_code == 200
    assert "Two paintings compared" in pair.text
    assert f"SHA-256 of “b.jpg”: {digest_bytes(other)}" in pair.text  # what is cited
    several = [("one", ("a.jpg", one)), ("other", ("b.jpg", other)), ("other", ("c.jpg", third))]
    group = client.post("/compare", files=several)
    assert "Group B" in group.text
    bad = client.post("/compare", files=[("one", ("a.jpg", one)), ("other", ("b.jpg", b"no"))])
    assert bad.status_code == 400
    assert "b.jpg: a text file, not an image" in bad.text.lower()


def test_artists_page_filters_by_name_style_and_period(client: Any) -> None:
    assert client.get("/artists").text.count("<li>") == 4
    assert client.get("/artists?q=painter 9").text.count("<li>") == 1
    assert client.get("/artists?since=1920&before=1940").text.count("2 works") == 4
    assert client.get("/artists?style=none").status_code == 400


@pytest.mark.slow
def test_map_page_is_drawn_once_and_cached_next_to_the_index(
    client: Any, small_index: PaintingIndex, serve_config: ServeConfig, new_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = small_index.folder.with_name(f".map-{small_index.digest}.json")
    deadline = time.monotonic() + 120
    while "being drawn" in (html := client.get("/map").text) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert "works by similarity" in html
    assert cached.is_file()
    assert '<script src="/static/map.js">' in html
    sheet = client.get(f"/map/{small_index.digest}/0.jpg")
    assert sheet.content.startswith(b"\xff\xd8")
    assert client.get(f"/map/{small_index.digest}/9.jpg").status_code == 404
    assert client.get("/static/map.js").status_code == 200

    def draw_again(*_: object) -> None:
        raise AssertionError("the map is drawn again")

    monkeypatch.setattr(MapCache, "_schedule", draw_again)
    with new_client(serve_config) as later:
        assert later.get("/map").text == html
        assert later.get(f"/map/{small_index.digest}/0.jpg").content == sheet.content


def test_pages_markup_is_accessible(client: Any, answer: str) -> None:
    for address in (
        answer,
        "/",
        "/artists",
        "/artists/Painter 9",
        "/works/1",
        "/compare?painting=1&painting=2",
        "/api",
    ):
        html = client.get(address).text
        assert_accessible_markup(html)
        assert html.count('<main id="main">') == 1


HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.slow
def test_pages_escape_titles_and_names(
    small_index_config: BuildIndexConfig, painted_originals: Path, tmp_path: Path, new_client: Any
) -> None:
    for number, name in enumerate((HOSTILE, "' onload='x", "{{ 7*7 }}&lt;")):
        (tmp_path / "all" / name).mkdir(parents=True)
        content = (painted_originals / f"{number}-0.jpg").read_bytes()
        (tmp_path / "all" / name / '"><script>alert(1)<.jpg').write_bytes(content)
    config = BuildIndexConfig(folder=tmp_path / "all", encoder=small_index_config.encoder, index=tmp_path / "index")
    index = PaintingIndex.build(config)
    content = (painted_originals / "5-0.jpg").read_bytes()
    with new_client(ServeConfig(index=index.folder)) as client:
        pages = [
            client.get(address).text for address in ("/", "/artists", "/works/1", "/works/2", f"/artists?q={HOSTILE}")
        ]
        pages += [client.get(f"/artists/{index.works.get([id])[0].artist}").text for id in (1, 2, 3)]
        pages.append(client.post("/answers", files={"paintings": (f"{HOSTILE}.jpg", content)}).text)
        pages.append(client.get("/compare?painting=1&painting=2").text)
        pages.append(client.get(f"/artists/{HOSTILE}x").text)
    for html in pages:
        assert "<img src=x" not in html
        assert "<script>" not in html
        assert "onload='x" not in html
        assert ">49" not in html
    assert "&lt;img src=x onerror" in "".join(pages)


def test_index_page_is_the_one_in_the_folder_of_indexes(client: Any, small_index: PaintingIndex) -> None:
    html = client.get("/index").text
    kept = write_index_page(small_index).read_text(encoding="utf-8")
    assert re.findall(r"<(?:dd|h2|td)>.*", html) == re.findall(r"<(?:dd|h2|td)>.*", kept)
    assert small_index.digest in html
    assert 'href="/' not in client.get("/index?save=page").text
    assert client.get("/index?save=csv").status_code == 400


def test_query_form_takes_the_numbers_of_artists_and_works(client: Any, painting: Path) -> None:
    files = {"paintings": ("mine.jpg", painting.read_bytes())}
    html = client.post("/answers", files=files, data={"top": "2", "works": "1"}).text
    assert html.count('class="artist"') == 2
    assert html.count("matching parts") == 2
    assert html.count('class="number"') == 1
    assert client.post("/answers", files=files, data={"top": "0"}).status_code == 400


def test_artists_page_says_when_no_artist_matches(client: Any) -> None:
    assert 'Did you mean <a href="/artists/Painter%208">Painter 8</a>' in client.get("/artists?q=paintor 8").text
    html = client.get("/artists?q=zzzz").text
    assert "zzzz is not in this index, so cannot be named." in html
    assert "save=csv" not in html


def test_missing_artist_is_searched_for_in_the_list(client: Any) -> None:
    missing = client.get("/artists/Paintr 9")
    assert missing.status_code == 404
    assert 'value="Paintr 9"' in missing.text
    assert '<a href="/artists/Painter%209">Painter 9</a>' in missing.text
    assert "build-index" not in missing.text
    assert client.get("/artists/Paintr 9?save=json").status_code == 404
    assert "build-index" not in client.get("/api/artists/Paintr 9").text


def test_browsing_forms_say_what_is_wrong_above_what_was_filled_in(client: Any) -> None:
    for address, sentence, field in (
        ("/artists?since=2050&q=Painter 9", "No work in the index is left (since 2050)", 'name="since" value="2050"'),
        ("/artists?since=abc", "Give the year as a number", 'name="since" value="abc"'),
        (
            "/works/3?exclude_artist=Paintr 9",
            "Paintr 9 is not in this index, so cannot be named; did you mean Painter 9",
            'name="exclude_artist" value="Paintr 9"',
        ),
    ):
        refused = client.get(address)
        assert refused.status_code == 400
        said = refused.text.index(sentence)
        assert said < refused.text.index(field)
        assert "Did you mean" not in refused.text  # there is nothing wrong with the name searched for
        assert "save=" not in refused.text
        assert client.get(f"{address}{'&' if '?' in address else '?'}save=json").status_code == 400
        assert_accessible_markup(refused.text)
    assert client.get("/works/999?since=abc").status_code == 404


def test_notice_says_to_go_back_only_to_a_form_that_was_sent(client: Any) -> None:
    missing = client.get("/nowhere").text
    assert "<h1>Not found</h1>" in missing
    assert "filled in" not in missing
    refused = client.post("/answers/none/1/crop", data={"left": "no"})
    assert "<h1>No answer</h1>" in refused.text
    assert "what you filled in is still there" in refused.text
    assert "filled in" not in client.post("/answers/none/1/crop").text  # no longer kept
    assert "filled in" not in client.get("/works/many").text


def test_unreadable_file_of_several_has_no_files_to_save(client: Any, answer: str) -> None:
    html = client.get(f"{answer}/2").text
    assert "<h1>Not answered</h1>" in html
    assert "save=" not in html
    assert 'href="/">Ask again</a>' in html


def test_address_is_kept_until_a_time_of_a_named_zone(client: Any, answer: str) -> None:
    zone = re.escape(f"{datetime.now().astimezone():%Z}")
    assert re.search(rf"keeps its address until \d\d:\d\d {zone}, in memory only", client.get(answer).text)


def test_compare_page_says_how_many_works_it_shows(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "search for the others" not in client.get("/compare").text
    monkeypatch.setattr(lookups, "CHOICE_WORKS", 3)
    assert "These are 3 of 16; search for the others." in client.get("/compare").text


def test_query_form_takes_artists_in_any_spelling_and_suggests_similar_names(client: Any, painting: Path) -> None:
    files = {"paintings": ("mine.jpg", painting.read_bytes())}
    html = client.post("/answers", files=files, data={"artist": "9 PAINTER; paínter 8;"}).text
    assert "by Painter 9 or Painter 8" in html
    assert set(re.findall(r'<a href="/artists/(Painter[^"]+)"', html)) == {"Painter%209", "Painter%208"}
    assert "of the works compared with" in html
    unknown = client.post("/answers", files=files, data={"exclude_artist": "Paintr 9"})
    assert unknown.status_code == 400
    assert "Paintr 9 is not in this index, so cannot be named; did you mean Painter 9" in unknown.text
    assert 'value="Paintr 9"' in unknown.text  # the form is there, filled in


def test_comparison_is_saved_as_csv(client: Any, painted_originals: Path, small_index: PaintingIndex) -> None:
    (row,) = csv.DictReader(
        io.StringIO(client.get("/compare?painting=1&painting=2&save=csv").text.removeprefix(BYTE_ORDER_MARK))
    )
    kept = client.get("/compare?painting=1&painting=2&save=json").json()["comparison"]
    assert (row["one"], float(row["distance"])) == (kept["one"], pytest.approx(kept["distance"]))
    one, other, third = (path.read_bytes() for path in sorted(painted_originals.iterdir())[:3])
    files = [("one", ("=a.jpg", one)), ("other", ("b.jpg", other)), ("other", ("c.jpg", third))]
    address = client.post("/compare", files=files, follow_redirects=False).headers["location"]
    rows = saved_rows(client.get(f"{address}?save=csv"))
    assert [(row["one"], row["other"]) for row in rows] == [("'=a.jpg", "b.jpg"), ("'=a.jpg", "c.jpg")]
    distances = client.get(f"{address}?save=json").json()["comparison"]["distances"]
    assert [float(row["distance"]) for row in rows] == pytest.approx(distances[0])


@pytest.mark.slow
def test_answer_page_says_when_its_index_was_replaced(
    small_index: PaintingIndex, painted_folder: Path, painting: Path, home: Path, new_client: Any
) -> None:
    with new_client(ServeConfig(index=home)) as client:
        files = {"paintings": ("mine.jpg", painting.read_bytes())}
        address = client.post("/answers", files=files, follow_redirects=False).headers["location"]
        assert "replaced since" not in client.get(address).text
        compared = f"/compare?painting={address.rpartition('/')[2]}.0&painting=1"
        add_paintings(home, painted_folder)
        for place in (address, compared):
            html = client.get(place).text
            assert "replaced since" in html
            assert small_index.digest in html


def test_filtered_answer_is_of_the_current_index_and_compares_with_all_of_it(client: Any, painting: Path) -> None:
    files = {"paintings": ("mine.jpg", painting.read_bytes())}
    redirect = client.post("/answers", files=files, data={"artist": "Painter 9"}, follow_redirects=False)
    address = redirect.headers["location"]
    html = client.get(address).text
    assert "Painter 9" in html
    assert "replaced since" not in html
    reference = f"{address.rpartition('/')[2]}.0"
    choices = client.get(f"/compare?painting={reference}&q=Painter 8").text
    assert "No artist of this name" not in choices
    assert re.search(r"/pictures/[0-9a-f]+/\d+\.jpg", choices)
    asked = client.post("/answers", files=files, follow_redirects=False).headers["location"].rpartition("/")[2]
    pairs = [
        client.get(f"/compare?painting={one}&painting=1&save=json").json()["comparison"]
        for one in (reference, f"{asked}.0")
    ]
    assert pairs[0] == pairs[1]


@pytest.mark.slow
def test_filtered_answer_keeps_its_pictures_when_the_index_is_replaced(
    small_index: PaintingIndex, painted_folder: Path, painting: Path, home: Path, new_client: Any
) -> None:
    with new_client(ServeConfig(index=home)) as client:
        files = {"paintings": ("mine.jpg", painting.read_bytes())}
        redirect = client.post("/answers", files=files, data={"artist": "Painter 9"}, follow_redirects=False)
        add_paintings(home, painted_folder)
        html = client.get(redirect.headers["location"]).text
        gc.collect()
        assert "replaced since" in html
        shown = re.findall(rf"/pictures/{small_index.digest}/\d+\.jpg", html)
        assert shown
        assert {client.get(picture).status_code for picture in shown} == {200}


def test_work_is_not_offered_to_be_compared_with_itself(client: Any, small_index: PaintingIndex) -> None:
    html = client.get("/compare?painting=3").text
    offered = re.findall(rf"/pictures/{small_index.digest}/(\d+)\.jpg", html)
    assert len(offered) > 3
    assert offered.count("3") == 1  # the chosen one itself


def test_artists_whose_names_have_semicolons_are_one_artist(small_index: PaintingIndex) -> None:
    artists = SimpleNamespace(names=["Jan Brueghel", "Rubens", "Rubens; Snyders", "Snyders"])
    index: Any = SimpleNamespace(artists=artists)
    assert parse_artists(index, "Rubens; Snyders") == ["Rubens; Snyders"]
    assert parse_artists(index, " Jan Brueghel;Rubens ;  Snyders; Rubens") == [
        "Jan Brueghel",
        "Rubens; Snyders",
        "Rubens",
    ]
    assert parse_artists(index, "Snyders; Rubens;") == ["Snyders", "Rubens"]


def test_saved_answer_bears_the_time_it_was_asked_at(client: Any, answer: str) -> None:
    result = client.app._app.state.service.results.get(answer.rpartition("/")[2])
    object.__setattr__(result, "time", datetime(2001, 2, 3, 4, 5, tzinfo=timezone.utc))
    assert "2001" in client.get(f"{answer}?save=page").text


def test_one_of_several_answers_is_saved_alone(client: Any, answer: str) -> None:
    assert f'href="{answer}/1?save=csv"' in client.get(f"{answer}/1").text
    assert f'href="{answer}?save=csv"' in client.get(answer).text
    assert [row["painting"] for row in saved_rows(client.get(f"{answer}/1?save=csv"))] == ["mine.jpg"]
    assert [one["painting"] for one in client.get(f"{answer}/2?save=json").json()["answers"]] == ["=bad().jpg"]
    page = client.get(f"{answer}/1?save=page").text
    assert "mine.jpg" in page
    assert "bad().jpg" not in page


def test_browsers_keep_no_picture_of_an_answer(client: Any, answer: str, small_index: PaintingIndex) -> None:
    for name in ("1.jpg", "1.jpg?small", "1/photograph.jpg"):
        assert client.get(f"{answer}/{name}").headers["cache-control"] == "no-store"
    assert "immutable" in client.get(f"/pictures/{small_index.digest}/1.jpg").headers["cache-control"]


def test_number_out_of_range_is_named_and_the_form_keeps_what_was_filled_in(client: Any, painting: Path) -> None:
    files = {"paintings": ("mine.jpg", painting.read_bytes())}
    for fields, sentence in (
        ({"top": "60", "works": "4"}, "Artists to name: give a number from 1 to 50."),
        ({"top": "2", "works": "few"}, "Works to show for each: give a number from 1 to 50."),
        ({"top": "2", "works": "4", "since": "soon"}, "Give the year as a number"),
    ):
        refused = client.post("/answers", files=files, data=fields)
        assert refused.status_code == 400
        assert sentence in refused.text
        for name in ("top", "works"):
            assert f'name="{name}" value="{fields[name]}"' in refused.text
        assert refused.text.count("<details open>") == (2 if "since" in fields else 1)
    assert "<details open>" not in client.get("/").text


def test_filtered_answer_keeps_its_selection_and_not_the_filtered_index(client: Any, painting: Path) -> None:
    files = {"paintings": ("mine.jpg", painting.read_bytes())}
    redirect = client.post("/answers", files=files, data={"artist": "Painter 9"}, follow_redirects=False)
    service = client.app._app.state.service
    result = service.results.get(redirect.headers["location"].rpartition("/")[2])
    assert result.index is service.current_index.get()
    assert result.selection.ids.tolist() == result.index.works.ids_by_artist("Painter 9").tolist()
    assert "Compared with 4 of the 16 works" in client.get(redirect.headers["location"]).text
    assert client.get(f"{redirect.headers['location']}?save=json").json()["filter"]["works"] == 4


def test_comparison_says_when_its_works_were_chosen_in_another_index(client: Any, small_index: PaintingIndex) -> None:
    said = "replaced since these works were chosen"
    compared = "/compare?painting=1&painting=2"
    assert said in client.get(f"{compared}&index=0123456789abcdef").text
    with_digest = client.get(f"{compared}&index={small_index.digest}").text
    assert f"&amp;index={small_index.digest}&amp;save=csv" in with_digest
    choosing = client.get(f"/compare?painting=1&index={small_index.digest}").text
    assert f'<input type="hidden" name="index" value="{small_index.digest}">' in choosing
    assert f"&amp;index={small_index.digest}" in choosing
    for same in (compared, f"{compared}&index={small_index.digest}"):
        assert said not in client.get(same).text
    assert f'name="index" value="{small_index.digest}"' in client.get("/artists/Painter 9").text


def test_all_works_of_an_artist_can_be_chosen_page_by_page(
    client: Any, small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "CHOICE_WORKS", 3)
    seen: list[str] = []
    address, said = "/compare?painting=1&q=Painter+9", []
    while address:
        html = client.get(address).text
        seen += re.findall(r"painting=1&amp;painting=([0-9]+)", html)
        said += re.findall(r"([0-9] to [0-9] of [0-9])\.", html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        address = following[1].replace("&amp;", "&") if following else ""
    assert said == ["1 to 3 of 4", "4 to 4 of 4"]
    assert [int(id) for id in seen] == small_index.works.ids_by_artist("Painter 9").tolist()
    assert "4 to 4 of 4" in client.get("/compare?painting=1&q=Painter+9&page=99").text
    assert "1 to 3 of 15" in client.get("/compare?painting=1").text  # all works but itself, the nearest first


@pytest.mark.parametrize("template", ["_narrowing.html", "artists.html", "map.html"])
def test_options_say_their_value_whatever_spaces_a_style_has(template: str) -> None:
    """A browser strips and collapses the spaces of an option that has no value."""
    text = (Path(page.__file__).parent / "templates" / template).read_text(encoding="utf-8")
    assert "<option value=" in text
    assert not re.search(r"<option(?! value=)", text)


def test_years_are_asked_for_only_where_works_are_dated(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ("/", "/artists", "/works/1")
    for dated in (True, False):
        monkeypatch.setattr(WorksDB, "is_dated", property(lambda _, dated=dated: dated))
        for address in addresses:
            html = client.get(address).text
            assert [f'name="{name}"' in html for name in ("since", "before")] == [dated, dated]
            assert ("readable year" in html) == (dated and address != "/artists")


def test_pictures_keep_their_room_while_they_load(
    client: Any, small_index: PaintingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ("/artists/Painter 9", "/works/1", "/compare")
    for address in addresses:
        pictures = re.findall(r'<img src="/pictures/[^/]+/(\d+)\.jpg"([^>]*)>', client.get(address).text)
        assert len(pictures) > 3
        for id, attributes in pictures:
            sides = re.search(r' width="(\d+)" height="(\d+)"$', attributes)
            assert sides is not None
            width, height = small_index.open_thumbnail(int(id)).size
            assert int(sides[1]) / int(sides[2]) == pytest.approx(width / height, rel=0.01)
    monkeypatch.setattr(WorksDB, "thumbnail", None)  # of an artist with thousands of works they would take seconds
    assert {client.get(address).status_code for address in addresses} == {200}
