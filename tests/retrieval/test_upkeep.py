import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_world import paint

from painter_search.encoder import shards
from painter_search.encoder.embedding import embed_all
from painter_search.errors import UserError
from painter_search.folders import locked
from painter_search.retrieval import filling
from painter_search.retrieval import vectors as vectors_module
from painter_search.retrieval.adding import add_paintings
from painter_search.retrieval.attribution import Attribution, attribute
from painter_search.retrieval.manifest import MANIFEST, digest_manifest
from painter_search.retrieval.painting_index import PaintingIndex
from painter_search.retrieval.removing import remove_works
from painter_search.retrieval.settings import IndexConfig
from painter_search.retrieval.upkeep import Listing, keep_index, list_works


@pytest.fixture
def home(small_index: PaintingIndex, tmp_path: Path) -> Path:
    """A folder of indexes with a copy of the small index in use."""
    shutil.copytree(small_index.folder, tmp_path / "index" / small_index.digest)
    (tmp_path / "index" / "CURRENT").write_text(f"{small_index.digest}\n", encoding="utf-8")
    return tmp_path / "index"


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    """Three new paintings by one hand, and a file that is none."""
    folder = tmp_path / "paintings"
    folder.mkdir()
    for work in range(3):
        paint(30, work).save(folder / f"{work}.jpg", quality=92)
    (folder / "notes.txt").write_text("no painting")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def check(index: PaintingIndex) -> None:
    """Vectors, works, thumbnails, fingerprints and manifest speak of the same works."""
    ids = index.artists[0]
    assert len(index) == len(index.works) == len(ids) == index.manifest["works"]
    assert index.manifest["artists"] == len(index.works.works_per_artist())
    assert index.vectors(ids).shape == (len(ids), 256)
    assert (index.fingerprints[0] == ids).all()
    assert all(index.works.thumbnail(id) for id in ids)
    _, found = index.search(index.vectors(ids), 1)
    np.testing.assert_array_equal(found[:, 0], ids)
    assert max(ids) < index.manifest["next_id"]


def test_added_works_are_embedded_by_the_index_and_nothing_else_changes(
    home: Path, paintings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = PaintingIndex.load(home)
    bytes_before = contents(before.folder)
    embedded: list[Path] = []
    real = shards.embed_frames

    def counting(embedder, frames, threads):  # type: ignore[no-untyped-def]
        embedded.extend(frames)
        frames_bytes.extend(frame.read_bytes() for frame in frames)
        return real(embedder, frames, threads=threads)

    frames_bytes: list[bytes] = []
    monkeypatch.setattr(shards, "embed_frames", counting)
    change = add_paintings(home, paintings, "New Hand")
    after = PaintingIndex.load(home)
    assert after.digest == change.index.digest != before.digest
    assert len(embedded) == 3
    assert [entry.id for entry in change.added] == [17, 18, 19]
    assert {entry.work.artist for entry in change.added} == {"New Hand"}
    assert [entry.work.name for entry in change.added] == [f"paintings/{n}.jpg" for n in range(3)]
    assert change.left_out == (("notes.txt", "not an image"),)
    assert after.works.by_artist("New Hand") == list(change.added)
    check(after)
    old = before.artists[0]
    np.testing.assert_array_equal(after.vectors(old), before.vectors(old))
    np.testing.assert_array_equal(after.vectors([17, 18, 19]), embed_all(before.encoder, frames_bytes))
    assert after.works.get(old.tolist()) == before.works.get(old.tolist())
    assert contents(before.folder) == bytes_before
    assert (after.folder / "encoder.onnx").samefile(before.folder / "encoder.onnx")
    assert not [path for path in home.iterdir() if path.name.startswith(".")]
    answer = attribute(after, [paintings / "1.jpg"])[0]
    assert isinstance(answer, Attribution)
    assert [neighbour.id for neighbour in answer.same_works] == [18]


def test_a_picture_that_the_index_has_by_the_artist_is_left_out(home: Path, paintings: Path) -> None:
    from PIL import Image

    first = add_paintings(home, paintings, "New Hand").index
    again = add_paintings(home, paintings, "New Hand")
    assert again.added == ()
    assert again.index.digest == first.digest
    assert ("1.jpg", "already in the index (id 18)") in again.left_out
    with Image.open(paintings / "0.jpg") as image:
        image.resize((200, 200 * image.height // image.width)).save(paintings / "small.png")
    paint(30, 7).save(paintings / "7.jpg")
    paint(30, 7).save(paintings / "7-twice.png")
    third = add_paintings(home, paintings, "New Hand")
    assert [entry.work.file for entry in third.added] == ["7-twice.png"]
    assert {"small.png", "7.jpg"} <= {file for file, _ in third.left_out}
    rejected = (third.index.folder / "rejected.csv").read_text(encoding="utf-8").splitlines()
    assert rejected.count("notes.txt,not an image") == 1
    # The same pictures by another hand are another statement.
    assert len(add_paintings(home, paintings, "Somebody Else").added) == 4


def test_files_of_one_name_from_two_folders_of_one_name_are_told_apart(home: Path, tmp_path: Path) -> None:
    for place, painter in (("a", 31), ("b", 32)):
        (tmp_path / place / "scans").mkdir(parents=True)
        paint(painter, 0).save(tmp_path / place / "scans" / "1.jpg")
        add_paintings(home, tmp_path / place / "scans", f"Hand {painter}")
    index = PaintingIndex.load(home)
    assert [index.works.by_artist(f"Hand {n}")[0].work.name for n in (31, 32)] == ["scans/1.jpg", "scans-2/1.jpg"]
    assert index.manifest["collections"] == ["scans", "scans-2", "small"]


def test_a_folder_of_artists_is_added(home: Path, painted_folder: Path) -> None:
    change = add_paintings(home, painted_folder)
    assert change.index.works.works_per_artist().items() >= {"Ada Blue": 3, "Émile Vert": 3, "Solo": 1}.items()
    assert [file for file, _ in change.left_out] == ["Solo/notes.txt"]
    check(change.index)


@pytest.mark.parametrize("at_url", [False, True])
def test_a_catalogue_is_added_with_originals_in_a_zip(home: Path, tmp_path: Path, at_url: bool) -> None:
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        for work in range(2):
            paint(33, work).save(tmp_path / "picture.png")
            archive.write(tmp_path / "picture.png", f"inside/{work}.png")
        archive.write(tmp_path / "picture.png", "not in the catalogue.png")
    rows = "artist,filename,title,date\nHand 33,0.png,Dawn,c.1890\nHand 33,1.png,Dusk,\nHand 34,gone.png,,\n"
    (tmp_path / "list.csv").write_text(rows, encoding="utf-8")
    scans: Path | str = tmp_path / "scans.zip"
    if at_url:
        fsspec = pytest.importorskip("fsspec")
        scans = f"memory://{tmp_path.name}/scans.zip"
        fsspec.filesystem("memory").pipe_file(f"/{tmp_path.name}/scans.zip", (tmp_path / "scans.zip").read_bytes())
    change = add_paintings(home, tmp_path / "list.csv", originals=[scans])
    assert [(entry.work.artist, entry.work.title, entry.work.date) for entry in change.added] == [
        ("Hand 33", "Dawn", "c.1890"),
        ("Hand 33", "Dusk", ""),
    ]
    assert change.left_out == (("gone.png", "missing from the originals"),)


def test_a_prepared_collection_is_added_whole_if_framed_alike(
    home: Path, small_collection: Path, center_collection: Path
) -> None:
    change = add_paintings(home, small_collection)
    assert len(change.added) == 32  # the training works; the test works are in the index
    assert len(change.left_out) == 16
    check(change.index)
    with pytest.raises(UserError, match="is framed 'center' and the index 'whole'"):
        add_paintings(home, center_collection)


def test_a_center_index_keeps_thumbnails_of_the_whole_painting(
    small_index_config: IndexConfig, center_collection: Path, paintings: Path, tmp_path: Path
) -> None:
    from PIL import Image

    from painter_search.collection.framing import open_frame
    from painter_search.encoder.checkpoint import save_checkpoint, start_encoder

    save_checkpoint(tmp_path / "center.pt", start_encoder("resnet18", "none", seed=1), "center")
    config = replace(
        small_index_config, data=(center_collection,), encoder=str(tmp_path / "center.pt"), index=tmp_path / "index"
    )
    PaintingIndex.build(config)
    change = add_paintings(config.index, paintings, "New Hand")
    check(change.index)
    with Image.open(paintings / "0.jpg") as original:
        assert open_frame(change.index.works.thumbnail(change.added[0].id)).size == original.size


def test_an_interrupted_addition_leaves_the_index_and_is_finished_by_the_next(
    home: Path, paintings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(home, undisturbed)
    expected = add_paintings(undisturbed, paintings, "New Hand").index
    before = PaintingIndex.load(home)
    monkeypatch.setattr(shards, "SHARD", 2)
    embedded: list[int] = []
    real = shards.embed_frames

    def stop_in_the_second(embedder, frames, threads):  # type: ignore[no-untyped-def]
        if len(embedded) == 1:
            embedded.append(0)
            raise KeyboardInterrupt
        for block in real(embedder, frames, threads=threads):
            embedded.append(len(block))
            yield block

    monkeypatch.setattr(shards, "embed_frames", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        add_paintings(home, paintings, "New Hand")
    assert PaintingIndex.load(home).digest == before.digest
    change = add_paintings(home, paintings, "New Hand")
    assert embedded == [2, 0, 1]
    check(change.index)
    ids = expected.artists[0]
    np.testing.assert_allclose(change.index.vectors(ids), expected.vectors(ids), rtol=1e-4, atol=1e-4)
    assert change.index.works.get(ids.tolist()) == expected.works.get(ids.tolist())
    assert not [path for path in home.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["seal_index", "add_thumbnails", "with_more"])
def test_a_failed_addition_leaves_the_index(
    home: Path, paintings: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from painter_search.retrieval import adding, revision

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = PaintingIndex.load(home).digest
    with monkeypatch.context() as patched:
        patched.setattr(revision if name == "seal_index" else adding, name, fail)
        with pytest.raises(OSError, match="No space"):
            add_paintings(home, paintings, "New Hand")
    assert PaintingIndex.load(home).digest == before
    assert len(add_paintings(home, paintings, "New Hand").added) == 3


def test_removed_ids_are_never_given_again(home: Path, paintings: Path) -> None:
    added = add_paintings(home, paintings, "New Hand")
    change = remove_works(home, ["New Hand", "3", "#5"])
    assert [entry.id for entry in change.removed] == [3, 5, 17, 18, 19]
    assert change.removed[2:] == added.added
    check(change.index)
    assert not {3, 5, 17, 18, 19} & set(change.index.artists[0].tolist())
    assert "paintings" not in change.index.manifest["collections"]
    again = add_paintings(home, paintings, "New Hand")
    assert [entry.id for entry in again.added] == [20, 21, 22]
    check(again.index)


def test_what_cannot_be_removed_is_refused(home: Path, paintings: Path) -> None:
    with pytest.raises(UserError, match="no work with the id 99"):
        remove_works(home, ["99"])
    with pytest.raises(UserError, match="no work by Painter 88; did you mean Painter 8"):
        remove_works(home, ["Painter 88"])
    with pytest.raises(UserError, match="these are all the 16 works"):
        remove_works(home, [f"Painter {n}" for n in (8, 9, 10, 11)])
    add_paintings(home, paintings, "3")  # there is a painter called 69
    with pytest.raises(UserError, match="write #3"):
        remove_works(home, ["3"])
    assert [entry.id for entry in remove_works(home, ["#3"]).removed] == [3]
    assert [entry.work.artist for entry in remove_works(home, ["3"]).removed] == ["3"] * 3


def test_what_else_a_manifest_and_an_index_hold_is_carried_over(home: Path, paintings: Path) -> None:
    folder = PaintingIndex.load(home).folder
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["calibration"] = {"temperature": 2.5}
    del manifest["next_id"]  # an index of before there were changes
    manifest["digest"] = digest_manifest(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    change = add_paintings(home, paintings, "New Hand")
    assert [entry.id for entry in change.added] == [17, 18, 19]
    for index in (change.index, remove_works(home, ["17"]).index):
        assert index.manifest["calibration"] == {"temperature": 2.5}
        assert index.manifest["encoder"] == manifest["encoder"]
        assert index.manifest["next_id"] == 20


def test_an_approximate_index_is_changed_and_stays_approximate(
    small_index_config: IndexConfig, small_collection: Path, paintings: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(vectors_module, "EXACT_UP_TO", 10)
    monkeypatch.setattr(filling, "TRIALS", 10)
    home = tmp_path / "index"
    built = PaintingIndex.build(replace(small_index_config, split="all", index=home))
    assert built.manifest["search"]["name"] == "approximate"
    added = add_paintings(home, paintings, "New Hand").index
    check(added)
    removed = remove_works(home, ["Painter 8", "49"]).index
    check(removed)
    assert len(removed) == 48 + 3 - 4 - 1
    assert removed.manifest["search"] == built.manifest["search"]
    ids = removed.artists[0]
    np.testing.assert_array_equal(removed.vectors(ids[ids <= 48]), built.vectors(ids[ids <= 48]))


def test_an_index_that_is_being_written_is_left_alone(home: Path, paintings: Path) -> None:
    with locked(home / ".lock", "busy"):
        for change in (lambda: add_paintings(home, paintings, "A"), lambda: remove_works(home, ["1"])):
            with pytest.raises(UserError, match="is being written by another process"):
                change()


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda folder: None, "does not exist; check the path after --add"),
        (lambda folder: folder.mkdir(), "is empty"),
        (lambda folder: folder.write_text("x"), "neither a folder nor a whole zip"),
    ],
)
def test_what_cannot_be_added_is_refused(
    home: Path, tmp_path: Path, prepare: Callable[[Path], object], sentence: str
) -> None:
    prepare(tmp_path / "new")
    with pytest.raises(UserError, match=sentence):
        add_paintings(home, tmp_path / "new", "Artist")


def test_images_without_an_artist_and_files_without_an_image_are_refused(home: Path, paintings: Path) -> None:
    with pytest.raises(UserError, match="no sub-folders"):
        add_paintings(home, paintings)
    for path in paintings.glob("*.jpg"):
        path.unlink()
    with pytest.raises(UserError, match=r"no usable image to add \(notes.txt: not an image\)"):
        add_paintings(home, paintings, "Artist")
    with pytest.raises(UserError, match="is one index and is never changed"):
        add_paintings(PaintingIndex.load(home).folder, paintings, "Artist")


def test_an_index_is_listed(small_index: PaintingIndex, small_index_config: IndexConfig) -> None:
    listing = keep_index(IndexConfig(index=small_index_config.index, list=True))
    assert isinstance(listing, Listing)
    assert listing.artists == {f"Painter {n}": 4 for n in (8, 9, 10, 11)}
    one = list_works(small_index, "Painter 9")
    assert one.artists == {"Painter 9": 4}
    assert [entry.work for entry in one.works] == small_index.works.get([entry.id for entry in one.works])
    with pytest.raises(UserError, match="did you mean Painter 9"):
        list_works(small_index, "painter nine 9")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"add": Path("a"), "remove": ("1",)}, "--add and --remove do not go together"),
        ({"remove": ("1",), "list": True}, "--remove and --list do not go together"),
        ({"artist": "A"}, "--artist belongs to --add or --list"),
        ({"remove": ("1",), "artist": "A"}, "--artist belongs to --add or --list"),
        ({"add": Path("a"), "artist": " "}, "--artist is empty"),
        ({"originals": (Path("a"),)}, "--originals belongs to --add"),
        ({"add": Path("a.csv")}, "needs --originals"),
        ({"add": Path("a.csv"), "originals": (Path("a"),), "artist": "A"}, "leave out --artist"),
        ({"add": Path("a"), "originals": (Path("a"),)}, "is none"),
        ({"add": Path("a"), "encoder": "imagenet"}, "--encoder says how an index is built"),
        ({"list": True, "exact": True}, "--exact says how an index is built"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(flags: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        IndexConfig(**flags)
