"""Encoders fetched from the Hugging Face hub into this machine's cache, checked before they are opened."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path

from painter_search.common.errors import InvalidValueError, NotFoundError, UnreachableError
from painter_search.common.files.atomic_io import link_or_copy, replace_folder, write_bytes
from painter_search.common.files.cache_folder import cache_folder
from painter_search.common.hugging_face import open_hub, translate_hub_errors
from painter_search.common.log import logger
from painter_search.common.progress import track
from painter_search.encoder.files.encoder_folder import is_encoder_folder, read_encoder_folder
from painter_search.encoder.files.external_weights import check_references
from painter_search.encoder.files.names import CARD, CONFIG, ONNX, PLDA_FILE, WEIGHTS

REPOSITORY = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
"""OWNER/NAME, and a revision of it."""
LATEST = "LATEST"
"""File that names the commit fetched last."""


def check_repository(name: str) -> re.Match[str]:
    """Raise `InvalidValueError` unless `name` is OWNER/NAME or OWNER/NAME@REVISION."""
    matched = REPOSITORY.fullmatch(name)
    if matched is None or ".." in name:
        raise InvalidValueError(f"{name} is not an encoder on the Hugging Face hub; write OWNER/NAME.")
    return matched


def fetch_encoder(name: str) -> Path:
    """Fetch the encoder `OWNER/NAME`, or `OWNER/NAME@REVISION`; returns its folder.

    What was fetched before is taken where the hub has nothing newer, or cannot be reached.

    Raises:
        InvalidValueError: `name` is no such name.
        NotFoundError: The hub has no such encoder.
        DamagedFileError: What came is no sound encoder.
        MissingPackageError: huggingface_hub is not installed.
        UnreachableError: The hub cannot be reached, and nothing was fetched before.
    """
    matched = check_repository(name)
    home = cache_folder("encoders") / name.replace("/", "--").replace("@", "--")
    try:
        return _fetch(matched[1], matched[2] or "main", home)
    except UnreachableError as error:
        latest = home / LATEST
        before = home / latest.read_text(encoding="utf-8").strip() if latest.is_file() else None
        if before is None or not is_encoder_folder(before):
            raise
        logger.info(f"{error.command_line.partition(' (')[0]}; the copy that was fetched before is used.")
        return before


def _fetch(repository: str, revision: str, home: Path) -> Path:
    instead = "run the same command again, or give the folder of a copy"
    api = open_hub("encoders on the hub are fetched with", "give the folder of a copy")
    with translate_hub_errors(repository, "encoder", instead):
        found = api.model_info(repository, revision=revision)
        commit = str(found.sha)
        folder = home / commit
        if is_encoder_folder(folder):
            write_bytes(home / LATEST, commit.encode())
            return folder
        there = {file.rfilename for file in found.siblings or []}
        if not {CONFIG, WEIGHTS} <= there:
            raise NotFoundError(
                f"{repository} on huggingface.co is not an encoder of painter_search: it lacks {CONFIG} or {WEIGHTS}."
            )
        wanted = [file for file in (CONFIG, WEIGHTS, ONNX, PLDA_FILE, CARD) if file in there]
        fetched = [
            Path(api.hf_hub_download(repository, file, revision=commit))
            for file in track(wanted, f"Fetching {repository}")
        ]
    staging = home / f".{commit}.{uuid.uuid4().hex[:8]}"
    staging.mkdir(parents=True)
    try:
        # Files of their own: the library's are links elsewhere, and an ONNX file must not lead out of its folder.
        for file in fetched:
            link_or_copy(file.resolve(), staging / file.name)
        if not is_encoder_folder(staging):
            raise NotFoundError(f"{repository} on huggingface.co is not an encoder of painter_search.")
        if read_encoder_folder(staging).has_onnx:
            check_references(staging / ONNX, WEIGHTS)
        replace_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    write_bytes(home / LATEST, commit.encode())
    return folder
