"""Framing on several processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from preparing import (
    Source,
    rejected_of,
)
from small_world import paint

from painter_search.collection import framing_pool
from painter_search.collection.framing import UnreadablePainting
from painter_search.collection.framing_pool import FramingJob
from painter_search.collection.preparation import prepare_collection


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


def test_a_script_that_its_own_processes_would_run_again_is_told_what_it_lacks(source: Source, tmp_path: Path) -> None:
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


def test_a_command_ends_with_a_sentence_where_a_decoder_hangs(tmp_path: Path) -> None:
    paint(0, 0).save(tmp_path / "sound.jpg")
    asking = """
import sys, time
from pathlib import Path
from painter_search.collection import framing_pool
real, framing_pool.SECONDS_PER_IMAGE = framing_pool.frame_file, 1
framing_pool.frame_file = lambda file, framing: time.sleep(60) if file.name == "hangs.jpg" else real(file, framing)
for frame in framing_pool.frame_in_time([Path("sound.jpg"), Path("hangs.jpg")], "whole"):
    print(frame.width, flush=True)
"""
    here = {**os.environ, "PYTHONPATH": str(Path(framing_pool.__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-c", asking], cwd=tmp_path, env=here, capture_output=True, text=True, timeout=50
    )
    assert (ended.returncode, ended.stdout.strip()) == (1, str(paint(0, 0).width))
    assert ended.stderr.strip() == "painter_search: hangs.jpg takes longer than 1 s to decode; leave it out."
