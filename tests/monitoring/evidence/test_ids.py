"""A set of ids is what a set of Python's would be, in order."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.evidence import ids


@settings(max_examples=40)
@given(st.lists(st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number)), max_size=30))
def test_each_id_is_there_once_and_in_order(found):
    kept = ids.IdSet()
    for each in found * 2:
        kept.add(each)
    assert list(kept) == sorted(set(found))
    assert len(kept) == len(set(found))


def test_it_settles_now_and_then(monkeypatch):
    monkeypatch.setattr(ids, "LOOSE_BYTES", 32)
    kept = ids.IdSet()
    for number in (5, 3, 5, 4):
        kept.add(UUID(int=number))
    assert [each.int for each in kept] == [3, 4, 5]
