import numpy as np
import pytest

from painter_search.common.errors import NotEnoughDataError
from painter_search.training.data.pk_sampler import PKSampler


def draw(batches: PKSampler) -> list[list[tuple[int, int, int]]]:
    return [list(zip(*(part.tolist() for part in batch[:3]), strict=True)) for batch in batches]


def test_pk_sampler_batch_has_four_works_of_each_artist() -> None:
    artists = [0] * 3 + [1] * 9 + [2] * 5 + [3] * 4
    for batch in draw(PKSampler(artists, [0, 0, 0, 0], 12, steps=20, seed=1)):
        assert len(batch) == 12
        assert all(artists[row] == artist for row, _, artist in batch)
        owners = [artist for _, _, artist in batch]
        assert all(owners.count(artist) == 4 for artist in set(owners))
        for artist in set(owners) - {0}:  # artist 0 has fewer than four
            assert len({row for row, _, owner in batch if owner == artist}) == 4


def test_pk_sampler_batches_depend_on_seed_and_epoch_alone() -> None:
    def of(seed: int, epoch: int) -> list:
        batches = PKSampler([0, 0, 1, 1, 2, 2], [0, 0, 0], 8, steps=3, seed=seed)
        batches.epoch = epoch
        return draw(batches)

    assert of(1, 2) == of(1, 2)
    assert of(1, 2) != of(1, 3)
    assert of(1, 2) != of(2, 2)


def test_pk_sampler_processes_share_every_batch_without_overlap() -> None:
    def share(rank: int, processes: int) -> list:
        artists = [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
        return draw(PKSampler(artists, [0] * 4, 16, steps=4, seed=0, rank=rank, processes=processes))

    for whole, first, second in zip(share(0, 1), share(0, 2), share(1, 2), strict=True):
        assert len(first) == len(second)
        assert sorted(first + second) == sorted(whole)


def test_every_process_counts_batches_alike_and_no_two_have_one_number() -> None:
    numbers: list[list[int]] = []
    for rank in (0, 1):
        sampler = PKSampler([0] * 4 + [1] * 4, [0, 0], 8, steps=3, seed=0, rank=rank, processes=2)
        numbers.append([])
        for sampler.epoch in (1, 2):
            numbers[-1] += [batch.number for batch in sampler]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == 6


def test_pk_sampler_takes_equally_many_artists_from_every_collection() -> None:
    artists = [artist for artist in range(12) for _ in range(4)]
    collections = [0] * 9 + [1] * 3
    for size, expected in ((16, [2, 2]), (32, [4, 3])):
        for batch in draw(PKSampler(artists, collections, size, steps=5, seed=0)):
            owners = {artist for _, _, artist in batch}
            assert [sum(collections[artist] == home for artist in owners) for home in (0, 1)] == expected


def test_half_of_a_batchs_artists_are_neighbours_of_the_other_half() -> None:
    artists = np.repeat(np.arange(40), 5)
    neighbours = (np.arange(40)[:, None] + np.array([1, 2, 3])) % 40
    sampler = PKSampler(artists, np.zeros(40, int), batch_size=32, steps=20, seed=0)
    sampler.neighbours = neighbours
    for batch in sampler:
        drawn = list(dict.fromkeys(batch.artists.tolist()))
        assert len(drawn) == 8
        first, second = drawn[:4], drawn[4:]
        assert all(any(other in neighbours[one] for one in first) for other in second)
    assert [batch.rows.tolist() for batch in sampler] == [batch.rows.tolist() for batch in sampler]


def test_neighbours_that_are_all_drawn_already_are_replaced_by_others() -> None:
    artists = np.repeat(np.arange(6), 4)
    sampler = PKSampler(artists, np.zeros(6, int), batch_size=24, steps=5, seed=0)
    sampler.neighbours = np.arange(6)[:, None]  # each only its own
    for batch in sampler:
        assert sorted(set(batch.artists.tolist())) == list(range(6))


@pytest.mark.parametrize(("artists", "processes"), [(2, 3), (3, 16)])
def test_pk_sampler_refuses_more_processes_than_can_share_the_artists(artists: int, processes: int) -> None:
    numbers = np.repeat(np.arange(artists), 4)
    with pytest.raises(NotEnoughDataError, match=f"{artists} training artists are too few to be shared by {processes}"):
        PKSampler(numbers, np.zeros(artists, int), 192, steps=1, seed=0, processes=processes)
