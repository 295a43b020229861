"""Where fetched files are kept: a folder of the user's that may be deleted at any time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "PAINTER_SEARCH_CACHE"
"""The environment variable that names another folder."""


def cache_folder(kind: str) -> Path:
    """The folder for fetched files of one kind, in the place that the system has for such; it need not exist."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) / kind
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Caches"
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "painter_search" / kind
