"""`python -m painter_search.query painting.jpg`: whose hand is it nearest to?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import tyro

from painter_search.doors import FAILED, open_door
from painter_search.retrieval.settings import QueryConfig

ONE_FORM = tyro.conf.create_mutex_group(required=False)


def answer(config: QueryConfig, json: Annotated[bool, ONE_FORM] = False, csv: Annotated[bool, ONE_FORM] = False) -> int:
    """Query.

    Args:
        config: Settings.
        json: Print the answers as JSON.
        csv: Print the answers as a table in CSV, one row a painting.
    """
    from painter_search.retrieval.painting_index import PaintingIndex

    index = PaintingIndex.load(config.index, to_ask=True).filtered(config.filter)
    from painter_search.display.attributions import show_answers
    from painter_search.retrieval.attribution import Unanswered, attribute_asked

    answers = attribute_asked(index, config)
    if config.page:
        from painter_search.display.pages import write_query_page

        write_query_page(config.page, answers, index)
    show_answers(answers, index, "json" if json else "csv" if csv else "text", config.page)
    return FAILED if any(isinstance(one, Unanswered) for one in answers) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("query", answer, arguments, QueryConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
