"""Text: lists in messages, and letters without accents."""

from __future__ import annotations

from painter_search.common.text import first_few, sentence_case, without_accents


def test_first_few_says_where_there_are_more() -> None:
    assert first_few(["Manet", "Monet"]) == "Manet, Monet"
    assert first_few(["Manet", "Monet", "Morisot"], 2) == "Manet, Monet, …"
    assert first_few([]) == ""


def test_without_accents_keeps_the_letters() -> None:
    assert without_accents("Édouard Du\u0308rer, 19e siècle") == "Edouard Durer, 19e siecle"
    assert without_accents("Импрессионизм") == "Импрессионизм"


def test_sentence_case_raises_the_first_letter_alone() -> None:
    assert [sentence_case(text) for text in ("", "the Met", "éa")] == ["", "The Met", "Éa"]
