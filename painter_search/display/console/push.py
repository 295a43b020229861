"""What `push-to-hub` pushed, in lines or as JSON."""

from __future__ import annotations

from painter_search.display.console.tables import print_json, show
from painter_search.display.hub_push import Pushed


def show_push(pushed: Pushed, *, as_json: bool) -> None:
    """Print where the encoder is, and how it is used."""
    if as_json:
        print_json(pushed.to_dict())
        return
    size = sum(pushed.files.values()) / 1e6
    show(f"{', '.join(pushed.files)}: {size:,.1f} MB")
    if pushed.url is None:
        show(f"Written to {pushed.folder}; nothing was pushed.")
    else:
        show(f"Pushed to {pushed.url}; use it as --encoder hf-hub:{pushed.repository}")
