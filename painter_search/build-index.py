"""`python -m painter_search.build-index`: builds an index, adds paintings to it, removes works, and lists them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.index.config import AddConfig, BuildIndexConfig, ListConfig, RemoveConfig


def run(config: Flags[BuildIndexConfig], json: bool = False) -> None:
    """Build an index.

    Args:
        json: Print what was built as JSON.
    """
    from painter_search.display.console.index import show_index
    from painter_search.display.pages.index_page import write_index_page
    from painter_search.index.manifest import current_manifest
    from painter_search.index.painting_index import PaintingIndex

    before = current_manifest(config.index)
    index = PaintingIndex.build(config)
    show_index(index, as_json=json, page=write_index_page(index), before=before)


def add(config: Flags[AddConfig], json: bool = False) -> None:
    """Add paintings.

    Args:
        json: Print what was added as JSON.
    """
    from painter_search.display.console.index import show_update
    from painter_search.display.pages.index_page import write_index_page
    from painter_search.index.painting_index import add_paintings

    update = add_paintings(
        config.index,
        config.source,
        config.artist,
        config.originals,
        layout=config.layout,
        keep_uncertain=config.keep_uncertain,
        crop=config.crop,
    )
    show_update(update, as_json=json, page=write_index_page(update.index))


def remove(config: Flags[RemoveConfig], json: bool = False) -> None:
    """Remove works.

    Args:
        json: Print what was removed as JSON.
    """
    from painter_search.display.console.index import show_update
    from painter_search.display.pages.index_page import write_index_page
    from painter_search.index.painting_index import remove_works

    update = remove_works(config.index, config.works)
    show_update(update, as_json=json, page=write_index_page(update.index))


def list_index(config: Flags[ListConfig], json: bool = False) -> None:
    """List artists or works.

    Args:
        json: Print the listing as JSON.
    """
    from painter_search.display.console.index import show_listing
    from painter_search.display.pages.index_page import write_missing_index_page
    from painter_search.index.listing import list_works
    from painter_search.index.painting_index import PaintingIndex

    index = PaintingIndex.load(config.index)
    write_missing_index_page(index)
    show_listing(list_works(index, config.artist), as_json=json)


SUBCOMMANDS: dict[str, tuple[Callable[..., None], type]] = {
    "add": (add, AddConfig),
    "remove": (remove, RemoveConfig),
    "list": (list_index, ListConfig),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, or one of its sub-commands; returns its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] in SUBCOMMANDS:
        subcommand, config = SUBCOMMANDS[arguments[0]]
        return run_command(f"build-index {arguments[0]}", subcommand, arguments[1:], config.__doc__)
    return run_command("build-index", run, arguments, BuildIndexConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
