"""The whole of `prepare`: what it writes, what it leaves out and why, and that an interruption changes nothing."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from painter_search.collection import framing_pool, preparation
from painter_search.collection.catalogue import CLEAN_COLUMNS
from painter_search.collection.collection import Collection, frame_name, read_clean
from painter_search.collection.framing import UnreadablePainting, frame_painting, open_frame
from painter_search.collection.framing_pool import Framed, FramingJob
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig
from painter_search.errors import UserError

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]
WriteArtists = Callable[..., list[Path]]

ARTISTS = {"ann": 10, "bob": 4, "cy": 3, "dee": 2, "eve": 11, "flo": 3, "gus": 1, "hal": 4}
TRAINED = {"ann", "bob", "cy", "dee", "gus"}
SHARED = {"hal"}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def rejected_of(collection: Collection) -> dict[str, str]:
    table = read_clean(collection.folder / "rejected.csv")
    return dict(zip(table["file"], table["reason"], strict=True))


class Source:
    """Originals by name and a catalogue that says who made them."""

    def __init__(self, folder: Path, write_artists: WriteArtists, numbers: Mapping[str, int] = ARTISTS) -> None:
        self.originals = folder / "originals"
        self.rows: list[dict[str, str]] = []
        for index, path in enumerate(write_artists(self.originals, numbers)):
            artist = path.parent.name
            in_train = artist in TRAINED or (artist in SHARED and index % 2 == 0)
            self.add(artist, path.name, in_train, title=f"No {index}")
        self.info = folder / "all_data_info.csv"

    def add(self, artist: str, file: str, in_train: bool, title: str = "") -> None:
        row = dict.fromkeys([*CLEAN_COLUMNS, "artist_group"], "")
        self.rows.append({**row, "artist": artist, "new_filename": file, "in_train": str(in_train), "title": title})

    def config(self, out: Path, **settings: object) -> PrepareConfig:
        pd.DataFrame(self.rows).to_csv(self.info, index=False, quoting=csv.QUOTE_ALL)
        return replace(
            PrepareConfig(info=(self.info,), originals=(self.originals,), out=out, workers=1),
            **settings,  # type: ignore[arg-type]
        )


@pytest.fixture
def source(tmp_path: Path, write_artists: WriteArtists) -> Source:
    return Source(tmp_path / "source", write_artists)


@pytest.fixture
def folder(tmp_path: Path, write_artists: WriteArtists) -> Path:
    write_artists(tmp_path / "mine", {"ann": 3, "bob": 9, "cy": 2, "dee": 1, "eve": 3})
    return tmp_path / "mine"


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_everything_is_written_and_nothing_else(framing: str, source: Source, tmp_path: Path) -> None:
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


def test_the_parts_hold_what_the_rules_say(source: Source, tmp_path: Path) -> None:
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
        collection.report["counts"][f"{part}, clean"]["works"] for part in ("train", "test")
    ]
    assert set(train["in_train"]) == {"True"}
    assert set(test["in_train"]) == {"False"}
    every = sum(size * (size - 1) // 2 for size in test["artist"].value_counts())
    assert len(collection.triplets("test")) == int(0.42 * every) == collection.report["triplets"]["test"]


def test_capped_only_leaves_the_other_training_works_out(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data", capped_only=True))
    assert not (collection.folder / "df_train_all.csv").exists()
    works = collection.works("train")
    assert sum(work.artist == "ann" for work in works) == 8
    assert len(list((collection.folder / "frames").iterdir())) == len(collection.works("all"))


def test_max_works_all_keeps_every_work(source: Source, tmp_path: Path) -> None:
    collection = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert sum(work.artist == "eve" for work in collection.works("test")) == 11


def test_every_rejection_has_its_reason(source: Source, tmp_path: Path, save: Save, paint: Paint) -> None:
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
        "text.jpg": "not an image",
        "more/stray.jpg": "not in the catalogue",
        "gone.jpg": "missing from the originals",
        "more/0000.jpg": "another file of this name was taken: ann/0000.jpg",
        "nobody.jpg": "no artist in the catalogue",
        "contested.jpg": "the catalogue gives this file to two artists",
        "0000.jpg": "named twice in the catalogue",
        "": "no file name in the catalogue",
    }
    kinds = collection.report["rejected"]
    assert sum(kinds.values()) == len(read_clean(collection.folder / "rejected.csv"))
    assert kinds["the catalogue gives this file to two artists"] == 2
    assert kinds["truncated"] == 1


def test_a_wrong_extension_does_not_matter(source: Source, tmp_path: Path, save: Save, paint: Paint) -> None:
    for index, file_format in enumerate(("PNG", "WEBP", "TIFF", "BMP", "GIF")):
        (source.originals / f"x{index}.jpg").write_bytes(save(paint(index), file_format))
        source.add("ivy", f"x{index}.jpg", False)
    collection = prepare_collection(source.config(tmp_path / "data"))
    assert sum(work.artist == "ivy" for work in collection.works("test")) == 5


@pytest.mark.parametrize("title", ["None", "NA", 'a "quoted", title', "two\nlines", "Ünïcödé 齊"])
def test_any_title_is_read_back_as_it_was(title: str, source: Source, tmp_path: Path) -> None:
    source.rows[0]["title"] = title
    collection = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert [work.title for work in collection.works("train") if work.file == "0000.jpg"] == [title]


def test_a_carriage_return_in_a_title_becomes_a_blank_and_loses_no_work(source: Source, tmp_path: Path) -> None:
    source.rows[0]["title"] = "carriage\rreturn"
    collection = prepare_collection(source.config(tmp_path / "data", max_works="all"))
    assert [work.title for work in collection.works("train") if work.file == "0000.jpg"] == ["carriage return"]


def test_suspicious_artists_are_listed_and_kept(source: Source, tmp_path: Path, save: Save, paint: Paint) -> None:
    for index in range(2):
        (source.originals / f"y{index}.jpg").write_bytes(save(paint(index)))
        source.add("69", f"y{index}.jpg", False)
    collection = prepare_collection(source.config(tmp_path / "data"))
    assert "69" in set(read_clean(collection.folder / "suspicious_artists.csv")["artist"])
    assert sum(work.artist == "69" for work in collection.works("test")) == 2


def test_nothing_readable_is_an_error(source: Source, tmp_path: Path) -> None:
    for path in source.originals.rglob("*.jpg"):
        path.write_bytes(b"text")
    with pytest.raises(UserError, match="none of the 38 works"):
        prepare_collection(source.config(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


# --- folders and archives --------------------------------------------------------------------------------------------


def test_a_folder_of_artists_is_divided_by_its_share(folder: Path, tmp_path: Path) -> None:
    collection = prepare_collection(PrepareConfig(folder=folder, out=tmp_path / "data", workers=1))
    train, test = ({work.artist for work in collection.works(part)} for part in ("train", "test"))
    assert not train & test
    assert len(train | test) == 4  # dee has one work
    assert collection.name == "mine"
    pairs = sum(n * (n - 1) // 2 for n in pd.Series([w.artist for w in collection.works("test")]).value_counts())
    assert len(collection.triplets("test")) in (0, pairs)


def test_a_share_of_1_keeps_every_work_for_the_test(folder: Path, tmp_path: Path) -> None:
    collection = prepare_collection(PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1))
    assert collection.works("train") == []
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    assert sorted(work.file for work in collection.works("test")) == files
    assert len(collection.triplets("test")) == 3 + 36 + 1 + 3
    assert len(collection.triplets("train")) == len(collection.triplets("validation")) == 0


def test_works_of_two_artists_may_share_a_file_name(tmp_path: Path, save: Save, paint: Paint) -> None:
    for index, file in enumerate(("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "B 2/1.JPG", "B 2/2.png")):
        (tmp_path / "mine" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / file).write_bytes(save(paint(index)))
    collection = prepare_collection(
        PrepareConfig(folder=tmp_path / "mine", out=tmp_path / "data", test_share=1, workers=1)
    )
    works = collection.works("test")
    assert len(works) == 6
    assert len({collection.frame_path(work.file).read_bytes() for work in works}) == 6


def test_works_of_two_collections_have_different_names(folder: Path, tmp_path: Path) -> None:
    names: list[str] = []
    for name in ("one", "two"):
        config = PrepareConfig(folder=folder, out=tmp_path / name, name=name, test_share=1, workers=1)
        names += [work.name for work in prepare_collection(config).works("test")]
    assert len(set(names)) == len(names)
    assert f"one/{names[0].split('/', 1)[1]}" in names


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_a_file_name_that_is_no_utf_8_is_listed_with_its_reason(
    folder: Path, tmp_path: Path, save: Save, paint: Paint
) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder / "ann") + b"/caf\xe9.jpg")).write_bytes(save(paint(99)))
    except OSError:
        pytest.skip("the file system takes no such name")
    collection = prepare_collection(PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1))
    assert len(collection.works("test")) == 18
    assert b"ann/caf\xe9.jpg,its name has characters" in (collection.folder / "rejected.csv").read_bytes()


def test_an_archive_gives_what_its_folder_gives_and_is_not_unpacked(
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


def test_one_and_two_workers_write_the_same_bytes(source: Source, tmp_path: Path) -> None:
    (source.originals / "bad.jpg").write_bytes(b"text")
    source.add("ann", "bad.jpg", True)
    one = prepare_collection(source.config(tmp_path / "one"))
    two = prepare_collection(source.config(tmp_path / "two", workers=2))
    assert tree(one.folder) == tree(two.folder)


# --- interruption ----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill."""


def stop_after(count: int, done: list[str]) -> Callable[[FramingJob], Framed]:
    real = framing_pool.frame_to_disk

    def frame(job: FramingJob) -> Framed:
        if len(done) == count:
            raise Killed
        done.append(job.file)
        return real(job)

    return frame


@pytest.mark.parametrize("framing", ["whole", "center"])
@pytest.mark.parametrize("after", [0, 1, 17, 37])
def test_an_interruption_changes_nothing(
    framing: str, after: int, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data", framing=framing)
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    first: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(framing_pool, "frame_to_disk", stop_after(after, first))
        with pytest.raises(Killed):
            prepare_collection(config)
    assert not config.out.exists()
    second: list[str] = []
    monkeypatch.setattr(framing_pool, "frame_to_disk", stop_after(1000, second))
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)
    assert len(first) == after
    assert not set(first) & set(second)  # What was done is not done again.
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("step", ["_write_tables", "_drop_unlisted_frames", "put_in_place"])
def test_an_interruption_after_the_framing_changes_nothing(
    step: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data", framing="center")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    real = getattr(preparation, step)

    def interrupted(*arguments: object) -> None:
        if step != "put_in_place":
            real(*arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(preparation, step, interrupted)
        with pytest.raises(Killed):
            prepare_collection(config)
    assert not config.out.exists()
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


def interrupt(config: PrepareConfig, monkeypatch: pytest.MonkeyPatch, after: int = 20) -> Path:
    with monkeypatch.context() as patched:
        patched.setattr(framing_pool, "frame_to_disk", stop_after(after, []))
        with pytest.raises(Killed):
            prepare_collection(config)
    return config.out.with_name(f".{config.out.name}.partial")


@pytest.mark.parametrize("tail", [b'{"file": "0005.jpg", "rea', b'{"file"', b"\0" * 40, b"\0" * 40 + b"\n"])
def test_a_half_written_line_of_the_journal_is_done_again(
    tail: bytes, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    with (interrupt(config, monkeypatch) / "journal.jsonl").open("ab") as journal:
        journal.write(tail)
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


@pytest.mark.parametrize("kind", ["frames", "thumbnails"])
def test_a_file_lost_in_a_power_cut_is_made_again(
    kind: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data", framing="center")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    beside = interrupt(config, monkeypatch)
    (beside / kind / "0010.jpg").write_bytes(b"")
    (beside / kind / "0011.jpg").unlink()
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


def test_other_settings_do_not_continue_what_was_interrupted(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    interrupt(config, monkeypatch)
    other = replace(config, framing="center")
    expected = prepare_collection(replace(other, out=tmp_path / "undisturbed"))
    assert tree(prepare_collection(other).folder) == tree(expected.folder)


def test_a_killed_process_is_continued(source: Source, tmp_path: Path) -> None:
    config = source.config(tmp_path / "data")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    slowed = (
        "import sys, time; from pathlib import Path\n"
        "from painter_search.collection import framing_pool, preparation, settings\n"
        "real = framing_pool.frame_to_disk\n"
        "framing_pool.frame_to_disk = lambda job: (time.sleep(0.05), real(job))[1]\n"
        "info, originals, out = map(Path, sys.argv[1:])\n"
        "preparation.prepare_collection("
        "settings.PrepareConfig(info=(info,), originals=(originals,), out=out, workers=1))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", slowed, source.info, source.originals, config.out], stderr=subprocess.DEVNULL
    )
    journal = tmp_path / ".data.partial" / "journal.jsonl"
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if journal.is_file() and journal.read_bytes().count(b"\n") >= 5:
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert journal.is_file()
    assert not config.out.exists()
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


# --- again -----------------------------------------------------------------------------------------------------------


def test_a_complete_collection_is_returned_as_it_is(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    monkeypatch.setattr(framing_pool, "frame_to_disk", stop_after(0, []))
    assert tree(prepare_collection(replace(config, workers=2, replace=True)).folder) == before


@pytest.mark.parametrize(
    "change", [{"framing": "center"}, {"random_state": 1}, {"max_works": 4}, {"capped_only": True}]
)
def test_other_settings_are_refused_without_replace(change: dict[str, object], source: Source, tmp_path: Path) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    other = replace(config, **change)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="--replace"):
        prepare_collection(other)
    assert tree(config.out) == before
    replaced = tree(prepare_collection(replace(other, replace=True)).folder)
    assert replaced == tree(prepare_collection(replace(other, out=tmp_path / "fresh")).folder)
    assert leftovers(tmp_path) == []


def test_a_changed_catalogue_is_refused_without_replace(source: Source, tmp_path: Path) -> None:
    prepare_collection(source.config(tmp_path / "data"))
    source.rows[0]["title"] = "another"
    with pytest.raises(UserError, match="--replace"):
        prepare_collection(source.config(tmp_path / "data"))


def test_a_failed_replacement_leaves_the_old_collection(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    before = tree(prepare_collection(config).folder)
    interrupt(replace(config, framing="center", replace=True), monkeypatch)
    assert tree(config.out) == before


def test_a_folder_with_something_else_in_it_is_refused(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="no prepared collection"):
        prepare_collection(source.config(tmp_path / "data", replace=True))
    assert (tmp_path / "data" / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_filled(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert prepare_collection(source.config(tmp_path / "data")).works("test")


def test_a_file_in_place_of_the_folder_is_refused(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(UserError, match="data"):
        prepare_collection(source.config(tmp_path / "data"))
    assert (tmp_path / "data").read_text() == "a file"


def test_the_working_folder_itself_can_be_filled_or_is_refused(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with contextlib.suppress(UserError):
        assert prepare_collection(source.config(Path("."))).works("test")


# --- the pool, the folder, the settings ------------------------------------------------------------------------------


def test_results_come_in_order_of_the_jobs(source: Source, tmp_path: Path) -> None:
    from painter_search.collection.framing_pool import frame_all
    from painter_search.collection.originals import list_originals

    jobs = [
        FramingJob(o.base_name, o, "whole", tmp_path / o.base_name, tmp_path / "none")
        for o in list_originals([source.originals])
    ]
    results = list(frame_all(jobs, workers=1))
    assert [framed.file for framed in results] == [job.file for job in jobs]
    assert all((framed.width, framed.height, framed.reason) == (120, 90, "") for framed in results)


def test_an_unexpected_decoder_error_costs_only_its_image(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = framing_pool.frame_painting

    def failing(content: bytes, framing: str) -> object:
        if content == next(source.originals.rglob("0003.jpg")).read_bytes():
            raise UnreadablePainting("a reason")
        return real(content, framing)  # type: ignore[arg-type]

    monkeypatch.setattr(framing_pool, "frame_painting", failing)
    assert rejected_of(prepare_collection(source.config(tmp_path / "data"))) == {"0003.jpg": "a reason"}


@pytest.mark.parametrize("file", ["1.jpg", "12-b_c.jpg"])
def test_plain_names_are_kept_for_frames(file: str) -> None:
    assert frame_name(file) == file


def test_all_other_names_get_safe_and_different_frames() -> None:
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


def test_an_unprepared_folder_and_another_format_are_errors(source: Source, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no prepared collection"):
        Collection.open(tmp_path)
    collection = prepare_collection(source.config(tmp_path / "data"))
    report = json.loads((collection.folder / "prepare.json").read_text())
    (collection.folder / "prepare.json").write_text(json.dumps({**report, "format": 99}))
    with pytest.raises(UserError, match="format 99"):
        Collection.open(collection.folder)


def test_a_prepared_collection_can_be_moved(source: Source, tmp_path: Path) -> None:
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
        ({"folder": Path("a"), "info": (Path("b"),)}, "--folder"),
        ({"info": (Path("b"),)}, "--originals is missing"),
        ({"originals": (Path("b"),)}, "--info is missing"),
        ({"test_share": 0}, "--test-share"),
        ({"test_share": 1.5}, "--test-share"),
        ({"validation_share": 1}, "--validation-share"),
        ({"test_triplets": 0}, "--test-triplets"),
        ({"max_works": 1}, "--max-works"),
    ],
)
def test_settings_that_make_no_sense_are_errors(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        PrepareConfig(**settings)  # type: ignore[arg-type]


# --- found by trying to break it ----------------------------------------------------------------------------------


def test_a_changed_original_of_the_same_size_is_noticed(tmp_path: Path, paint: Paint) -> None:
    folder = tmp_path / "artists"
    for artist in ("a", "b"):
        (folder / artist).mkdir(parents=True)
        for work in range(2):
            paint(work, 40, 40).save(folder / artist / f"{work}.bmp")
    config = PrepareConfig(folder=folder, out=tmp_path / "data", test_share=1, workers=1)
    prepare_collection(config)
    changed = folder / "a" / "0.bmp"
    size = changed.stat().st_size
    paint(99, 40, 40).save(changed)
    os.utime(changed, ns=(time.time_ns(), time.time_ns()))  # some file systems' clocks are coarse
    assert changed.stat().st_size == size
    with pytest.raises(UserError, match="--replace"):
        prepare_collection(config)


def test_an_original_dated_in_the_future_is_no_changed_one(tmp_path: Path, write_artists: WriteArtists) -> None:
    for path in write_artists(tmp_path / "artists", {"a": 2, "b": 2}):
        os.utime(path, ns=(2**62, 2**62))
    config = PrepareConfig(folder=tmp_path / "artists", out=tmp_path / "data", test_share=1, workers=1)
    first = prepare_collection(config)
    assert prepare_collection(config).report == first.report


def test_a_second_preparation_of_one_folder_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".data.lock"), pytest.raises(UserError, match="is being prepared by another process"):
        prepare_collection(PrepareConfig(out=tmp_path / "data"))


@pytest.mark.parametrize("name", ["line\rbreak", "new\nline", "bell\x07"])
def test_a_file_whose_name_breaks_tables_is_listed_with_its_reason(tmp_path: Path, paint: Paint, name: str) -> None:
    folder = tmp_path / "artists" / "a"
    folder.mkdir(parents=True)
    for work in range(2):
        paint(work).save(folder / f"{work}.jpg")
    try:
        paint(5).save(folder / f"{name}.jpg")
    except OSError:
        pytest.skip("this file system takes no such name")
    collection = prepare_collection(PrepareConfig(folder=folder.parent, out=tmp_path / "data", test_share=1, workers=1))
    assert len(collection.works("test")) == 2
    assert "rename it" in (collection.folder / "rejected.csv").read_text(encoding="utf-8")
