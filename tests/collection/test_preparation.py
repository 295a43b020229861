"""What preparation writes, and what it leaves out and why."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from preparing import Paint, Save, Source, leftovers, rejected_of, tree
from wall_photographs import photograph_on_wall

from painter_search.collection.catalogues.catalogue import CLEAN_COLUMNS
from painter_search.collection.catalogues.inputs import read_inputs
from painter_search.collection.collection import Collection, frame_name, read_clean
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotEnoughDataError, NotFoundError
from painter_search.images.framing import frame_painting, open_frame
from painter_search.images.types import Framing


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_prepare_collection_writes_all_files_and_no_others(framing: str, source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data", framing=framing))
    tables = {"df_train_clean.csv", "df_train_all.csv", "df_test_clean.csv", "rejected.csv", "suspicious_artists.csv"}
    triplets = {"train_triplets_with_labels_new.csv", "val_triplets_with_labels.csv", "test_triplets_with_labels.csv"}
    written = set(tree(collection.folder))
    works = {work.file for work in collection.works("all")}
    frames = {f"frames/{frame_name(file)}" for file in works}
    thumbnails = {f"thumbnails/{frame_name(file)}" for file in works} if framing == "center" else set()
    assert written == tables | triplets | {"prepare.json"} | frames | thumbnails
    assert leftovers(tmp_path) == []
    for work in collection.works("all"):
        (original,) = source.originals.rglob(work.file)
        assert (
            collection.frame_path(work.file).read_bytes()
            == frame_painting(original.read_bytes(), collection.framing).jpeg
        )
        assert max(open_frame(collection.thumbnail(work.file)).size) == 120


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_prepare_collection_crops_no_photograph_of_a_painting(framing: Framing, tmp_path: Path, paint: Paint) -> None:
    for number, artist in enumerate(("ann", "bob")):
        (tmp_path / "mine" / artist).mkdir(parents=True)
        photograph_on_wall(paint(number, 440, 330)).image.save(tmp_path / "mine" / artist / f"{artist}.jpg")
    config = PrepareConfig(folder=tmp_path / "mine", out=tmp_path / "data", test_share=1, framing=framing, workers=1)
    collection = prepare_collection(config)
    for artist in ("ann", "bob"):
        content = (tmp_path / "mine" / artist / f"{artist}.jpg").read_bytes()
        assert frame_painting(content, framing, crop="auto").crop is not None
        frame = collection.frame_path(f"{artist}/{artist}.jpg").read_bytes()
        assert frame == frame_painting(content, framing).jpeg


def test_prepare_collection_parts_follow_cleaning_rules(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data"))
    train, train_all, test = (
        read_clean(collection.folder / f"df_{part}.csv") for part in ("train_clean", "train_all", "test_clean")
    )
    assert list(train.columns) == list(train_all.columns) == list(test.columns) == CLEAN_COLUMNS
    sizes = train["artist"].value_counts().to_dict()
    assert {artist: sizes[artist] for artist in ("ann", "bob", "cy", "dee")} == {"ann": 8, "bob": 4, "cy": 3, "dee": 2}
    assert train_all["artist"].value_counts()["ann"] == 10
    assert test["artist"].value_counts()["eve"] == 8
    assert not set(train_all["artist"]) & set(test["artist"])
    assert "gus" not in {*train["artist"], *test["artist"]}
    assert [len(train), len(test)] == [
        collection.summary["counts"][f"{part}, clean"]["works"] for part in ("train", "test")
    ]
    assert set(train["in_train"]) == {"True"}
    assert set(test["in_train"]) == {"False"}
    every = sum(size * (size - 1) // 2 for size in test["artist"].value_counts())
    assert len(collection.triplets("test")) == int(0.42 * every) == collection.summary["triplets"]["test"]


def test_prepare_collection_capped_only(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data", capped_only=True))
    assert not (collection.folder / "df_train_all.csv").exists()
    works = collection.works("train")
    assert sum(work.artist == "ann" for work in works) == 8
    assert len(list((collection.folder / "frames").iterdir())) == len(collection.works("all"))


def test_prepare_collection_max_works_all_keeps_every_work(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert sum(work.artist == "eve" for work in collection.works("test")) == 11


def test_prepare_collection_lists_every_rejection_with_reason(
    source: Source, tmp_path: Path, save: Save, paint: Paint
) -> None:
    more = source.originals / "more"
    more.mkdir()
    (more / "empty.jpg").write_bytes(b"")
    (more / "text.jpg").write_bytes(b"hello")
    (more / "cut.jpg").write_bytes(save(paint(1))[:-900])
    (more / "stray.jpg").write_bytes(save(paint(2)))
    (more / "0000.jpg").write_bytes(save(paint(3)))
    (more / "nobody.jpg").write_bytes(save(paint(4)))
    (more / "contested.jpg").write_bytes(save(paint(5)))
    for file in ("empty.jpg", "text.jpg", "cut.jpg", "gone.jpg"):
        source.add("bob", file, True)
    source.add("", "nobody.jpg", True)
    source.add("bob", "contested.jpg", True)
    source.add("ann", "contested.jpg", True)
    source.add("ann", "0000.jpg", True)
    source.add("ann", "", True)
    collection = prepare_collection(source.config(tmp_path / "data"))
    found = rejected_of(collection)
    assert found.pop("cut.jpg").startswith("truncated")
    assert found == {
        "empty.jpg": "empty file",
        "text.jpg": "a text file, not an image",
        "more/stray.jpg": "not in the catalogue",
        "gone.jpg": "missing from the originals",
        "more/0000.jpg": "another file of this name was taken: ann/0000.jpg",
        "nobody.jpg": "no artist in the catalogue",
        "contested.jpg": "the catalogue gives this file to two artists",
        "0000.jpg": "named twice in the catalogue",
        "": "no file name in the catalogue",
    }
    kinds = collection.summary["rejected"]
    assert sum(kinds.values()) == len(read_clean(collection.folder / "rejected.csv"))
    assert kinds["the catalogue gives this file to two artists"] == 2
    assert kinds["truncated"] == 1


def test_prepare_collection_ignores_wrong_extension(source: Source, tmp_path: Path, save: Save, paint: Paint) -> None:
    for index, file_format in enumerate(("PNG", "WEBP", "TIFF", "BMP", "GIF")):
        (source.originals / f"x{index}.jpg").write_bytes(save(paint(index), file_format))
        source.add("ivy", f"x{index}.jpg", False)
    collection = prepare_collection(source.config(tmp_path / "data"))
    assert sum(work.artist == "ivy" for work in collection.works("test")) == 5


@pytest.mark.parametrize("title", ["None", "NA", 'a "quoted", title', "two\nlines", "Ünïcödé 齊"])
def test_prepare_collection_keeps_any_title(title: str, source: Source, tmp_path: Path) -> None:
    source.rows[0]["title"] = title
    collection = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert [work.title for work in collection.works("train") if work.file == "0000.jpg"] == [title]


def test_prepare_collection_replaces_carriage_return_in_title(source: Source, tmp_path: Path) -> None:
    source.rows[0]["title"] = "carriage\rreturn"
    collection = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert [work.title for work in collection.works("train") if work.file == "0000.jpg"] == ["carriage return"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such file names there")
def test_prepare_collection_replaces_carriage_return_in_the_name_of_a_rejected_file(
    source: Source, tmp_path: Path
) -> None:
    (source.originals / "carriage\rreturn.jpg").write_bytes(b"no picture")
    collection = prepare_collection(source.config(tmp_path / "data"))
    assert rejected_of(collection)["carriage return.jpg"] == "not in the catalogue"
    assert b"\r" not in (collection.folder / "rejected.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_read_inputs_names_the_collection_of_a_piped_catalogue_after_the_current_folder(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    (tmp_path / "fd").mkdir()
    os.mkfifo(pipe := tmp_path / "fd" / "63")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    writer = threading.Thread(target=pipe.write_bytes, args=(source.catalogue.read_bytes(),))
    writer.start()
    assert read_inputs(replace(config, catalogue=(pipe,))).name == "here"
    writer.join()


def test_prepare_collection_lists_and_keeps_suspicious_artists(
    source: Source, tmp_path: Path, save: Save, paint: Paint
) -> None:
    for index in range(2):
        (source.originals / f"y{index}.jpg").write_bytes(save(paint(index)))
        source.add("69", f"y{index}.jpg", False)
    collection = prepare_collection(source.config(tmp_path / "data"))
    assert "69" in set(read_clean(collection.folder / "suspicious_artists.csv")["artist"])
    for file in ("suspicious_artists.csv", "rejected.csv"):
        assert (collection.folder / file).read_bytes().startswith(b"\xef\xbb\xbf")  # Excel reads UTF-8 by it
    assert sum(work.artist == "69" for work in collection.works("test")) == 2


def test_prepare_collection_refuses_catalogue_without_readable_original(source: Source, tmp_path: Path) -> None:
    for path in source.originals.rglob("*.jpg"):
        path.write_bytes(b"text")
    with pytest.raises(NotEnoughDataError, match="none of the 38 works"):
        prepare_collection(source.config(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_prepare_collection_names_what_was_passed_over_if_nothing_is_left(source: Source, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(NotEnoughDataError, match="is empty"):
        prepare_collection(PrepareConfig(folder=tmp_path / "set", out=tmp_path / "data"))
    try:
        (tmp_path / "set" / "up").symlink_to(".")
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")
    of_catalogue = source.config(tmp_path / "data", originals=(tmp_path / "set",))
    for config in (PrepareConfig(folder=tmp_path / "set", out=tmp_path / "data"), of_catalogue):
        with pytest.raises(NotEnoughDataError, match=r"nothing was found: up in .*set is a link to"):
            prepare_collection(config)


def test_prepare_collection_divides_folder_of_artists(folder: Path, tmp_path: Path) -> None:
    collection = prepare_collection(PrepareConfig(folder=folder, out=tmp_path / "data", workers=1))
    train, test = ({work.artist for work in collection.works(part)} for part in ("train", "test"))
    assert not train & test
    assert len(train | test) == 4  # dee has one work
    assert collection.name == "mine"
    pairs = sum(n * (n - 1) // 2 for n in pd.Series([w.artist for w in collection.works("test")]).value_counts())
    assert len(collection.triplets("test")) in (0, pairs)


def test_prepare_collection_with_test_share_1_keeps_every_work_in_test(folder: Path, tmp_path: Path) -> None:
    collection = prepare_collection(PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1))
    assert collection.works("train") == []
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    assert sorted(work.file for work in collection.works("test")) == files
    assert len(collection.triplets("test")) == 3 + 36 + 1 + 3
    assert len(collection.triplets("train")) == len(collection.triplets("validation")) == 0


def test_prepare_collection_with_test_share_1_keeps_every_work_of_a_catalogue(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data", test_share=1))
    assert collection.works("train") == []
    assert sorted(work.file for work in collection.works("test")) == sorted(row["new_filename"] for row in source.rows)


def test_prepare_collection_draws_no_triplets_if_none_are_wanted(folder: Path, tmp_path: Path) -> None:
    config = PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1)
    without = prepare_collection(config, triplets=False)
    assert [len(without.triplets(split)) for split in ("train", "validation", "test")] == [0, 0, 0]  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="other settings"):
        prepare_collection(config)
    again = prepare_collection(replace(config, replace=True))
    assert again.works("test") == without.works("test")
    assert len(again.triplets("test")) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8")
def test_prepare_collection_takes_a_folder_whose_own_name_is_not_utf_8(folder: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Gem\xe4lde"))
    shutil.copytree(folder, odd)
    collection = prepare_collection(PrepareConfig(folder=odd, out=tmp_path / "data", workers=1))
    assert collection.name == "Gem\ufffdlde"


def test_prepare_collection_tells_equal_file_names_of_two_artists_apart(
    tmp_path: Path, save: Save, paint: Paint
) -> None:
    for index, file in enumerate(("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "B 2/1.JPG", "B 2/2.png")):
        (tmp_path / "mine" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / file).write_bytes(save(paint(index)))
    collection = prepare_collection(
        PrepareConfig(folder=tmp_path / "mine", out=tmp_path / "data", test_share=1, workers=1)
    )
    works = collection.works("test")
    assert len(works) == 6
    assert len({collection.frame_path(work.file).read_bytes() for work in works}) == 6


def test_work_name_differs_between_collections(folder: Path, tmp_path: Path) -> None:
    names: list[str] = []
    for name in ("one", "two"):
        config = PrepareConfig(folder=folder, out=tmp_path / name, name=name, test_share=1, workers=1)
        names += [work.name for work in prepare_collection(config).works("test")]
    assert len(set(names)) == len(names)
    assert f"one/{names[0].split('/', 1)[1]}" in names


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_prepare_collection_lists_file_name_that_is_not_utf_8(
    folder: Path, tmp_path: Path, save: Save, paint: Paint
) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder / "ann") + b"/caf\xe9.jpg")).write_bytes(save(paint(99)))
    except OSError:
        pytest.skip("the file system takes no such name")
    collection = prepare_collection(PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1))
    assert len(collection.works("test")) == 18
    assert b"ann/caf\xe9.jpg,its name has characters" in (collection.folder / "rejected.csv").read_bytes()


def test_prepare_collection_from_zip_equals_folder_without_unpacking(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "originals.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(source.originals.rglob("*.jpg")):
            opened.write(path, path.relative_to(source.originals).as_posix())
    from_folder = prepare_collection(source.config(tmp_path / "from_folder"))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(zipfile.ZipFile, "extract", None)
    monkeypatch.setattr(zipfile.ZipFile, "extractall", None)
    from_zip = prepare_collection(source.config(tmp_path / "from_zip", originals=(archive,)))
    assert tree(from_zip.folder) == tree(from_folder.folder)
    assert list(temporary.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {
        "source", "originals.zip", "from_folder", "from_zip", "temporary"
    }  # fmt: skip


@pytest.mark.slow
def test_prepare_collection_equal_with_one_and_two_workers(source: Source, tmp_path: Path) -> None:
    (source.originals / "bad.jpg").write_bytes(b"text")
    source.add("ann", "bad.jpg", True)
    one = prepare_collection(source.config(tmp_path / "one"))
    two = prepare_collection(source.config(tmp_path / "two", workers=2))
    assert tree(one.folder) == tree(two.folder)


@pytest.mark.parametrize("file", ["1.jpg", "12-b_c.jpg"])
def test_frame_name_keeps_plain_names(file: str) -> None:
    assert frame_name(file) == file


def test_frame_name_of_other_names_is_safe_and_unique() -> None:
    files = [
        "A.jpg",
        "a.JPG",
        "a.png",
        "a b.jpg",
        "x/a.jpg",
        "y/a.jpg",
        "ü.jpg",
        "u\u0308.jpg",
        "齊.jpg",
        "..",
        "-.jpg",
    ]
    files += ["a" * 300 + ".jpg", "a" * 301 + ".jpg", "a.jpg\n", "con.jpg", "nul.jpg", "com1.jpg", "", "\udce9.jpg"]
    names = [frame_name(file) for file in files]
    assert len(set(names)) == len(files)
    for name in names:
        assert name.isascii()
        assert name == name.lower()
        assert len(name) < 110
        assert "/" not in name
        assert name.split(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt1"}  # Devices on Windows.


def test_collection_open_refuses_unprepared_folder_and_other_format(source: Source, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no prepared collection"):
        Collection.open(tmp_path)
    collection = prepare_collection(source.config(tmp_path / "data"))
    summary = json.loads((collection.folder / "prepare.json").read_text())
    (collection.folder / "prepare.json").write_text(json.dumps({**summary, "format": 99}))
    with pytest.raises(DamagedFileError, match="format 99"):
        Collection.open(collection.folder)


def test_collection_open_after_move(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data"))
    works = collection.works("all")
    shutil.move(tmp_path / "data", tmp_path / "elsewhere")
    moved = Collection.open(tmp_path / "elsewhere")
    assert moved.works("all") == works
    assert all(moved.frame_path(work.file).is_file() for work in works)
    assert str(tmp_path) not in (tmp_path / "elsewhere" / "prepare.json").read_text()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folder": Path("a"), "catalogue": (Path("b"),)}, "folder"),
        ({"catalogue": (Path("b"),)}, "originals is missing"),
        ({"originals": (Path("b"),)}, "catalogue is missing"),
        ({"test_share": 0}, "test_share"),
        ({"test_share": 1.5}, "test_share"),
        ({"validation_share": 1}, "validation_share"),
        ({"test_triplets": 0}, "test_triplets"),
        ({"max_works": 1}, "max_works"),
        ({"max_works": "every"}, "max_works is 'every'; choose from all, a number"),
        ({"framing": "centre"}, "framing is 'centre'; choose from whole, center"),
        ({"workers": -1}, "workers"),
        ({"random_state": 2**32}, "random_state"),
        ({"out": Path("s3://bucket/data")}, "out is a URL"),
        ({"folder": "s3://bucket/scans"}, "folder is a URL .* takes a path on this machine"),
        ({"catalogue": Path("https://example.org/c.csv"), "originals": "a"}, "catalogue is a URL"),
        ({"folder": ""}, "a path is empty"),
        ({"catalogue": "c.csv", "originals": " "}, "a path is empty"),
        ({"catalogue": "", "originals": "a"}, "a path is empty"),
        ({"from_hub": ""}, "a path is empty"),
        ({"out": ""}, "a path is empty"),
    ],
)
def test_prepare_config_refuses_invalid_settings(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        PrepareConfig(**settings)  # type: ignore[arg-type]


def test_prepare_config_takes_strings_and_single_paths() -> None:
    config = PrepareConfig(catalogue="info.csv", originals="scans", out="data")  # type: ignore[arg-type]
    assert (config.catalogue, config.originals, config.out) == ((Path("info.csv"),), (Path("scans"),), Path("data"))
    assert PrepareConfig(catalogue=Path("a"), originals="s3://bucket/scans").originals == ("s3://bucket/scans",)  # type: ignore[arg-type]
    assert PrepareConfig(folder="artists").folder == Path("artists")  # type: ignore[arg-type]
