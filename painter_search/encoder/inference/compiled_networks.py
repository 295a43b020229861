"""Networks as OpenVINO compiled them, kept in the user's cache: reading takes a quarter of the time."""

from __future__ import annotations

import contextlib
import os
import threading
from hashlib import sha256
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from painter_search.common.files.atomic_io import digest_bytes, write_bytes
from painter_search.common.files.cache_folder import cache_folder
from painter_search.common.log import logger

if TYPE_CHECKING:
    from openvino import CompiledModel, Core

Content = bytes | mmap
"""A file's, in memory or mapped."""
KIND = "networks"
"""The folder in the cache."""
MAX_KEPT = 1_000_000_000
"""Bytes that all of them take at most: some ten of ResNet-34."""
WRITING = threading.Lock()
"""Held while one is written, as threads of one process would write to one temporary file."""


class CompiledNetworks:
    """What was compiled of one network; whatever goes wrong with the folder, the network is compiled again."""

    def __init__(self, core: Core, settings: dict[str, Any], content: Content, digest: str) -> None:
        """Look for networks that `core` compiled with these settings for the processor of this machine.

        Args:
            core: OpenVINO of this version.
            settings: What the network is compiled with.
            content: The network's file.
            digest: The SHA-256 that it should have.
        """
        self._core, self._settings, self._content, self._digest = core, settings, content, digest
        self._mapped: list[np.memmap[Any, Any]] = []  # OpenVINO reads them as long as it computes
        processor = (core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"))
        self._identity = (digest, settings, core.get_versions("CPU")["CPU"].build_number, *processor)

    def read(self, outputs: tuple[str, ...], shape: tuple[int, ...]) -> CompiledModel | None:
        """The network compiled for these outputs and this shape; None where that is not kept, or damaged."""
        from openvino import Tensor

        try:
            path = self._path(outputs, shape)
            weights = np.memmap(path, np.uint8, "c")  # mapped, which spares a copy of the weights
            compiled = self._core.import_model(Tensor(weights, shared_memory=True), "CPU", self._settings)
        except FileNotFoundError:
            return None
        except Exception as error:
            logger.debug(f"A compiled network cannot be read ({type(error).__name__}: {error})")
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # those that were not used for longest are deleted first
        self._mapped.append(weights)
        return compiled

    def keep(self, outputs: tuple[str, ...], shape: tuple[int, ...], compiled: CompiledModel) -> None:
        """Keep a compiled network, if there is a place for it, and its file was what it should be."""
        try:
            if sha256(self._content).hexdigest() != self._digest:
                return
            path = self._path(outputs, shape)
            with WRITING:
                write_bytes(path, compiled.export_model().getbuffer())
                _make_room(path.parent)
        except Exception as error:
            logger.debug(f"The compiled network is not kept ({type(error).__name__}: {error})")

    def _path(self, outputs: tuple[str, ...], shape: tuple[int, ...]) -> Path:
        return cache_folder(KIND) / digest_bytes(repr((self._identity, outputs, shape)).encode())[:32]


def _make_room(folder: Path) -> None:
    """Delete the files that were not used for longest, until the rest take no more than `MAX_KEPT` bytes."""
    files = sorted(((path, path.stat()) for path in folder.iterdir()), key=lambda file: -file[1].st_mtime_ns)
    total = 0
    for path, stat in files:
        total += stat.st_size
        if total > MAX_KEPT:
            path.unlink(missing_ok=True)
