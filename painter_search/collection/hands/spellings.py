"""Spellings of one artist's name, and the names that must lie on one side of every division of the artists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from painter_search.collection.hands.folding import SAID_BEFORE, fold_name, life_years
from painter_search.collection.hands.hand import Hand, read_hands


def common_spellings(works: Mapping[str, int]) -> dict[str, str]:
    """The spelling to use for each name: of one artist's spellings the one with the most works.

    Args:
        works: The number of works under each name.

    Returns:
        `{name: spelling}`, with every name of `works`. Names are one artist's if they fold to the same (`fold_name`)
        and their years of a life, if they have any, have one in common: "John Smith (1652-1742)" is another than "John
        Smith (1781-1852)". So are fields that name the same hand near an artist: "Rembrandt (workshop of)".
    """
    hands = read_hands(works)
    same: dict[object, list[str]] = defaultdict(list)
    for name, hand in hands.items():
        key = (hand.qualifier, hand.relatives) if hand.artists else fold_name(name) or name
        same[key].append(name)
    used: dict[str, str] = {}
    for names in same.values():
        groups = _one_artists(names)
        for group in groups:
            best = min(group, key=lambda name: (-works[name], *_awkwardness(name)))
            spelling = hands[best].artists[0] if hands[best].is_sure else best  # of '["Claude Monet"]' the name
            if len(groups) > 1 and life_years(spelling) != life_years(best):
                spelling = best  # the years tell namesakes apart
            used.update(dict.fromkeys(group, spelling))
    return {name: used[name] for name in works}


def find_spellings(name: str, artists: Iterable[str]) -> list[str]:
    """The artists that a name means, each as it is spelled among `artists`; none if nobody there has the name.

    Of artists who have it exactly, it is that one; otherwise all whose spelling differs in accents, capitals,
    punctuation, order or the years of a life, and of these those who have a year in common with it, if any have.
    """
    artists = artists if isinstance(artists, Collection) else list(artists)
    if name in artists:
        return [name]
    folded, years = fold_name(name), life_years(name)
    same = [artist for artist in artists if fold_name(artist) == folded]
    dated = [artist for artist in same if years & life_years(artist)]
    return sorted(dated or [artist for artist in same if _agree(years, life_years(artist))])


def side_leaders(fields: Iterable[str]) -> dict[str, str]:
    """The artist who stands for each name in a division, so that what belongs together comes to one side.

    Together are the spellings of a name, namesakes, an artist and the hands near that artist, and artists with common
    works. "Workshop of Rubens" is near every artist whose name has that word. Others lead themselves.
    """
    from scipy.cluster.hierarchy import DisjointSet  # here: a query, which finds spellings, divides nothing

    hands = read_hands(fields)
    by_word: dict[str, set[str]] = defaultdict(set)
    for hand in hands.values():
        for name in hand.relatives if hand.is_sure else ():
            for word in name.split():
                by_word[word].add(name)
    groups = DisjointSet()
    for field, hand in hands.items():
        own = _own_key(field, hand)
        groups.add(own)
        for relative in hand.relatives:
            longer = [] if hand.is_sure else [by_word[word] for word in relative.split()]
            for name in {relative, *(set.intersection(*longer) if longer else ())}:
                groups.add(name)
                groups.merge(own, name)
    members: dict[str, list[str]] = defaultdict(list)
    for field, hand in hands.items():
        members[groups[_own_key(field, hand)]].append(field)
    leaders = {key: min(group, key=lambda name: (not hands[name].is_sure, name)) for key, group in members.items()}
    return {field: leaders[groups[_own_key(field, hand)]] for field, hand in hands.items()}


def _own_key(field: str, hand: Hand) -> str:
    return fold_name(hand.artists[0]) if hand.is_sure else f"{hand.doubt}: {fold_name(field)}"


def _one_artists(names: list[str]) -> list[list[str]]:
    """Names that fold to the same, divided by the years of a life where these contradict each other."""
    dated = [name for name in names if life_years(name)]
    if all(_agree(life_years(one), life_years(other)) for one in dated for other in dated):
        return [names]
    groups: list[list[str]] = []
    for name in dated:
        group = next((group for group in groups if all(_agree(life_years(name), life_years(o)) for o in group)), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    undated = [name for name in names if name not in dated]
    return [*groups, undated] if undated else groups


def _agree(one: frozenset[int], other: frozenset[int]) -> bool:
    return not one or not other or bool(one & other)


def _awkwardness(name: str) -> tuple[bool, bool, bool, bool, str]:
    """Of equally frequent spellings the first is used: without underscores, in capitals and small letters, in order."""
    return SAID_BEFORE.match(name) is not None, "_" in name, name in (name.upper(), name.lower()), "," in name, name
