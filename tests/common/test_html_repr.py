import base64
import io
import re

from PIL import Image

from painter_search.common.html_repr import html_picture, html_table, html_text

SCRIPT = "<script>alert('x')</script>"


def jpeg(width: int, height: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(content, "JPEG")
    return content.getvalue()


def test_html_table_escapes_everything_but_markup_of_its_own() -> None:
    table = html_table([SCRIPT], [[SCRIPT], [html_picture(jpeg(9, 9), description=SCRIPT)]], caption=SCRIPT)
    assert "<script" not in table
    assert table.count("&lt;script&gt;") == 4
    assert table.count("<img ") == 1
    assert "<script" not in html_text(SCRIPT)


def test_html_table_formats_numbers_and_none() -> None:
    table = html_table(["a", "b", "c", "d"], [[0.12345, 7, None, True]])
    assert "<td>0.123</td><td>7</td><td></td><td>True</td>" in table


def test_html_picture_embeds_reduced_jpeg() -> None:
    found = re.search(r"base64,([^\"]+)", html_picture(jpeg(800, 400), 96))
    assert found is not None
    image = Image.open(io.BytesIO(base64.b64decode(found[1])))
    assert (image.format, image.size) == ("JPEG", (96, 48))
