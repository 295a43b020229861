"""An encoder's folder pushed to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from painter_search.common.hugging_face import open_hub, translate_hub_errors
from painter_search.encoder.files.names import CARD, CONFIG, ONNX, PLDA_FILE, WEIGHTS


def push_folder(folder: Path, repository: str, *, private: bool) -> str:
    """Push the files of an encoder's folder in one commit; returns the URL of the repository.

    Raises:
        NotFoundError: You may not write there, or the hub does not know you.
        MissingPackageError: huggingface_hub is not installed.
        UnreachableError: The hub cannot be reached.
    """
    api = open_hub("encoders are pushed with", "give --folder, and push the folder with git")
    with translate_hub_errors(repository, "repository to write to", "nothing was pushed: run the same command again"):
        url = str(api.create_repo(repository, private=private, exist_ok=True))
        api.upload_folder(
            repo_id=repository,
            folder_path=folder,
            allow_patterns=[CARD, CONFIG, WEIGHTS, ONNX, PLDA_FILE],
            commit_message="Encoder of painter_search",
        )
    return url
