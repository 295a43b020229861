"""Framing in worker processes, and the time limit without them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from preparing import Source, rejected_of
from small_world import paint

from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import UnreadableImageError
from painter_search.images import decode_pool
from painter_search.images.decode_pool import FramingJob, frame_all
from painter_search.images.sources import list_originals


def test_frame_all_yields_results_in_order_of_jobs(source: Source, tmp_path: Path) -> None:
    jobs = [
        FramingJob(o.base_name, o, "whole", tmp_path / o.base_name, tmp_path / "none")
        for o in list_originals([source.originals])
    ]
    results = list(frame_all(jobs, workers=1))
    assert [framed.file for framed in results] == [job.file for job in jobs]
    assert all((framed.width, framed.height, framed.reason) == (120, 90, "") for framed in results)


def test_prepare_collection_lists_unreadable_image_and_continues(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decode_pool.frame_painting

    def failing(content: bytes, framing: str) -> object:
        if content == next(source.originals.rglob("0003.jpg")).read_bytes():
            raise UnreadableImageError("a reason")
        return real(content, framing)  # type: ignore[arg-type]

    monkeypatch.setattr(decode_pool, "frame_painting", failing)
    assert rejected_of(prepare_collection(source.config(tmp_path / "data"))) == {"0003.jpg": "a reason"}


def test_frame_all_tells_unguarded_script_what_is_missing(source: Source, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from pathlib import Path\n"
        "from painter_search import PrepareConfig, prepare_collection\n"
        f"prepare_collection(PrepareConfig(folder=Path({str(source.originals)!r}), out=Path('data'), workers=2))\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert 'needs `if __name__ == "__main__":`' in done.stderr
    assert not (tmp_path / "data").exists()


def test_frame_with_timeout_exits_with_message_if_decoder_hangs(tmp_path: Path) -> None:
    paint(0, 0).save(tmp_path / "sound.jpg")
    script = """
import time
from pathlib import Path
from painter_search.images import decode_pool
real, decode_pool.SECONDS_PER_IMAGE = decode_pool.frame_file, 1
decode_pool.frame_file = lambda file, framing: time.sleep(60) if file.name == "hangs.jpg" else real(file, framing)
for frame in decode_pool.frame_with_timeout([Path("sound.jpg"), Path("hangs.jpg")], "whole"):
    print(frame.width, flush=True)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(decode_pool.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stdout.strip()) == (1, str(paint(0, 0).width))
    assert done.stderr.strip() == "painter_search: hangs.jpg takes longer than 1 s to decode; leave it out."
