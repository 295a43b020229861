"""Data sets fetched from the Hugging Face hub into its own cache, where an interrupted download continues."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from painter_search.collection.hub.shards import check_one_configuration
from painter_search.common.errors import NotEnoughDataError, NotFoundError
from painter_search.common.hugging_face import open_hub, translate_hub_errors
from painter_search.common.progress import track

REPOSITORY = re.compile(r"([\w.-]+/[\w.-]+)((?:/[\w.=-]+)*)")
"""OWNER/NAME, and a folder in it."""
CONVERTED = "refs/convert/parquet"
"""Branch in which the hub keeps every data set as Parquet files (https://huggingface.co/docs/dataset-viewer/parquet)."""
CARDS = ("README.md", "dataset_infos.json")
"""Files that describe the columns."""


def fetch_dataset(name: str) -> Path:
    """Fetch the Parquet files of the data set `OWNER/NAME`, or of `OWNER/NAME/FOLDER`; returns their folder.

    Raises:
        NotFoundError: The hub has no such data set, or does not let it be read.
        NotEnoughDataError: It has no Parquet files, not even converted ones.
        MissingPackageError: huggingface_hub is not installed.
        UnreachableError: The hub cannot be reached.
    """
    matched = REPOSITORY.fullmatch(name)
    if matched is None:
        raise NotFoundError(f"{name} is neither a folder nor a data set OWNER/NAME; check what is after --from-hub.")
    repository, folder = matched[1], matched[2].strip("/")
    instead = "give the folder of a clone after --from-hub"
    api = open_hub("data sets are fetched with", instead)
    from huggingface_hub.errors import RevisionNotFoundError

    with translate_hub_errors(name, "data set", f"nothing is lost: run the same command again, or {instead}"):
        for revision in ("main", CONVERTED):
            try:
                found = api.dataset_info(repository, revision=revision)
            except RevisionNotFoundError:
                continue
            files = [file.rfilename for file in found.siblings or []]
            tables = [one for one in files if one.endswith(".parquet") and PurePosixPath(one).is_relative_to(folder)]
            if not tables:
                continue
            check_one_configuration(tables, name)
            wanted = [file for file in files if file in CARDS] + tables
            paths = [
                Path(api.hf_hub_download(repository, file, repo_type="dataset", revision=found.sha))
                for file in track(wanted, f"Fetching {name}")
            ]
            return paths[-1].parents[tables[-1].count("/")] / folder
    raise NotEnoughDataError(f"{name} has no Parquet files; fetch it yourself, and prepare it as a folder of pictures.")
