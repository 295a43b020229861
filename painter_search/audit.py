"""`python -m painter_search.audit`: look for what may be wrong with a collection."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from painter_search.analysis.config import AuditConfig
from painter_search.common.command_line.cli import run_command
from painter_search.common.command_line.flag_types import Flags
from painter_search.common.files.atomic_io import check_writable


def run(config: Flags[AuditConfig], json: bool = False) -> None:
    """Audit.

    Args:
        json: Print the findings as JSON.
    """
    from painter_search.analysis.audit import audit_collection
    from painter_search.display.console.audit import show_audit
    from painter_search.display.pages.audit_page import write_audit_page

    if config.page:
        check_writable(config.page)
    audit = audit_collection(config)
    if config.page:
        write_audit_page(config.page, audit)
    show_audit(audit, as_json=json, page=config.page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return run_command("audit", run, arguments, AuditConfig.__doc__)


if __name__ == "__main__":
    sys.exit(main())
