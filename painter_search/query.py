"""`python -m painter_search.query painting.jpg`: rank the artists nearest in style to a painting."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import tyro

from painter_search.attribution.config import QueryConfig
from painter_search.common.command_line.cli import FAILED, run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.common.command_line.startup import answer_and_end
from painter_search.common.files.atomic_io import check_writable

OUTPUT_FORMAT = tyro.conf.create_mutex_group(required=False, title="format of the answers")


def run(
    config: Flags[QueryConfig],
    json: Annotated[bool, OUTPUT_FORMAT] = False,
    csv: Annotated[bool, OUTPUT_FORMAT] = False,
) -> int:
    """Query.

    Args:
        json: Print the answers as JSON.
        csv: Print the answers as a table in CSV, one row a painting.
    """
    answer_and_end()
    if config.page:
        check_writable(config.page)
    from painter_search.index.painting_index import PaintingIndex

    # The encoder opens on a thread while the modules below are imported.
    index = PaintingIndex.load(config.index, preload_encoder=True).filtered(config.filter).naming(config.false_names)
    from painter_search.attribution.attribute import attribute_from_config
    from painter_search.display.console.attribution import OutputFormat, show_answers

    answers = attribute_from_config(index, config)
    if config.page:
        from painter_search.display.pages.query_page import write_query_page

        write_query_page(config.page, answers, index)
    output_format: OutputFormat = "json" if json else "csv" if csv else "text"
    show_answers(answers, index, output_format=output_format, page=config.page)
    return 0 if all(answer.answered for answer in answers) else FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("query", run, arguments, QueryConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
