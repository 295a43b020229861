"""What is planted in a collection is found in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from small_world import paint

from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig
from painter_search.display.audited import show_audit, write_audit_page
from painter_search.errors import UserError
from painter_search.folders import to_json
from painter_search.retrieval.audit import Audit, audit_collection
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.removing import remove_works
from painter_search.retrieval.settings import AuditConfig

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
        [("Ada Blue", True), ("Émile Vert", True), ("Emile Vert", False), ("Cara Red", False)]
    ):
        for work in range(3):
            add(artist, f"{painter}-{work}.jpg", paint(painter, work), in_train, HOSTILE)
    # In train and in test; under two artists; within an artist.
    add("Ada Blue", "leak.jpg", paint(3, 0).resize((200, 200 * paint(3, 0).height // paint(3, 0).width)), True)
    add("Cara Red", "others.jpg", paint(2, 1).transpose(Image.Transpose.FLIP_LEFT_RIGHT), False)
    add("Émile Vert", "again.jpg", paint(1, 2), True)
    add("Ada Blue", "tiny.png", paint(50, 0).resize((60, 80)), True)
    add("Ada Blue", "broken.jpg", None, True)
    (originals / "broken.jpg").write_text("no image")
    (home / "info.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    prepare_collection(
        PrepareConfig(info=(home / "info.csv",), originals=(originals,), out=home / "data", name="faulty", workers=1)
    )
    return home / "data"


@pytest.fixture(scope="module")
def audit(faulty: Path, small_index: PaintingIndex) -> Audit:
    return audit_collection(AuditConfig(data=(faulty,), index=small_index.folder))


def test_pictures_in_train_and_test_come_first_then_two_artists_then_one(audit: Audit) -> None:
    found = [(frozenset(work.file for work in repeat.works), repeat.kind) for repeat in audit.repeats]
    assert found == [
        ({"leak.jpg", "3-0.jpg"}, "same"),
        ({"others.jpg", "2-1.jpg"}, "mirrored"),
        ({"again.jpg", "1-2.jpg"}, "same"),
    ]
    assert [repeat.leak for repeat in audit.repeats] == [True, False, False]
    assert [repeat.two_artists for repeat in audit.repeats] == [True, True, False]


def test_an_artist_spelled_twice_across_train_and_test_is_a_leak(audit: Audit) -> None:
    assert [(set(one.spelling.artists), one.leak) for one in audit.spellings] == [({"Émile Vert", "Emile Vert"}, True)]
    assert audit.leaks == 2


def test_tiny_unusable_and_suspicious_are_listed(audit: Audit, small_collection: Path) -> None:
    tiny = [(found.work.file, found.width, found.height) for found in audit.tiny]
    assert tiny[0] == ("tiny.png", 60, 80)
    assert ("leak.jpg" in {file for file, *_ in tiny}) is True
    assert not any(file.startswith(("0-", "1-", "2-", "3-")) for file, *_ in tiny)
    assert [row["file"] for row in audit.rejected] == ["broken.jpg"]
    assert "not an image" in audit.rejected[0]["reason"]
    clean = audit_collection(AuditConfig(data=(small_collection,)))
    assert (clean.leaks, clean.repeats, clean.tiny, clean.rejected, clean.doubts) == (0, (), (), (), None)


def test_leaks_are_said_first(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    show_audit(audit)
    said = capsys.readouterr().out
    assert said.startswith("LEAK: 1 pair of pictures and 1 pair of names")
    assert "broken.jpg" not in said
    assert "1 not an image" in said


def test_json_holds_the_findings_and_no_pictures(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    show_audit(audit, as_json=True)
    plain = json.loads(capsys.readouterr().out)
    assert plain == json.loads(to_json(audit.as_json()))
    assert plain["leaks"] == 2
    assert plain["repeats"][0]["leak"] is True
    assert plain["repeats"][0]["works"][0]["collection"] == "faulty"
    assert "picture" not in plain


def test_the_page_shows_both_pictures_and_escapes_what_catalogues_say(audit: Audit, tmp_path: Path) -> None:
    write_audit_page(tmp_path / "audit.html", audit)
    html = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("data:image/jpeg;base64,") >= 2 * len(audit.repeats)
    assert html.index("Leak") < html.index("What was found")
    assert "http" not in html.replace("http-equiv", "")


def test_an_index_alone_is_audited_from_its_own_thumbnails(
    small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = audit_collection(AuditConfig(index=small_index.folder))
    assert found.works == len(small_index)
    assert found.index == small_index.digest
    assert {part for repeat in found.repeats for part in repeat.parts} <= {"index"}
    work = small_index.works.get([1])[0]
    assert found.picture(work) == small_index.works.thumbnail(1)


def test_other_files_of_one_picture_have_no_vote(twins: Path) -> None:
    index = PaintingIndex.load(twins)
    found = audit_collection(AuditConfig(index=index.folder))
    assert len(found.repeats) == 6
    assert found.doubts is not None
    for doubt in found.doubts.listed:
        assert doubt.work.file not in {neighbour.work.file for neighbour in doubt.neighbours}
        assert not any(neighbour.distance == 0 for neighbour in doubt.neighbours)


def test_pictures_are_those_of_their_works_where_works_were_removed(twins: Path, tmp_path: Path) -> None:
    index = remove_works(shutil.copytree(twins, tmp_path / "index"), ("1", "Painter 1")).index
    found = audit_collection(AuditConfig(index=index.folder))
    assert len(found.repeats) == 6
    assert {work.artist for repeat in found.repeats for work in repeat.works} == {"Painter 8", "Painter 9"}
    for id in index.artists[0].tolist():
        assert found.picture(index.works.get([id])[0]) == index.works.thumbnail(id)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of three artists with four works each; two more artists share one picture among four files."""
    from painter_search.encoder.checkpoint import save_checkpoint, start_encoder
    from painter_search.retrieval.settings import IndexConfig

    home = tmp_path_factory.mktemp("twins")
    for painter in range(3):
        (home / "folder" / f"Painter {painter}").mkdir(parents=True)
        for work in range(4):
            paint(painter, work).save(home / "folder" / f"Painter {painter}" / f"{painter}{work}.jpg")
    for painter in (8, 9):
        (home / "folder" / f"Painter {painter}").mkdir()
        for work in range(2):
            paint(8, 0).save(home / "folder" / f"Painter {painter}" / f"{painter}{work}.jpg")
    save_checkpoint(home / "encoder.pt", start_encoder("resnet18", "none", seed=1), "whole")
    config = IndexConfig(folder=home / "folder", encoder=str(home / "encoder.pt"), index=home / "index", device="cpu")
    PaintingIndex.build(config)
    return home / "index"


def test_nothing_to_audit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="nothing to audit"):
        audit_collection()


def test_a_page_is_html() -> None:
    with pytest.raises(UserError, match=r"ends in \.html"):
        AuditConfig(page=Path("audit.png"))
