"""`python -m painter_search.audit`: what may be wrong with a collection?"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.doors import open_door
from painter_search.retrieval.settings import AuditConfig


def answer(config: AuditConfig, json: bool = False) -> None:
    """Audit.

    Args:
        config: Settings.
        json: Print the findings as JSON.
    """
    from painter_search.display.audited import show_audit, write_audit_page
    from painter_search.retrieval.audit import audit_collection

    audit = audit_collection(config)
    if config.page:
        write_audit_page(config.page, audit)
    show_audit(audit, json, config.page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return open_door("audit", answer, arguments, AuditConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
