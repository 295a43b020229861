from pathlib import Path

from painter_search.display.pages.page import open_template, write_page


def test_template_is_compiled_once() -> None:
    assert open_template("notice.html") is open_template("notice.html")


def test_write_page_writes_question_marks_for_bytes_that_are_no_text(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", "Dürer \udcff")
    assert (tmp_path / "page.html").read_bytes() == "Dürer ?".encode()
