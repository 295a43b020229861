from painter_search.training.batches import ArtistBatches


def drawn(batches: ArtistBatches) -> list[list[tuple[int, int, int]]]:
    return [list(zip(*(part.tolist() for part in batch), strict=True)) for batch in batches]


def test_a_batch_has_four_works_of_each_of_its_artists() -> None:
    artists = [0] * 3 + [1] * 9 + [2] * 5 + [3] * 4
    for batch in drawn(ArtistBatches(artists, [0, 0, 0, 0], batch=12, steps=20, seed=1)):
        assert len(batch) == 12
        assert all(artists[row] == artist for row, _, artist in batch)
        owners = [artist for _, _, artist in batch]
        assert all(owners.count(artist) == 4 for artist in set(owners))
        for artist in set(owners) - {0}:  # who has fewer than four
            assert len({row for row, _, owner in batch if owner == artist}) == 4


def test_batches_depend_on_seed_and_epoch_alone() -> None:
    def of(seed: int, epoch: int) -> list:
        batches = ArtistBatches([0, 0, 1, 1, 2, 2], [0, 0, 0], batch=8, steps=3, seed=seed)
        batches.epoch = epoch
        return drawn(batches)

    assert of(1, 2) == of(1, 2)
    assert of(1, 2) != of(1, 3)
    assert of(1, 2) != of(2, 2)


def test_processes_share_every_batch_without_overlap() -> None:
    def share(rank: int, processes: int) -> list:
        artists = [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
        return drawn(ArtistBatches(artists, [0] * 4, 16, steps=4, seed=0, rank=rank, processes=processes))

    for whole, first, second in zip(share(0, 1), share(0, 2), share(1, 2), strict=True):
        assert len(first) == len(second)
        assert sorted(first + second) == sorted(whole)


def test_every_collection_gives_as_many_artists_where_it_has_them() -> None:
    artists = [artist for artist in range(12) for _ in range(4)]
    homes = [0] * 9 + [1] * 3
    for size, expected in ((16, [2, 2]), (32, [4, 3])):
        for batch in drawn(ArtistBatches(artists, homes, batch=size, steps=5, seed=0)):
            owners = {artist for _, _, artist in batch}
            assert [sum(homes[artist] == home for artist in owners) for home in (0, 1)] == expected
