"""The Hugging Face hub through its own library, which is an extra; its errors as sentences."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from painter_search.common.errors import (
    MissingPackageError,
    NotFoundError,
    PainterSearchError,
    UnreachableError,
    first_line,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def open_hub(what: str, instead: str) -> HfApi:
    """The hub, without the library's own progress bars and messages.

    `what` begins the sentence that ends in "huggingface_hub" ("data sets are fetched with"), `instead` is what can be
    done without the library.
    Raises `MissingPackageError` if huggingface_hub is not installed.
    """
    try:
        import huggingface_hub
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError as error:
        raise MissingPackageError(
            f'{what} huggingface_hub: `pip install "painter-search[hub]"`; or {instead}.'
        ) from error
    disable_progress_bars()  # there is one of ours
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    return huggingface_hub.HfApi()


@contextmanager
def translate_hub_errors(name: str, kind: str, instead: str) -> Iterator[None]:
    """Turn what the hub's library raises into sentences on the `kind` ("data set") called `name`.

    `instead` is what can be done where the hub cannot be reached.
    """
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        yield
    except PainterSearchError:
        raise
    except GatedRepoError as error:
        raise NotFoundError(
            f"{name} is given out on conditions; accept them on its page at huggingface.co, and set HF_TOKEN."
        ) from error
    except RepositoryNotFoundError as error:
        raise NotFoundError(f"huggingface.co has no {kind} {name}; a private one needs HF_TOKEN.") from error
    except Exception as error:  # of several libraries
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        raise UnreachableError(
            f"huggingface.co cannot be reached for {name} ({first_line(error)}); {instead}."
        ) from error
