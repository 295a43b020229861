"""The artists that an encoder learned from, as digests."""

from painter_search.encoder.trained_artists import count_trained, digest_artists


def test_digests_are_those_of_every_spelling_and_store_no_name() -> None:
    digests = digest_artists(["Claude Monet", "Berthe Morisot", "Monet, Claude (1840-1926)"])
    assert digests == digest_artists(["MORISOT, Berthe", "claude_monet"])
    assert len(digests) == 2
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in digests)
    namesakes = ["John Smith (1652-1742)", "John Smith (1781-1852)"]
    assert count_trained(digest_artists(namesakes[:1]), namesakes) == (2, 2)
    assert count_trained(digests, ["Monet, Claude", "Édouard Manet", "Berthe Morisot"]) == (2, 3)


def test_a_name_counts_where_any_artist_whom_it_names_was_learned_and_the_other_way_round() -> None:
    near = ["workshop of Claude Monet", "Edgar Degas and Mary Cassatt", "after Rubens", "Unknown"]
    assert count_trained(digest_artists(["Monet, Claude", "Mary Cassatt"]), near) == (2, 4)
    assert count_trained(digest_artists(near), ["Claude Monet", "Edgar Degas", "Rubens", "Berthe Morisot"]) == (3, 4)
    assert count_trained(digest_artists(["follower of Claude Monet"]), near) == (1, 4)
    assert count_trained(digest_artists(["?"]), ["?", "after ?", "!"]) == (1, 3)


def test_names_without_letters_are_told_apart() -> None:
    assert len(digest_artists(["?", "!", ""])) == 3
