import pytest

from painter_search.attribution.answers import ArtistMatch, Attribution, format_probability
from painter_search.display.words.shares import answer_shares, exact_shares, premise, round_to_hundred


def answer(first: float | None, known: float | None) -> Attribution:
    return Attribution("a.jpg", (), (ArtistMatch("Ada", 3, 1.0, first, ()),), known, True, b"")


@pytest.mark.parametrize(
    ("shares", "rounded"),
    [
        ((0.75, 0.05, 0.20), [75, 5, 20]),
        ((0.97, 0.02, 0.01), [95, 5, 0]),
        ((1 / 3, 1 / 3, 1 / 3), [35, 35, 30]),
        ((1.0, 0.0, 0.0), [100, 0, 0]),
        ((0.06, 0.41, 0.53), [5, 40, 55]),
    ],
)
def test_round_to_hundred_sums_to_a_hundred_in_steps_of_five(shares: tuple[float, ...], rounded: list[int]) -> None:
    assert round_to_hundred(shares) == rounded
    assert sum(rounded) == 100


def test_answer_shares_are_first_artist_another_and_nobody() -> None:
    shares = answer_shares(answer(0.75, 0.8))
    assert [(share.kind, share.percent) for share in shares] == [("first", 75), ("another", 5), ("nobody", 20)]
    assert [share.words.likely for share in shares] == ["about 75 %", "about 5 %", "about 20 %"]
    assert shares[0].words.who == "Ada"
    assert [share.words.likely for share in answer_shares(answer(0.99, 0.995))] == [
        "over 95 %",
        "under 5 %",
        "under 5 %",
    ]


@pytest.mark.parametrize(("first", "known"), [(0.081, 0.6), (0.959, 0.96), (0.33, 0.66), (0.3, 0.2)])
def test_answer_shares_are_said_in_the_words_of_the_other_tables(first: float, known: float) -> None:
    """The bar's parts are rounded to fill it: 8.1, 51.9 and 40 % to 5, 50 and 45."""
    one = answer(first, known)
    exact = exact_shares(one)
    assert exact is not None
    shares = answer_shares(one)
    assert [share.words.likely for share in shares] == [format_probability(share) for share in exact]
    assert sum(share.percent for share in shares) == 100


def test_answer_to_a_filter_speaks_of_the_works_compared_with() -> None:
    who = [share.words.who for share in answer_shares(answer(0.75, 0.8), filtered=True)]
    assert who == ["Ada", "another artist among them", "nobody among the works compared with"]
    assert "in this index" in premise(filtered=False)
    assert "compared with" in premise(filtered=True)


def test_answer_without_calibration_has_no_shares() -> None:
    assert answer_shares(answer(None, None)) == ()
    assert exact_shares(answer(0.5, None)) is None
