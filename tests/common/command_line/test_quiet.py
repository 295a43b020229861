"""What libraries say on stderr is kept from the users of commands."""

from __future__ import annotations

import subprocess
import sys

CHATTER = """
import logging, os, sys, warnings
import painter_search
from painter_search.common.command_line.cli import exit_code
from painter_search.common.log import console_messages, logger

def work():
    logger.warning("a message of ours")
    warnings.warn("a warning")
    logging.getLogger("other").error("a log message")
    os.write(2, b"a decoder's own words")
    os.system("echo a process >&2")
    return 3

with console_messages():
    code = exit_code(work)
os.write(2, b"after")
sys.stderr.write("wards")
sys.exit(code)
"""


def said(*flags: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *flags, "-c", CHATTER], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_only_the_messages_of_this_package_are_shown() -> None:
    assert said() == (3, "a message of ours\nafterwards")


def test_development_mode_shows_all() -> None:
    code, shown = said("-X", "dev")
    assert code == 3
    for words in ("a message of ours", "a warning", "a log message", "a decoder's own words", "a process"):
        assert words in shown
