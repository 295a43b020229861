"""Tables and pictures for the notebook views of results (`_repr_html_`). All text is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Markup that `html_table` takes as it is, where other text is escaped."""


def html_table(headers: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> Html:
    """A table. Floats get three decimals; None is an empty cell."""
    head = "".join(f'<th scope="col">{_cell(header)}</th>' for header in headers)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    title = f'<caption style="text-align:left">{_cell(caption)}</caption>' if caption else ""
    return Html(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def html_picture(jpeg: bytes, size: int = 96, description: str = "") -> Html:
    """A picture embedded as a data URI, its longer side reduced to `size` pixels."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("RGB", (size, size))
        small = image.convert("RGB")
    small.thumbnail((size, size))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    data = base64.b64encode(content.getvalue()).decode()
    return Html(f'<img src="data:image/jpeg;base64,{data}" alt="{escape(description)}">')


def html_text(text: str) -> Html:
    """A paragraph."""
    return Html(f"<p>{escape(text)}</p>")


def _cell(value: object) -> str:
    if isinstance(value, Html):
        return value
    if value is None:
        return ""
    return escape(f"{value:.3f}" if isinstance(value, float) else str(value))
