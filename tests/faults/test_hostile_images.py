"""Hostile images: each is listed with its reason, the good ones beside it are kept, and no command crashes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from dying_worker import answer_or_die, frame_or_die
from harness import Killer
from hostile_images import BOMBS, GOOD_NAMES, many_scans, mutants, odd_files, seeds, strange_entries
from tiny_world import paint_tiny, paint_tiny_artists, save_tiny_encoder

from painter_search.collection.collection import Collection, read_clean
from painter_search.common.errors import UnreadableImageError
from painter_search.images import color, decode_pool
from painter_search.images.decode_pool import FramingJob, frame_all, frame_in_processes
from painter_search.images.formats.jpeg_scans import MAX_SCANS, has_too_many_scans
from painter_search.images.framing import frame_painting
from painter_search.images.sources import list_originals

pytestmark = pytest.mark.faults

LIMIT_MB = 1000
SECONDS = 100
"""No single image may take longer."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, long: bool) -> Path:
    """A folder of artists: hostile files in every artist's folder, good ones beside them."""
    world = tmp_path_factory.mktemp("hostile")
    folder = paint_tiny_artists(world / "artists", 3, 2)
    first, second, third = sorted(folder.iterdir())
    paint_tiny(world / "outside.jpg", 999)
    for name in strange_entries(first, world / "outside.jpg"):
        paint_tiny(first / name, len(name))
    for number, name in enumerate(GOOD_NAMES):
        paint_tiny(second / name, 500 + number)
    files = [*odd_files(), *mutants(2000 if long else 60), *((name, make()) for name, make in BOMBS.items() if long)]
    for name, content in files:
        (third / name).write_bytes(content)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("framing", ["whole", "center"])
def test_prepare_keeps_every_file_or_lists_its_reason(
    hostile: Path, killer: Killer, tmp_path: Path, framing: str, workers: int, long: bool
) -> None:
    if (framing, workers) not in {("whole", 1), ("center", 2)} and not long:
        pytest.skip("with --long")
    baseline = killer.complete("prepare", "--folder", hostile.parent / "nothing", "--help")
    command = ("prepare", "--folder", hostile, "--test-share", 1, "--framing", framing, "--workers", workers, "--out")
    done = killer.run(*command, tmp_path / "data")
    assert done["code"] == 0, done["stderr"]
    assert done["megabytes"] < baseline["megabytes"] + LIMIT_MB
    collection = Collection.open(tmp_path / "data")
    kept = {work.file for work in collection.works("test")}
    rejected = read_clean(tmp_path / "data" / "rejected.csv")
    listed = set(rejected["file"])
    files = {os.path.relpath(Path(root, name), hostile) for root, _, names in os.walk(hostile) for name in names}
    assert kept | listed == files | {"Artist 00/folder.jpg/deep.jpg"}  # a link to a folder above
    assert not kept & listed
    good = {f"Artist {artist:02d}/{artist * 100 + work}.jpg" for artist in range(3) for work in range(2)}
    assert good | {f"Artist 01/{name}" for name in GOOD_NAMES} <= kept
    assert all(rejected["reason"])
    assert not rejected["reason"].str.contains("0x[0-9a-f]{6}|/tmp|Traceback").any()
    assert {path.name for path in (tmp_path / "data").iterdir()} <= {
        "frames", "thumbnails", "df_test_clean.csv", "df_train_clean.csv", "df_train_all.csv", "rejected.csv",
        "suspicious_artists.csv", "prepare.json", "train_triplets_with_labels_new.csv", "val_triplets_with_labels.csv",
        "test_triplets_with_labels.csv",
    }  # fmt: skip
    assert len(list((tmp_path / "data" / "frames").iterdir())) == len(kept)


@pytest.mark.slow
def test_query_answers_every_file_or_gives_its_reason(hostile: Path, killer: Killer, tmp_path: Path) -> None:
    save_tiny_encoder(tmp_path / "encoder.safetensors")
    paint_tiny_artists(tmp_path / "artists", 3, 2)
    index = ("--index", tmp_path / "index")
    killer.complete(
        "build-index", "--folder", tmp_path / "artists", "--encoder", tmp_path / "encoder.safetensors", *index
    )
    sound = killer.complete("query", next((tmp_path / "artists").rglob("*.jpg")), *index)
    done = killer.run("query", hostile, *index, "--json", seconds=600)
    assert done["code"] == 1, done["stderr"]  # some could not be answered
    assert "Traceback" not in done["stderr"]
    assert done["megabytes"] < sound["megabytes"] + LIMIT_MB
    answers = {answer["painting"]: answer for answer in json.loads(done["stdout"])["answers"]}
    for name in GOOD_NAMES:
        assert "artists" in answers[f"Artist 01/{name}"]
    for name in ("zero.jpg", "text.jpg", "zip.jpg", "scans.jpg"):
        assert answers[f"Artist 02/{name}"]["reason"]
    for name in ("pipe.jpg", "device.jpg", "nowhere.jpg", "circle.jpg"):
        assert answers[f"Artist 00/{name}"]["reason"]


FRAMING = """
import resource, sys
from pathlib import Path
from painter_search.common.errors import UnreadableImageError
from painter_search.images.framing import frame_painting
frame_painting(Path(sys.argv[2]).read_bytes(), "whole")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    frame_painting(Path(sys.argv[1]).read_bytes(), sys.argv[3])
except UnreadableImageError:
    pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["whole", "center"])
def test_frame_painting_takes_less_than_a_gigabyte(tmp_path: Path, framing: str, long: bool) -> None:
    (tmp_path / "good.jpg").write_bytes(seeds()[0][1])
    peak = 0
    names = list(BOMBS) if long else ["bomb-grey16.png", "bomb-over.png"]
    for name in names:
        path = tmp_path / name
        path.write_bytes(BOMBS[name]())
        words = [sys.executable, "-c", FRAMING, path, tmp_path / "good.jpg", framing]
        # Through a shell: a forked process starts with the peak of its parent.
        script = " ".join(f"'{word}'" if word is not FRAMING else '"$CODE"' for word in words)
        done = subprocess.run(
            ["sh", "-c", script], env={**os.environ, "CODE": FRAMING}, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, (name, done.stderr)
        assert int(done.stdout) < LIMIT_MB, name
        peak = max(peak, int(done.stdout))
    print(f"at most {peak} MB over what a small image takes ({framing})")


def test_frame_painting_in_bands_equals_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [frame_painting(content, "whole").jpeg for _, content in seeds()]
    monkeypatch.setattr(color, "BAND_PIXELS", 300)
    assert [frame_painting(content, "whole").jpeg for _, content in seeds()] == whole


def test_has_too_many_scans_counts_scans_only() -> None:
    assert has_too_many_scans(many_scans(MAX_SCANS))
    assert not has_too_many_scans(many_scans(MAX_SCANS // 2))
    with pytest.raises(UnreadableImageError, match="more scans"):
        frame_painting(many_scans(1000), "whole")
    plain = seeds()[0][1]
    after = plain + b"\xff\xda\x00\x02" * 1000  # a film behind the picture, as phones write it
    comment = plain[:2] + b"\xff\xfe\x27\x12" + b"\xff\xda" * 5000 + plain[2:]
    for content in (plain, after, comment):
        assert not has_too_many_scans(content)
        frame_painting(content, "whole")


@pytest.mark.slow
def test_frame_all_loses_only_the_image_that_kills_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_tiny(tmp_path / "a" / "00.jpg", 0)
    original = list_originals([tmp_path / "a"])[0]
    job = FramingJob("", original, "whole", tmp_path / "frame.jpg", tmp_path / "thumbnail.jpg")
    monkeypatch.setattr(decode_pool, "frame_to_disk", frame_or_die)
    names = ["one", "two", "dies by crashing", "three", "four", "dies for memory", "five", "six"]
    jobs = [replace(job, file=name) for name in names]
    framed = list(frame_all(jobs, workers=2))
    assert [one.file for one in framed] == [one.file for one in jobs]
    assert [one.file for one in framed if one.reason] == ["dies by crashing", "dies for memory"]
    assert {one.reason for one in framed if one.reason} == {"crashed the decoder"}


@pytest.mark.slow
def test_frame_in_processes_loses_only_images_that_crash_or_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_pool, "frame_file", answer_or_die)
    monkeypatch.setattr(decode_pool, "SECONDS_PER_IMAGE", 5)
    names = ["one", "dies by crashing", "two", "hangs", "three", "dies for memory", "four"]
    results = dict(zip(names, frame_in_processes([Path(name) for name in names], "whole", workers=2), strict=True))
    assert results == {
        **{name: f"{name}, whole" for name in names},
        "dies by crashing": "crashed the decoder",
        "dies for memory": "crashed the decoder",
        "hangs": "took longer than 5 s to decode",
    }


@pytest.mark.slow
def test_killed_prepare_leaves_no_process(tmp_path: Path) -> None:
    paint_tiny_artists(tmp_path / "artists", 40, 10)
    words = [sys.executable, "-m", "painter_search.prepare", "--folder", "artists", "--workers", "2"]
    started = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL)
    journal = tmp_path / ".data.partial" / "journal.jsonl"
    for _ in range(600):
        if journal.is_file() and journal.stat().st_size:
            break
        time.sleep(0.05)
    children = _children_of(started.pid)
    assert children
    started.kill()
    started.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{child}").exists() for child in children):
            break
        time.sleep(0.1)
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
    again = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    shutil.rmtree(tmp_path / "data")


def _children_of(pid: int) -> list[int]:
    if not Path("/proc/self/task").exists():
        pytest.skip("needs /proc")
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] or [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
