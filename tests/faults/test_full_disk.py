"""A full disk, missing permissions, vanished files: the command fails in one sentence, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_stories import (
    LONG_STORIES,
    SHORT_STORIES,
    STORIES,
    Story,
    Undisturbed,
    a_collection,
    an_index_of_the_test_works,
    build_index,
    change_index,
    copy_afresh,
    prepare,
    train,
)
from harness import Killer, digests, failed_in_a_sentence
from tiny_world import paint_tiny_artists

from painter_search.common.errors import UnreadableImageError
from painter_search.images.sources import Original, read_original

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted disk of 12 MB; skips where mounting is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def leave_free(disk: Path, size: int) -> Path:
    """Fill a disk until `size` bytes are free; returns the filling file."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(disk).free - size)))
    return filler


@pytest.mark.parametrize("story", [*STORIES, *LONG_STORIES], ids=lambda story: story.name)
def test_command_on_a_full_disk_loses_nothing_and_finishes_with_space(
    story: Story, killer: Killer, undisturbed: Callable[[Story], Undisturbed], small_disk: Path, long: bool
) -> None:
    if story.name not in SHORT_STORIES and not long:
        pytest.skip("with --long")
    expected, world = undisturbed(story), small_disk / "world"
    shares = (0.0, 0.02, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95) if long else (0.02, 0.6)
    for share in shares:
        copy_afresh(expected.start, world)
        filler = leave_free(small_disk, int(share * expected.bytes_written))
        done = killer.run(*story.command(world))
        if done["code"] or share < 0.5:  # files that replace one another need less than all of them
            failed_in_a_sentence(done, "No space left", "is full", "are free; make room")
        filler.unlink()
        assert story.read(world) in (expected.before, expected.after), share
        killer.complete(*story.command(world))
        assert story.result(world) == expected.result, share


@pytest.mark.parametrize(
    "story",
    [STORIES[0], *(pytest.param(story, marks=pytest.mark.long) for story in STORIES[1:])],
    ids=lambda story: story.name,
)
def test_command_whose_files_may_not_grow_loses_nothing_and_finishes_without_the_limit(
    story: Story, killer: Killer, undisturbed: Callable[[Story], Undisturbed], tmp_path: Path, long: bool
) -> None:
    expected, world = undisturbed(story), tmp_path / "world"
    for share in (0.5, 0.7, 0.9, 0.999) if long else (0.999,):
        limit = int(share * expected.largest_file)
        copy_afresh(expected.start, world)
        done = killer.run(*story.command(world), limits={"RLIMIT_FSIZE": limit})
        failed_in_a_sentence(done, "File too large", "cannot be written")
        assert story.read(world) in (expected.before, expected.after), limit
        killer.complete(*story.command(world))
        assert story.result(world) == expected.result, limit


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_query_onto_a_full_disk_fails_in_one_sentence(form: str, tmp_path: Path, killer: Killer) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    an_index_of_the_test_works(tmp_path, killer)
    painting = next((tmp_path / "artists").rglob("*.jpg"))
    words = [sys.executable, "-m", "painter_search.query", painting, "--index", tmp_path / "index", form]
    # Buffered, as most people run it: Python writes at the end.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, env=buffered)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_list_of_commands_onto_a_full_disk_fails_in_one_sentence() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "painter_search"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_audit_names_a_page_that_is_a_folder(tmp_path: Path, killer: Killer) -> None:
    an_index_of_the_test_works(tmp_path, killer)
    (tmp_path / "page.html").mkdir()
    done = killer.run("audit", "--index", tmp_path / "index", "--page", tmp_path / "page.html")
    failed_in_a_sentence(done, f"{tmp_path / 'page.html'}: Is a directory")


def as_nobody(killer: Killer, *argv: object) -> dict[str, Any]:
    """Run a command as a user who cannot ignore permissions."""
    if os.geteuid():
        return killer.run(*argv)
    return killer.run(*argv, user=65534)


@pytest.fixture
def open_world() -> Iterator[Path]:
    """A folder that any user may enter, like all that is made in it; pytest's own are closed to others."""
    mask = os.umask(0o022)
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            yield Path(folder)
    finally:
        os.umask(mask)


def test_commands_refuse_a_folder_without_write_permission(killer: Killer, open_world: Path) -> None:
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
        change_index("add", "WORLD/artists")(world),
        change_index("remove", "Artist 01")(world),
        ["map", "--index", world / "index"],
        ["audit", "--data", world / "data", "--index", world / "index", "--page", world / "page.html"],
        ["compare", painting, painting, "--index", world / "index", "--page", world / "page.html"],
        ["query", painting, "--index", world / "index", "--page", world / "page.html"],
    ):
        failed_in_a_sentence(as_nobody(killer, *argv), "Permission denied", "cannot be made", "cannot be written")
    assert digests(world) == before
    answered = as_nobody(killer, "query", painting, "--index", world / "index")
    assert answered["code"] == 0, answered["stderr"]


def test_prepare_lists_originals_and_folders_without_read_permission(killer: Killer, open_world: Path) -> None:
    paint_tiny_artists(open_world / "artists", 3, 3)
    first, second, _ = sorted((open_world / "artists").iterdir())
    unreadable = sorted(first.iterdir())[0]
    unreadable.chmod(0)
    second.chmod(0)
    (open_world / "out").mkdir()
    (open_world / "out").chmod(0o777)
    data = open_world / "out" / "data"
    done = as_nobody(killer, "prepare", "--folder", open_world / "artists", "--out", data, "--workers", 1)
    second.chmod(0o755)
    assert done["code"] == 0, done["stderr"]
    rejected = (data / "rejected.csv").read_text()
    assert f"{first.name}/{unreadable.name},cannot be read (Permission denied)" in rejected
    assert f"{second.name}," in rejected


@pytest.mark.parametrize("name", ["frames", "df_train_all.csv", "val_triplets_with_labels.csv"])
def test_train_refuses_an_incomplete_collection(killer: Killer, tmp_path: Path, name: str) -> None:
    a_collection(tmp_path, killer)
    lost = tmp_path / "data" / name
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    if name == "df_train_all.csv":
        (tmp_path / "data" / "df_train_clean.csv").unlink()
    failed_in_a_sentence(killer.run(*train("strong")(tmp_path)), "is missing", "does not exist", "cannot be read")


def test_commands_refuse_a_damaged_frame(killer: Killer, tmp_path: Path) -> None:
    an_index_of_the_test_works(tmp_path, killer)
    for frame in (tmp_path / "data" / "frames").iterdir():
        frame.write_bytes(frame.read_bytes()[:200])
    for argv in (
        train("strong")(tmp_path),
        build_index("--data", "WORLD/data", "--split", "all")(tmp_path),
        ["audit", "--data", tmp_path / "data"],
    ):
        failed_in_a_sentence(killer.run(*argv), "is damaged; delete it and prepare its collection again")


def test_read_original_gives_the_reason_for_a_vanished_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"^cannot be read \(No such file or directory\)$"):
        read_original(Original("gone.jpg", tmp_path, False, 10))
    with pytest.raises(UnreadableImageError, match=r"^cannot be read from the archive \(No such file or directory\)$"):
        read_original(Original("gone.jpg", tmp_path / "gone.zip", True, 10))
