"""Files in the forms of a page that Playwright drives."""

import base64
from pathlib import Path
from typing import Any


def chosen(page: Any, field: str = "#files") -> list[str]:
    """The names of the files that a form's field would send."""
    names: list[str] = page.evaluate(f"[...document.querySelector('{field}').files].map((file) => file.name)")
    return names


def transfer(page: Any, event: str, target: str, file: Path) -> None:
    """Drop a file on an element of the page, or paste it there."""
    page.evaluate(
        """([event, target, content, name]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: "image/webp" }));
            const init = { bubbles: true, cancelable: true };
            document.querySelector(target).dispatchEvent(event === "paste"
                ? new ClipboardEvent(event, { ...init, clipboardData: transfer })
                : new DragEvent(event, { ...init, dataTransfer: transfer }));
        }""",
        [event, target, base64.b64encode(file.read_bytes()).decode(), file.name],
    )
