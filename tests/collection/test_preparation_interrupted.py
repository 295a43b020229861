"""An interrupted preparation, run again, gives the result of an uninterrupted one."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from preparing import Killed, Source, interrupt, leftovers, stop_after, tree

from painter_search.collection import preparation
from painter_search.collection.preparation import prepare_collection
from painter_search.images import decode_pool


@pytest.mark.parametrize("framing", ["whole", "center"])
@pytest.mark.parametrize("after", [0, 1, 17, 37])
def test_prepare_collection_interrupted_while_framing_gives_same_result(
    framing: str, after: int, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data", framing=framing)
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    first: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(decode_pool, "frame_to_disk", stop_after(after, first))
        with pytest.raises(Killed):
            prepare_collection(config)
    assert not config.out.exists()
    second: list[str] = []
    monkeypatch.setattr(decode_pool, "frame_to_disk", stop_after(1000, second))
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)
    assert len(first) == after
    assert not set(first) & set(second)  # What was done is not done again.
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("step", ["_write_tables", "_remove_unlisted_frames", "replace_folder"])
def test_prepare_collection_interrupted_after_framing_gives_same_result(
    step: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data", framing="center")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    real = getattr(preparation, step)

    def interrupted(*arguments: object) -> None:
        if step != "replace_folder":
            real(*arguments)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(preparation, step, interrupted)
        with pytest.raises(Killed):
            prepare_collection(config)
    assert not config.out.exists()
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


@pytest.mark.parametrize("tail", [b'{"file": "0005.jpg", "rea', b'{"file"', b"\0" * 40, b"\0" * 40 + b"\n"])
def test_prepare_collection_repeats_half_written_line_of_journal(
    tail: bytes, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    with (interrupt(config, monkeypatch) / "journal.jsonl").open("ab") as journal:
        journal.write(tail)
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


@pytest.mark.parametrize("kind", ["frames", "thumbnails"])
def test_prepare_collection_frames_file_lost_in_power_cut_again(
    kind: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data", framing="center")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    staging = interrupt(config, monkeypatch)
    (staging / kind / "0010.jpg").write_bytes(b"")
    (staging / kind / "0011.jpg").unlink()
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)


def test_prepare_collection_with_other_settings_does_not_continue_interrupted_run(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = source.config(tmp_path / "data")
    interrupt(config, monkeypatch)
    other = replace(config, framing="center")
    expected = prepare_collection(replace(other, out=tmp_path / "undisturbed"))
    assert tree(prepare_collection(other).folder) == tree(expected.folder)


@pytest.mark.slow
def test_prepare_collection_continues_after_kill(source: Source, tmp_path: Path) -> None:
    config = source.config(tmp_path / "data")
    undisturbed = prepare_collection(replace(config, out=tmp_path / "undisturbed"))
    slowed = (
        "import sys, time; from pathlib import Path\n"
        "from painter_search.collection import config, preparation\nfrom painter_search.images import decode_pool\n"
        "real = decode_pool.frame_to_disk\n"
        "decode_pool.frame_to_disk = lambda job: (time.sleep(0.05), real(job))[1]\n"
        "catalogue, originals, out = map(Path, sys.argv[1:])\n"
        "preparation.prepare_collection("
        "config.PrepareConfig(catalogue=(catalogue,), originals=(originals,), out=out, workers=1))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", slowed, source.catalogue, source.originals, config.out], stderr=subprocess.DEVNULL
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
