"""A full disk, a folder that may not be written to, an input that vanishes: one sentence, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Killer, digests
from test_killed import (
    STORIES,
    Story,
    a_collection,
    an_index_of_the_test_works,
    build_index,
    change_index,
    prepare,
    train,
)
from tiny_world import paint_tiny_artists

ONE_SENTENCE = "painter_search: "


def failed_in_a_sentence(done: dict[str, Any], *words: str) -> None:
    """One line says what was wrong, and nothing looks like a traceback."""
    assert done["code"] == 1, done["stderr"]
    assert "Traceback" not in done["stderr"], done["stderr"]
    said = [line for line in done["stderr"].splitlines() if line.startswith(ONE_SENTENCE)]
    assert len(said) == 1, done["stderr"]
    assert "Error" not in said[0], said
    assert any(word in said[0] for word in words), said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 12 MB, where mounting is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def leave_free(disk: Path, size: int) -> Path:
    """Fill a disk until `size` bytes are free."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(disk).free - size)))
    return filler


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_full_disk(story: Story, killer: Killer, small_disk: Path, tmp_path: Path, long: bool) -> None:
    start, world = tmp_path / "start", small_disk / "world"
    start.mkdir()
    story.begin(start, killer)

    def afresh() -> None:
        shutil.rmtree(world, ignore_errors=True)
        shutil.copytree(start, world)

    afresh()
    before, full = story.sound(world), shutil.disk_usage(small_disk).free
    killer.complete(*story.command(world))
    needed = full - shutil.disk_usage(small_disk).free
    expected, after = story.result(world), story.sound(world)
    shares = (0.0, 0.02, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95) if long else (0.02, 0.6)
    for share in shares:
        afresh()
        filler = leave_free(small_disk, int(share * needed))
        failed_in_a_sentence(killer.run(*story.command(world)), "No space left", "is full")
        filler.unlink()
        assert story.sound(world) in (before, after), share
        killer.complete(*story.command(world))
        assert story.result(world) == expected, share


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_file_that_may_not_grow(story: Story, killer: Killer, tmp_path: Path, long: bool) -> None:
    start, world = tmp_path / "start", tmp_path / "world"
    start.mkdir()
    story.begin(start, killer)
    shutil.copytree(start, world)
    before = story.sound(world)
    killer.complete(*story.command(world))
    expected, after = story.result(world), story.sound(world)
    for most in (8_000, 20_000, 45_000, 100_000) if long else (20_000,):
        shutil.rmtree(world)
        shutil.copytree(start, world)
        done = killer.run(*story.command(world), limits={"RLIMIT_FSIZE": most})
        if done["code"]:
            failed_in_a_sentence(done, "File too large", "cannot be written")
        assert story.sound(world) in (before, after), most
        killer.complete(*story.command(world))
        assert story.result(world) == expected, most


@pytest.mark.parametrize("asked", ["--csv", "--json"])
def test_an_answer_that_cannot_be_printed(asked: str, tmp_path: Path, killer: Killer) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    an_index_of_the_test_works(tmp_path, killer)
    painting = next((tmp_path / "artists").rglob("*.jpg"))
    words = [sys.executable, "-m", "painter_search.query", painting, "--index", tmp_path / "index", asked]
    # As most people run it: what is printed waits until there is much of it, or the end.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, env=buffered)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_the_list_of_commands_onto_a_full_disk_is_one_sentence() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "painter_search"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_a_page_where_a_folder_stands(tmp_path: Path, killer: Killer) -> None:
    an_index_of_the_test_works(tmp_path, killer)
    (tmp_path / "page.html").mkdir()
    done = killer.run("audit", "--index", tmp_path / "index", "--page", tmp_path / "page.html")
    failed_in_a_sentence(done, f"{tmp_path / 'page.html'}: Is a directory")


def as_nobody(killer: Killer, *argv: object) -> dict[str, Any]:
    """Run a command without root's power to ignore permissions."""
    if os.geteuid():
        return killer.run(*argv)
    return killer.run(*argv, user=65534)


@pytest.fixture
def open_world() -> Iterator[Path]:
    """A folder that anybody may enter; those of pytest are shut again by the next pytest that starts."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_that_may_not_be_written_to(killer: Killer, open_world: Path) -> None:
    world = open_world / "world"
    world.mkdir()
    an_index_of_the_test_works(world, killer)
    before = digests(world)
    painting = next((world / "artists").rglob("*.jpg"))
    for argv in (
        prepare("--replace", "--max-works", 2)(world),
        ["prepare", "--folder", world / "artists", "--out", world / "new" / "data"],
        train("strong")(world),
        build_index("--data", "WORLD/data", "--split", "all")(world),
        build_index("--folder", "WORLD/artists")(world),
        change_index("--add", "WORLD/artists")(world),
        change_index("--remove", "Artist 01")(world),
        ["map", "--index", world / "index"],
        ["audit", "--data", world / "data", "--index", world / "index", "--page", world / "page.html"],
        ["compare", painting, painting, "--index", world / "index", "--page", world / "page.html"],
        ["query", painting, "--index", world / "index", "--page", world / "page.html"],
    ):
        failed_in_a_sentence(as_nobody(killer, *argv), "Permission denied", "cannot be made", "cannot be written")
    assert digests(world) == before
    answered = as_nobody(killer, "query", painting, "--index", world / "index")
    assert answered["code"] == 0, answered["stderr"]


def test_an_original_and_a_folder_that_may_not_be_read_are_listed(killer: Killer, open_world: Path) -> None:
    paint_tiny_artists(open_world / "artists", 3, 3)
    first, second, _ = sorted((open_world / "artists").iterdir())
    shut = sorted(first.iterdir())[0]
    shut.chmod(0)
    second.chmod(0)
    (open_world / "out").mkdir()
    (open_world / "out").chmod(0o777)
    data = open_world / "out" / "data"
    done = as_nobody(killer, "prepare", "--folder", open_world / "artists", "--out", data, "--workers", 1)
    second.chmod(0o755)
    assert done["code"] == 0, done["stderr"]
    rejected = (data / "rejected.csv").read_text()
    assert f"{first.name}/{shut.name},cannot be read (Permission denied)" in rejected
    assert f"{second.name}," in rejected


@pytest.mark.parametrize("name", ["frames", "df_train_all.csv", "val_triplets_with_labels.csv"])
def test_a_collection_that_lost_something_is_refused(killer: Killer, tmp_path: Path, name: str) -> None:
    a_collection(tmp_path, killer)
    lost = tmp_path / "data" / name
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    if name == "df_train_all.csv":
        (tmp_path / "data" / "df_train_clean.csv").unlink()
    failed_in_a_sentence(killer.run(*train("strong")(tmp_path)), "vanished", "does not exist", "cannot be read")


def test_a_damaged_frame_is_named(killer: Killer, tmp_path: Path) -> None:
    an_index_of_the_test_works(tmp_path, killer)
    for frame in (tmp_path / "data" / "frames").iterdir():
        frame.write_bytes(frame.read_bytes()[:200])
    for argv in (
        train("strong")(tmp_path),
        build_index("--data", "WORLD/data", "--split", "all")(tmp_path),
        ["audit", "--data", tmp_path / "data"],
    ):
        failed_in_a_sentence(killer.run(*argv), "is no whole image any more; prepare its collection again")


def test_an_original_that_vanishes_is_listed(killer: Killer, tmp_path: Path) -> None:
    from painter_search.collection.framing import UnreadablePainting
    from painter_search.collection.originals import Original, read_original

    with pytest.raises(UnreadablePainting, match=r"^cannot be read \(No such file or directory\)$"):
        read_original(Original("gone.jpg", tmp_path, False, 10))
    with pytest.raises(UnreadablePainting, match=r"^cannot be read from the archive \(No such file or directory\)$"):
        read_original(Original("gone.jpg", tmp_path / "gone.zip", True, 10))
