"""No small cell is shown, and no total that is shown tells one."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from audit.access.small_cells import cells_to_hide, is_small_share

LEAST = 11
ROWS, COLUMNS = "ab", "xyz"
KEYS = list(product(ROWS, COLUMNS))


def row_of(key: tuple[str, str]) -> str:
    return key[0]


def column_of(key: tuple[str, str]) -> str:
    return key[1]


def test_a_lone_small_cell_takes_the_smallest_other_with_it():
    counts = {"a": 3, "b": 40, "c": 20, "d": 0}
    assert cells_to_hide(counts, totals=(lambda _: "",), minimum_count=LEAST) == {"a", "c"}


def test_two_small_cells_that_are_few_together_take_a_third():
    counts = {"a": 3, "b": 4, "c": 20, "d": 50}
    assert cells_to_hide(counts, totals=(lambda _: "",), minimum_count=LEAST) == {"a", "b", "c"}


def test_without_a_minimum_nothing_is_hidden():
    assert cells_to_hide({"a": 1}, totals=(lambda _: "",), minimum_count=0) == set()


def test_a_share_tells_both_of_its_sides():
    assert is_small_share(3, 200, minimum_count=LEAST)
    assert is_small_share(197, 200, minimum_count=LEAST)
    assert is_small_share(0, 5, minimum_count=LEAST)
    assert not is_small_share(0, 200, minimum_count=LEAST)
    assert not is_small_share(100, 200, minimum_count=LEAST)


@given(st.lists(st.integers(0, 40), min_size=len(KEYS), max_size=len(KEYS)))
def test_no_total_less_what_is_shown_of_it_is_a_small_count(numbers):
    counts = dict(zip(KEYS, numbers, strict=True))
    hidden = cells_to_hide(counts, totals=(row_of, column_of), minimum_count=LEAST)
    assert all(not 0 < count < LEAST for key, count in counts.items() if key not in hidden)
    for total, names in ((row_of, ROWS), (column_of, COLUMNS)):
        for name in names:
            mine = [key for key in KEYS if total(key) == name]
            rest = sum(counts[key] for key in mine if key in hidden)
            assert rest == 0 or rest >= LEAST or sum(counts[key] for key in mine) == rest
