"""Ctrl+C at any moment: no traceback, exit code 130, and no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_world import paint_tiny_artists

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

INTERRUPT = "import os, signal, sys, time; stop = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
AS_COMMAND = "sys.argv[0] = '-m'; sys.orig_argv = ['python', '-m', 'painter_search.query']\nimport painter_search\n"


def heed_interrupts() -> None:
    """What a program does first: the tests themselves may run in the background of a shell, where it would not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(code: str) -> tuple[int, str]:
    """The exit code and the stderr of a Python program."""
    words = [sys.executable, "-c", INTERRUPT + code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, preexec_fn=heed_interrupts)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_command_is_interrupted_while_it_is_imported() -> None:
    assert ended(AS_COMMAND + "stop(); time.sleep(5); print('worked on')") == (130, "")


def test_command_is_interrupted_at_work_and_at_its_end() -> None:
    work = "from painter_search.common.command_line.cli import exit_code\nexit_code(lambda: stop() or time.sleep(5))\n"
    said = "\nInterrupted. Run the same command again to continue (train: with --resume).\n"
    assert ended(f"{AS_COMMAND}{work}stop(); time.sleep(5); print('worked on')") == (130, said)


def test_interrupts_of_a_python_user_are_left_alone() -> None:
    assert ended("import painter_search\ntry: stop(); time.sleep(5)\nexcept KeyboardInterrupt: sys.exit(7)") == (7, "")


def test_interrupts_of_a_package_that_is_run_with_m_are_left_alone(tmp_path: Path) -> None:
    package = tmp_path / "myapp"
    package.mkdir()
    (package / "__init__.py").write_text("import painter_search")
    (package / "__main__.py").write_text(
        f"{INTERRUPT}try: stop(); time.sleep(5)\nexcept KeyboardInterrupt: sys.exit(7)"
    )
    for words in (["-m", "myapp"], ["-mmyapp", "painter_search"]):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            timeout=60,
            preexec_fn=heed_interrupts,
        )
        assert (done.returncode, done.stderr) == (7, b"")


def test_module_of_ours_is_a_command_however_python_is_told(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\nfrom painter_search.common.command_line import interrupts\n"
        "os._exit(9 if signal.getsignal(signal.SIGINT) is interrupts._exit else 0)"
    )
    for words in (["-m", "painter_search.info", "--json"], ["-X", "dev", "-mpainter_search.info"]):
        done = subprocess.run(
            [sys.executable, *words],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            capture_output=True,
            timeout=60,
            preexec_fn=heed_interrupts,
        )
        assert (done.returncode, done.stderr) == (9, b"")


def test_interrupts_stay_ignored_in_the_background_of_a_shell() -> None:
    assert ended(f"signal.signal(signal.SIGINT, signal.SIG_IGN); {AS_COMMAND}stop(); sys.exit(7)") == (7, "")


@pytest.mark.slow
def test_interrupt_of_a_terminal_ends_prepare_and_its_workers(tmp_path: Path) -> None:
    """A terminal sends it to all processes of the command."""
    paint_tiny_artists(tmp_path / "artists", 40, 10)
    words = [sys.executable, "-m", "painter_search.prepare", "--folder", "artists", "--workers", "2"]
    started = subprocess.Popen(
        words, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heed_interrupts
    )
    journal = tmp_path / ".data.partial" / "journal.jsonl"
    for _ in range(600):
        if journal.is_file() and journal.stat().st_size:
            break
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "Interrupted. Run the same command again" in said
    assert "Traceback" not in said
    for _ in range(100):
        if not has_processes(started.pid):
            break
        time.sleep(0.1)
    assert not has_processes(started.pid)


def has_processes(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
