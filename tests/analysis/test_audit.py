"""Audits of collections with planted faults."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from small_world import paint
from tiny_world import paint_tiny, save_tiny_encoder

from painter_search.analysis.audit import Audit, audit_collection
from painter_search.analysis.config import AuditConfig
from painter_search.analysis.label_errors import LabelError, LabelErrors, find_label_errors
from painter_search.attribution.answers import Neighbour
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import InvalidValueError, NotFoundError, PainterSearchError
from painter_search.common.files.atomic_io import to_json
from painter_search.display.console.audit import show_audit
from painter_search.display.pages.audit_page import write_audit_page
from painter_search.display.words.audit_text import finding_counts
from painter_search.index.config import BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex, add_paintings, remove_works

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared collection with one fault of each kind."""
    home = tmp_path_factory.mktemp("faulty")
    originals = home / "originals"
    originals.mkdir()
    rows = ["artist,title,in_train,new_filename"]

    def add(artist: str, file: str, picture: Image.Image | None, in_train: bool, title: str = "A title") -> None:
        rows.append(f"{artist},{title},{in_train},{file}")
        if picture is not None:
            picture.save(originals / file, quality=90)

    for painter, (artist, in_train) in enumerate(
        [("Ada Blue", True), ("Émile Vert", True), ("Émile Vertt", False), ("Cara Red", False)]
    ):
        for work in range(3):
            add(artist, f"{painter}-{work}.jpg", paint(painter, work), in_train, HOSTILE)
    # In train and in test; under two artists; within an artist.
    add("Ada Blue", "leak.jpg", paint(3, 0).resize((200, 200 * paint(3, 0).height // paint(3, 0).width)), True)
    add("Cara Red", "others.jpg", paint(2, 1).transpose(Image.Transpose.FLIP_LEFT_RIGHT), False)
    add("Emile_Vert", "again.jpg", paint(1, 2), True)
    add("Ada Blue", "tiny.png", paint(50, 0).resize((60, 80)), True)
    add("Ada Blue", "broken.jpg", None, True)
    (originals / "broken.jpg").write_text("no image")
    (home / "info.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    prepare_collection(
        PrepareConfig(
            catalogue=(home / "info.csv",), originals=(originals,), out=home / "data", name="faulty", workers=1
        )
    )
    return home / "data"


@pytest.fixture(scope="module")
def audit(faulty: Path, small_index: PaintingIndex) -> Audit:
    return audit_collection(AuditConfig(data=(faulty,), index=small_index.folder))


def test_audit_lists_leaks_first_then_two_artists_then_one(audit: Audit) -> None:
    found = [(frozenset(work.file for work in pair.works), pair.kind) for pair in audit.duplicates]
    assert found == [
        ({"leak.jpg", "3-0.jpg"}, "same"),
        ({"others.jpg", "2-1.jpg"}, "mirrored"),
        ({"again.jpg", "1-2.jpg"}, "same"),
    ]
    assert [pair.leak for pair in audit.duplicates] == [True, False, False]
    assert [pair.two_artists for pair in audit.duplicates] == [True, True, False]


def test_audit_counts_artist_spelled_twice_across_train_and_test_as_leak(audit: Audit) -> None:
    assert [(set(one.spelling.artists), one.spelling.how, one.leak) for one in audit.spellings] == [
        ({"Émile Vert", "Émile Vertt"}, "a letter or two", True),
        ({"Émile Vert", "Emile_Vert"}, "accents, capitals or order; taken as one", False),
    ]
    assert audit.leaks == 2


def test_audit_lists_small_and_rejected_works(audit: Audit, small_collection: Path) -> None:
    small = [(found.work.file, found.width, found.height) for found in audit.small_works]
    assert small[0] == ("tiny.png", 60, 80)
    assert "leak.jpg" in {file for file, *_ in small}
    assert not any(file.startswith(("0-", "1-", "2-", "3-")) for file, *_ in small)
    assert [row["file"] for row in audit.rejected] == ["broken.jpg"]
    assert "not an image" in audit.rejected[0]["reason"]
    clean = audit_collection(AuditConfig(data=(small_collection,)))
    assert (clean.leaks, clean.duplicates, clean.small_works, clean.rejected) == (0, (), (), ())
    assert clean.label_errors is None


def test_show_audit_prints_leaks_first(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    show_audit(audit)
    said = capsys.readouterr().out
    assert said.startswith("LEAK: 1 pair of pictures and 1 pair of names")
    assert "broken.jpg" in said
    assert "Left out: a text file, not an image (1)" in said


def test_audit_to_dict_is_what_json_prints_and_has_no_pictures(
    audit: Audit, capsys: pytest.CaptureFixture[str]
) -> None:
    show_audit(audit, as_json=True)
    plain = json.loads(capsys.readouterr().out)
    assert plain == json.loads(to_json(audit.to_dict()))
    assert plain["leaks"] == 2
    assert plain["repeats"][0]["leak"] is True
    assert plain["repeats"][0]["works"][0]["collection"] == "faulty"
    assert "picture" not in plain


def test_audit_page_shows_both_pictures_and_escapes_catalogue_text(audit: Audit, tmp_path: Path) -> None:
    write_audit_page(tmp_path / "audit.html", audit)
    html = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("data:image/jpeg;base64,") >= 2 * len(audit.duplicates)
    assert html.index("in both train and test") < html.index("What was found")
    assert '<th scope="row">broken.jpg</th>' in html
    assert "http" not in html.replace("http-equiv", "")


def test_audit_page_names_the_work_whose_neighbours_are_anothers(audit: Audit, tmp_path: Path) -> None:
    work, other = audit.duplicates[0].works[0], audit.duplicates[2].works[0]
    error = LabelError(work, other.artist, 3, tuple(Neighbour(id, other, 0.5) for id in range(5)))
    write_audit_page(tmp_path / "audit.html", replace(audit, label_errors=LabelErrors(9, 1, (error,))))
    html = (tmp_path / "audit.html").read_text(encoding="utf-8")
    heading = re.search(r"<h3><i>(.*?)</i>, (.*?)</h3>", html)
    assert heading is not None
    assert heading[2] == f"{work.artist}: 3 of the 5 nearest works are by {other.artist}"
    assert html.count('<div class="works six">') == 1
    labels = re.findall(r'role="region" aria-label="([^"]+)"', html)
    assert len(labels) == len(set(labels)) > 2
    assert re.search(r'<p class="running">painter_search [\d.]+, .*audit of faulty.*neighbours from index', html)


def test_audit_of_index_alone_uses_its_thumbnails(
    small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = audit_collection(AuditConfig(index=small_index.folder))
    assert found.works == len(small_index)
    assert found.index == small_index.digest
    assert found.rejected is None  # the collection has that list
    assert "files that could not be indexed" not in dict(finding_counts(found))
    assert {part for pair in found.duplicates for part in pair.splits} <= {"index"}
    work = small_index.works.get([1])[0]
    assert found.picture(work) == small_index.works.thumbnail(1)


def test_audit_of_index_tells_of_its_doubtful_names_and_of_nothing_that_it_did_not_look_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, artist in enumerate(("Ada Blue", "2013", "Cara Red")):
        for work in range(2):
            paint_tiny(tmp_path / "folder" / artist / f"{work}.jpg", seed=10 * number + work)
    (tmp_path / "folder" / "Ada Blue" / "broken.jpg").write_text("no image")
    encoder = str(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    PaintingIndex.build(
        folder=tmp_path / "folder", layout="artist", encoder=encoder, index=tmp_path / "index", device="cpu"
    )
    found = audit_collection(AuditConfig(index=tmp_path / "index"))
    assert [(row["artist"], row["works"]) for row in found.suspicious] == [("2013", "2")]
    assert found.leaks is None
    assert json.loads(to_json(found.to_dict()))["leaks"] is None
    names = [name for name, _ in finding_counts(found)]
    assert "pictures in train and in test" not in names
    assert dict(finding_counts(found))["files that could not be indexed"] == 1
    show_audit(found)
    assert "left out by prepare" not in capsys.readouterr().out
    write_audit_page(tmp_path / "audit.html", found)
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "Files that could not be indexed" in page
    assert "train" not in page


def test_audit_of_index_leaves_the_collection_in_data_aside(
    small_collection: Path, small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_collection, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    found = audit_collection(AuditConfig(index=small_index.folder))
    assert (found.works, found.index_only) == (len(small_index), 0)
    both = audit_collection(AuditConfig(data=(Path("data"),), index=small_index.folder))
    assert (both.works, both.index_only) == (48, 0)
    assert both.label_errors == found.label_errors


def test_audit_tells_of_works_that_only_the_index_has(
    small_collection: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(50, 0).save(home.parent / "new.png")
    add_paintings(home, home.parent / "new.png", "Ada Blue")
    shutil.copytree(small_collection, home.parent / "data")
    monkeypatch.chdir(home.parent)
    found = audit_collection()
    assert (found.works, found.index_only, found.to_dict()["index_only"]) == (48, 1, 1)
    show_audit(found)
    assert "1 work of the index is not in small, " in capsys.readouterr().out.replace("\n", " ")
    write_audit_page(home.parent / "audit.html", found)
    assert "1 work of the index is not in small" in (home.parent / "audit.html").read_text(encoding="utf-8")
    itself = audit_collection(AuditConfig(index=home))
    assert (itself.works, itself.index_only) == (len(PaintingIndex.load(home)), 0)


def test_label_errors_of_audit_ignore_other_files_of_same_picture(tmp_path: Path) -> None:
    picture = paint(8, 0)
    width, height = picture.size
    paintings = {f"Painter {painter}/{work}.jpg": paint(painter, work) for painter in range(3) for work in range(4)}
    paintings["Ann/copied.jpg"], paintings["Ann/own.jpg"] = picture, paint(32, 1)
    paintings["Bob/mirrored.jpg"] = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    paintings["Bob/grey.jpg"] = Image.blend(picture, picture.convert("L").convert("RGB"), 0.4)
    paintings["Bob/cropped.jpg"] = picture.crop((width // 20, height // 20, width - width // 20, height - height // 20))
    for name, painting in paintings.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        painting.save(tmp_path / "folder" / name)
    encoder = str(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    index = PaintingIndex.build(folder=tmp_path / "folder", encoder=encoder, index=tmp_path / "index", device="cpu")
    (misled,) = find_label_errors(index, {}).listed
    assert (misled.work.file, misled.suggested_artist, misled.votes) == ("Ann/copied.jpg", "Bob", 3)
    found = audit_collection(AuditConfig(index=index.folder))
    assert len(found.duplicates) == 6
    assert found.label_errors is not None
    assert found.label_errors.listed == ()


def test_audit_pictures_belong_to_their_works_after_removal(twins: Path, tmp_path: Path) -> None:
    index = remove_works(shutil.copytree(twins, tmp_path / "index"), ("1", "Painter 1")).index
    found = audit_collection(AuditConfig(index=index.folder))
    assert len(found.duplicates) == 6
    assert {work.artist for pair in found.duplicates for work in pair.works} == {
        f"Painter {number}" for number in range(6, 10)
    }
    for id in index.artists.ids.tolist():
        assert found.picture(index.works.get([id])[0]) == index.works.thumbnail(id)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of three artists with four works each; four more share one picture, and have one of their own."""
    home = tmp_path_factory.mktemp("twins")
    for painter in range(3):
        (home / "folder" / f"Painter {painter}").mkdir(parents=True)
        for work in range(4):
            paint(painter, work).save(home / "folder" / f"Painter {painter}" / f"{painter}{work}.jpg")
    for painter in range(6, 10):
        (home / "folder" / f"Painter {painter}").mkdir()
        for work in range(2):
            picture = paint(8, 0) if work == 0 else paint(painter, work)
            file = home / "folder" / f"Painter {painter}" / f"{painter}{work}.jpg"
            picture.save(file, quality=80 + painter)  # the same file under several artists would be left out
    encoder = str(save_tiny_encoder(home / "encoder.safetensors"))
    config = BuildIndexConfig(folder=home / "folder", encoder=encoder, index=home / "index", device="cpu")
    PaintingIndex.build(config)
    return home / "index"


def test_audit_refuses_nothing_to_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="nothing to audit"):
        audit_collection()


def test_audit_config_refuses_page_that_is_not_html() -> None:
    with pytest.raises(PainterSearchError, match=r"ends in \.html"):
        AuditConfig(page=Path("audit.png"))


def test_audit_refuses_two_collections_of_same_name(faulty: Path) -> None:
    with pytest.raises(InvalidValueError, match="the same name"):
        audit_collection(AuditConfig(data=(faulty, faulty)))


def test_audit_to_frame_has_row_per_finding(audit: Audit) -> None:
    frame = audit.to_frame()
    counts = frame.groupby("finding").size()
    assert counts["duplicate"] == len(audit.duplicates)
    assert counts["name variant"] == len(audit.spellings)
    assert counts["rejected file"] == len(audit.rejected)
    assert counts["small work"] == len(audit.small_works)
    assert frame["leak"].sum() == audit.leaks
    assert frame["file"][0] in {work.name for work in audit.duplicates[0].works}


def test_audit_html_embeds_pictures_and_escapes_text(audit: Audit) -> None:
    html = audit._repr_html_()
    assert "<script" not in html
    assert html.count("data:image/jpeg;base64,") == 2 * len(audit.duplicates)


def test_audit_config_takes_strings_for_paths() -> None:
    config = AuditConfig(data="data", page="a.html")  # type: ignore[arg-type]
    assert (config.data, config.page) == ((Path("data"),), Path("a.html"))
