import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from changed_index import check_consistent
from PIL import Image
from preparing import tree
from small_world import interrupt_second_shard, paint
from staged_net import BACKBONE
from wall_photographs import photograph_on_wall

from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.common.errors import (
    InvalidValueError,
    NotEnoughDataError,
    PainterSearchError,
)
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.inference import embedding_shards as shards
from painter_search.encoder.inference.embedding import embed_all
from painter_search.encoder.network import untrained_network
from painter_search.images.framing import frame_painting, open_frame
from painter_search.images.photographs.crop import parse_crop
from painter_search.index import add as add_module
from painter_search.index import update as update_module
from painter_search.index.config import AddConfig, BuildIndexConfig
from painter_search.index.painting_index import PaintingIndex, add_paintings
from painter_search.index.vector_store.faiss_store import FaissStore


def test_add_paintings_embeds_new_works_alone_and_changes_nothing_else(
    home: Path, paintings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = PaintingIndex.load(home)
    bytes_before = tree(before.folder)
    embedded: list[Path] = []
    real = shards.embed_frames

    def counting(embedder, frames, threads):  # type: ignore[no-untyped-def]
        embedded.extend(frames)
        frames_bytes.extend(frame.read_bytes() for frame in frames)
        return real(embedder, frames, threads=threads)

    frames_bytes: list[bytes] = []
    monkeypatch.setattr(shards, "embed_frames", counting)
    update = add_paintings(home, paintings, "New Hand")
    after = PaintingIndex.load(home)
    assert after.digest == update.index.digest != before.digest
    assert len(embedded) == 3
    assert [entry.id for entry in update.added] == [17, 18, 19]
    assert {entry.work.artist for entry in update.added} == {"New Hand"}
    assert [entry.work.name for entry in update.added] == [f"paintings/{n}.jpg" for n in range(3)]
    assert update.left_out == (("notes.txt", "not an image"),)
    assert after.works.by_artist("New Hand") == list(update.added)
    check_consistent(after)
    old = before.artists.ids
    np.testing.assert_array_equal(after.embeddings(old), before.embeddings(old))
    np.testing.assert_array_equal(after.embeddings([17, 18, 19]), embed_all(before.encoder, frames_bytes))
    assert after.works.get(old.tolist()) == before.works.get(old.tolist())
    assert tree(before.folder) == bytes_before
    assert (after.folder / "encoder.onnx").samefile(before.folder / "encoder.onnx")
    assert not [path for path in home.iterdir() if path.name.startswith(".")]
    answer = attribute(after, [paintings / "1.jpg"])[0]
    assert isinstance(answer, Attribution)
    assert [neighbour.id for neighbour in answer.same_works] == [18]


def test_add_paintings_leaves_out_pictures_that_the_index_has_by_the_artist(home: Path, paintings: Path) -> None:
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


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A painting on a wall, in a folder of artists."""
    path = tmp_path / "walls" / "New Hand" / "on-a-wall.png"
    path.parent.mkdir(parents=True)
    photograph_on_wall(paint(30, 0)).image.save(path)
    return path


@pytest.mark.parametrize(
    ("crop", "said"), [("auto", "cropped to the painting"), ("none", None), ("0.2,0.2,0.5,0.5", "cropped as given")]
)
def test_add_paintings_keeps_of_a_photograph_what_crop_says(
    crop: str, said: str | None, home: Path, photograph: Path
) -> None:
    update = add_paintings(home, photograph, "New Hand", crop=crop)
    frame = frame_painting(photograph.read_bytes(), "whole", crop=parse_crop(crop))
    assert [(file, part["sentence"].partition(",")[0]) for file, part in update.cropped] == (
        [("on-a-wall.png", said)] if said else []
    )
    (added,) = update.added
    np.testing.assert_array_equal(update.index.embeddings([added.id]), embed_all(update.index.encoder, [frame.jpeg]))


def test_build_index_crops_no_photograph_in_its_folder(
    photograph: Path, small_index_config: BuildIndexConfig, tmp_path: Path
) -> None:
    index = PaintingIndex.build(
        folder=photograph.parents[1], encoder=small_index_config.encoder, index=tmp_path / "new", device="cpu"
    )
    frame = frame_painting(photograph.read_bytes(), "whole")
    np.testing.assert_array_equal(index.embeddings([1]), embed_all(index.encoder, [frame.jpeg]))


def test_add_paintings_numbers_collections_of_one_name_and_file(home: Path, tmp_path: Path) -> None:
    for name, painter in (("a", 31), ("b", 32)):
        (tmp_path / name / "scans").mkdir(parents=True)
        paint(painter, 0).save(tmp_path / name / "scans" / "1.jpg")
        add_paintings(home, tmp_path / name / "scans", f"Hand {painter}")
    index = PaintingIndex.load(home)
    assert [index.works.by_artist(f"Hand {n}")[0].work.name for n in (31, 32)] == ["scans/1.jpg", "scans-2/1.jpg"]
    assert index.manifest.collections == ("scans", "scans-2", "small")


def test_add_paintings_takes_a_folder_of_artists(home: Path, painted_folder: Path) -> None:
    update = add_paintings(home, painted_folder)
    assert update.index.works.works_per_artist().items() >= {"Ada Blue": 3, "Émile Vert": 3, "Solo": 1}.items()
    assert [file for file, _ in update.left_out] == ["Solo/notes.txt"]
    check_consistent(update.index)


def test_add_paintings_spells_names_as_the_index_does_and_leaves_out_hands_that_are_nobodys(
    home: Path, tmp_path: Path
) -> None:
    for painter, name in ((40, "painter_8"), (41, "Unknown"), (42, "Painter 9 (workshop of)")):
        (tmp_path / "new" / name).mkdir(parents=True)
        paint(painter, 0).save(tmp_path / "new" / name / "1.jpg")
    update = add_paintings(home, tmp_path / "new")
    assert [entry.work.artist for entry in update.added] == ["Painter 8"]
    assert dict(update.left_out) == {
        "Unknown/1.jpg": "by no named artist: Unknown",
        "Painter 9 (workshop of)/1.jpg": "by a hand near an artist: Painter 9 (workshop of)",
    }
    assert [entry.id for entry in update.index.works.by_artist("PAINTER_8")][-1] == update.added[0].id
    with pytest.raises(NotEnoughDataError, match=r"by no named artist: Anonymous\); keep_uncertain adds"):
        add_paintings(home, tmp_path / "new" / "Unknown", "Anonymous")
    kept = add_paintings(home, tmp_path / "new", keep_uncertain=True)
    assert [entry.work.artist for entry in kept.added] == ["Painter 9 (workshop of)", "Unknown"]


@pytest.mark.parametrize("at_url", [False, True])
def test_add_paintings_takes_a_catalogue_with_originals_in_a_zip(home: Path, tmp_path: Path, at_url: bool) -> None:
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
    update = add_paintings(home, tmp_path / "list.csv", originals=[scans])
    assert [(entry.work.artist, entry.work.title, entry.work.date) for entry in update.added] == [
        ("Hand 33", "Dawn", "c.1890"),
        ("Hand 33", "Dusk", ""),
    ]
    assert update.left_out == (("gone.png", "missing from the originals"),)


def test_add_paintings_takes_all_of_a_collection_in_the_same_framing(
    home: Path, small_collection: Path, center_collection: Path
) -> None:
    update = add_paintings(home, small_collection)
    assert len(update.added) == 32  # the training works; the test works are in the index
    assert len(update.left_out) == 16
    check_consistent(update.index)
    with pytest.raises(PainterSearchError, match="is framed 'center' and the index 'whole'"):
        add_paintings(home, center_collection)


def test_add_paintings_keeps_thumbnails_of_whole_paintings_in_a_center_index(
    small_index_config: BuildIndexConfig, center_collection: Path, paintings: Path, tmp_path: Path
) -> None:
    save_checkpoint(tmp_path / "center.safetensors", untrained_network(BACKBONE, "none", seed=1), "center")
    config = replace(
        small_index_config,
        data=(center_collection,),
        encoder=str(tmp_path / "center.safetensors"),
        index=tmp_path / "index",
    )
    PaintingIndex.build(config)
    update = add_paintings(config.index, paintings, "New Hand")
    check_consistent(update.index)
    with Image.open(paintings / "0.jpg") as original:
        assert open_frame(update.index.works.thumbnail(update.added[0].id)).size == original.size


def test_add_paintings_continues_after_an_interruption(
    home: Path, paintings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(home, undisturbed)
    expected = add_paintings(undisturbed, paintings, "New Hand").index
    before = PaintingIndex.load(home)
    monkeypatch.setattr(shards, "SHARD_SIZE", 2)
    embedded = interrupt_second_shard(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        add_paintings(home, paintings, "New Hand")
    assert PaintingIndex.load(home).digest == before.digest
    update = add_paintings(home, paintings, "New Hand")
    assert embedded == [2, 0, 1]
    check_consistent(update.index)
    ids = expected.artists.ids
    np.testing.assert_allclose(update.index.embeddings(ids), expected.embeddings(ids), rtol=1e-4, atol=1e-4)
    assert update.index.works.get(ids.tolist()) == expected.works.get(ids.tolist())
    assert not [path for path in home.iterdir() if path.name.startswith(".")]


def test_interrupted_addition_is_not_continued_with_the_picture_of_another_url(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = []
    for number in range(2):  # of the same name, and of no size or time that is told
        paint(70, number).save(tmp_path / "one.png")
        urls.append(f"memory://{tmp_path.name}/{number}/default.png")
        fsspec.filesystem("memory").pipe_file(urls[-1], (tmp_path / "one.png").read_bytes())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(add_module, "embed_shards", interrupt)
        with pytest.raises(KeyboardInterrupt):
            add_paintings(home, urls[0], "New Hand")
    update = add_paintings(home, urls[1], "New Hand")
    thumbnail = update.index.open_thumbnail(update.added[0].id)
    assert np.abs(np.asarray(thumbnail, float) - np.asarray(paint(70, 1), float)).mean() < 10


@pytest.mark.parametrize(
    ("target", "name"),
    [(update_module, "publish_index"), (add_module, "add_thumbnails"), (FaissStore, "write_with")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_add_paintings_leaves_the_index_if_it_fails(
    home: Path, paintings: Path, monkeypatch: pytest.MonkeyPatch, target: object, name: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = PaintingIndex.load(home).digest
    with monkeypatch.context() as patched:
        patched.setattr(target, name, fail)
        with pytest.raises(OSError, match="No space"):
            add_paintings(home, paintings, "New Hand")
    assert PaintingIndex.load(home).digest == before
    assert len(add_paintings(home, paintings, "New Hand").added) == 3


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: None, "does not exist; check the path after `build-index add`"),
        (lambda folder: folder.mkdir(), "is empty"),
        (lambda folder: (folder.mkdir(), (folder / "up").symlink_to(".")), r"nothing was found: up in .* is a link to"),
        (lambda folder: folder.write_text("x"), r"no usable image to add \(new: .*not an image\)"),
    ],
)
def test_add_paintings_refuses_a_source_without_images(
    home: Path, tmp_path: Path, prepare: Callable[[Path], object], message: str
) -> None:
    prepare(tmp_path / "new")
    with pytest.raises(PainterSearchError, match=message):
        add_paintings(home, tmp_path / "new", "Artist")


def test_add_paintings_needs_an_artist_an_image_and_a_folder_of_indexes(home: Path, paintings: Path) -> None:
    with pytest.raises(PainterSearchError, match="no sub-folders"):
        add_paintings(home, paintings)
    for path in paintings.glob("*.jpg"):
        path.unlink()
    with pytest.raises(PainterSearchError, match=r"no usable image to add \(notes.txt: a text file, not an image\)"):
        add_paintings(home, paintings, "Artist")
    with pytest.raises(PainterSearchError, match="is one index and is never changed"):
        add_paintings(PaintingIndex.load(home).folder, paintings, "Artist")


def test_build_refuses_one_index_in_place_of_the_folder_of_its_versions(
    home: Path, small_index_config: BuildIndexConfig
) -> None:
    version = PaintingIndex.load(home).folder
    with pytest.raises(InvalidValueError, match="is one index and is never changed; give index the folder"):
        PaintingIndex.build(small_index_config, index=version)
    assert not (version / "CURRENT").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": Path("a"), "artist": " "}, "artist is empty"),
        ({"source": Path("a.csv")}, "needs originals"),
        ({"source": Path("a.csv"), "originals": (Path("a"),), "artist": "A"}, "leave out artist"),
        ({"source": Path("a"), "originals": (Path("a"),)}, "is none"),
    ],
)
def test_add_config_refuses_settings_that_contradict_each_other(settings: dict, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        AddConfig(**settings)


@pytest.mark.parametrize("way", ["one file", "several files", "a file and a folder", "a zip", "a bare string", "a url"])
def test_add_paintings_takes_files_folders_and_archives(way: str, home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    (new / "inner").mkdir(parents=True)
    for number in range(3):
        paint(40, number).save(new / "inner" / f"{number}.png")
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        archive.write(new / "inner" / "0.png", "deep/0.png")
    paint(41, 0).save(new / "one.png")
    if way == "a url":
        fsspec = pytest.importorskip("fsspec")
        fsspec.filesystem("memory").pipe_file(f"/{tmp_path.name}/a%20b.png", (new / "one.png").read_bytes())
    source: object = {
        "one file": new / "one.png",
        "several files": [new / "inner" / "0.png", new / "inner" / "1.png"],
        "a file and a folder": [new / "one.png", new / "inner"],
        "a zip": [tmp_path / "new.zip"],
        "a bare string": str(new / "one.png"),
        "a url": f"memory://{tmp_path.name}/a%20b.png",
    }[way]
    update = add_paintings(home, source, "New Hand")  # type: ignore[arg-type]
    assert [(entry.work.collection, entry.work.file) for entry in update.added] == {
        "one file": [("new", "one.png")],
        "several files": [("inner", "0.png"), ("inner", "1.png")],
        "a file and a folder": [("new", file) for file in ("inner/0.png", "inner/1.png", "inner/2.png", "one.png")],
        "a zip": [("new", "deep/0.png")],
        "a bare string": [("new", "one.png")],
        "a url": [(tmp_path.name, "a b.png")],
    }[way]
    assert {entry.work.artist for entry in update.added} == {"New Hand"}


def test_add_paintings_reads_artists_of_several_folders(home: Path, tmp_path: Path) -> None:
    for seed, artist in enumerate(("Ada Nova", "Berthe Morisot")):
        for work in range(2):
            (tmp_path / "set" / artist).mkdir(parents=True, exist_ok=True)
            paint(50 + seed, work).save(tmp_path / "set" / artist / f"{work}.png")
    update = add_paintings(home, sorted((tmp_path / "set").iterdir()))
    assert [(entry.work.artist, entry.work.file) for entry in update.added] == [
        (artist, f"{artist}/{work}.png") for artist in ("Ada Nova", "Berthe Morisot") for work in range(2)
    ]


def test_add_paintings_of_a_file_needs_its_artist(home: Path, paintings: Path) -> None:
    file = next(paintings.glob("*.jpg"))
    with pytest.raises(PainterSearchError, match=f"{file.name} does not tell its artist; add artist NAME"):
        add_paintings(home, file)


def test_add_paintings_takes_pictures_at_urls_of_one_base_name(home: Path, tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    urls = []
    for number in range(3):  # as IIIF servers name every picture
        paint(60 + number, 0).save(tmp_path / "one.jpg")
        system.pipe_file(f"/{tmp_path.name}/{number}/full/0/default.jpg", (tmp_path / "one.jpg").read_bytes())
        urls.append(f"memory://{tmp_path.name}/{number}/full/0/default.jpg")
    update = add_paintings(home, urls, artist="Somebody")
    assert [entry.work.file for entry in update.added] == ["2/default.jpg", "3/default.jpg", "default.jpg"]
    pictures = {update.index.works.thumbnail(entry.id) for entry in update.added}
    assert len(pictures) == 3


def test_add_paintings_adds_monochromes_that_differ_and_no_copy(home: Path, tmp_path: Path) -> None:
    for grey in (200, 201, 202):
        (tmp_path / "klein").mkdir(exist_ok=True)
        monochrome = Image.new("RGB", (300, 260), (grey, grey, grey))
        monochrome.putpixel((0, 0), (0, 0, 0))  # a picture of one colour all over is refused
        monochrome.save(tmp_path / "klein" / f"{grey}.png")
    assert len(add_paintings(home, tmp_path / "klein", artist="Klein").added) == 3
    again = add_paintings(home, tmp_path / "klein", artist="Klein")
    assert (again.added, len(again.left_out)) == ((), 3)


def test_add_paintings_tells_of_pictures_that_the_index_has_under_another_artist(
    home: Path, painted_originals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (work,) = PaintingIndex.load(home).works.get([1])
    with caplog.at_level("INFO", "painter_search"):
        added = add_paintings(home, painted_originals / work.file, artist="Somebody Else").added
    assert len(added) == 1
    assert (
        f"is added under Somebody Else, and the very picture is in the index under {work.artist} (id 1)" in caplog.text
    )
    caplog.clear()
    with caplog.at_level("INFO", "painter_search"):
        assert not add_paintings(home, painted_originals / work.file, artist=work.artist).added
    assert "very picture" not in caplog.text


def test_add_paintings_gives_no_work_to_one_of_several_namesakes(home: Path, tmp_path: Path) -> None:
    def add(artist: str) -> str:
        number = len(list(tmp_path.glob("*.jpg")))
        paint(70 + number, 0).save(tmp_path / f"{number}.jpg")
        (added,) = add_paintings(home, tmp_path / f"{number}.jpg", artist=artist).added
        return added.work.artist

    assert add("John Smith (1652-1742)") == "John Smith (1652-1742)"
    assert add("John Smith (1781-1852)") == "John Smith (1781-1852)"
    assert add("John Smith") == "John Smith"
    assert add("Smith, John (1652-1742)") == "John Smith (1652-1742)"


def test_add_paintings_refuses_flags_that_a_prepared_collection_has_no_use_for(
    home: Path, small_collection: Path, paintings: Path
) -> None:
    with pytest.raises(InvalidValueError, match="is a prepared collection, whose works have their artists"):
        add_paintings(home, small_collection, artist="Somebody")
    with pytest.raises(InvalidValueError, match="is a prepared collection; add it alone"):
        add_paintings(home, [paintings, small_collection], artist="Somebody")
