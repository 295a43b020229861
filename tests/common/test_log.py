"""Messages: silent in a library, on stderr in a command."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from painter_search.common.log import console_messages, logger


def stderr_of(code: str) -> str:
    """What a fresh Python process prints on stderr; it has none of pytest's handlers."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr


def test_library_user_sees_nothing_by_default() -> None:
    assert (
        stderr_of(
            "from painter_search.common.log import logger; from painter_search.common.progress import spinner, track\n"
            "logger.info('a message'); logger.warning('a warning'); logger.error('an error')\n"
            "with spinner('Waiting'): assert list(track(range(3), 'Counting')) == [0, 1, 2]"
        )
        == ""
    )


def test_library_user_sees_messages_through_logging() -> None:
    printed = stderr_of(
        "import logging; logging.basicConfig(level=logging.INFO, format='%(name)s: %(message)s')\n"
        "from painter_search.common.log import logger; logger.info('Listing scans')"
    )
    assert printed == "painter_search: Listing scans\n"


def test_console_messages_prints_each_message_as_one_safe_line(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 80
    with console_messages():
        logger.info(f"[bold]{long}\x1b[31m")
        logger.debug("hidden")
    printed = capsys.readouterr()
    assert printed.out == ""
    # Twice, since the test session prints messages too.
    assert set(printed.err.splitlines()) == {f"[bold]{long}\\x1b[31m"}


def test_console_messages_restores_logger() -> None:
    before = (list(logger.handlers), logger.level)
    with console_messages():
        assert logger.level == logging.INFO
    assert (list(logger.handlers), logger.level) == before
