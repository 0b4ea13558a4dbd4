"""Ranges of journal numbers: nothing lost, nothing added, as few as can be."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nowake.tca.sources import Sources, merge, ranges

numbers = st.lists(st.integers(0, 60), max_size=40)


def spread(found) -> set[int]:
    return {n for low, high in found for n in range(low, high + 1)}


def test_ranges_of_a_few() -> None:
    assert ranges([5, 3, 4, 9, 9, 0, 11]) == ((3, 5), (9, 9), (11, 11))
    assert ranges([]) == ranges([0, 0]) == ()


@given(numbers)
def test_ranges_hold_every_number_once(seqs) -> None:
    found = ranges(seqs)
    assert spread(found) == {s for s in seqs if s > 0}
    assert all(b + 1 < c for (_, b), (c, _) in pairwise(found))


@given(st.lists(numbers, max_size=5))
def test_merging_is_the_union(several) -> None:
    assert merge(ranges(s) for s in several) == ranges([n for s in several for n in s])


def test_families_are_joined() -> None:
    found = Sources(order=((1, 2),), fills=((3, 4), (8, 8)))
    assert found.of(("order", "fills")) == ((1, 4), (8, 8))
    assert found.of(("prints",)) == ()
