"""A line of CSV follows from its row, and any reader of CSV gets the row's texts back."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proofs.canonical import canonical_json, parse_json
from audit.proofs.tables import UnknownColumnsError, csv_line, fact_tables, fixed_columns

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=8),
    st.lists(st.integers(0, 9), max_size=3),
    st.dictionaries(st.text("abc", max_size=2), st.integers(0, 9), max_size=2),
)


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=2, max_size=5))
def test_a_reader_gets_every_value_back(values):
    values = parse_json(canonical_json(values))
    read = next(csv.reader(io.StringIO(csv_line(values), newline=""), strict=True))
    shown = [
        each if isinstance(each, str) else "" if each is None else canonical_json(each).decode() for each in values
    ]
    taken_off = [
        cell.removeprefix("'") if isinstance(each, str) else cell for cell, each in zip(read, values, strict=True)
    ]
    assert taken_off == shown


def test_an_absent_value_differs_from_an_empty_text():
    assert csv_line([None, "", 0, True, 1.0, "a,b", {"x": 1}]) == ',"",0,true,1,"a,b","{""x"":1}"\r\n'


ENTRY = {"scope": "site/n", "uid": "u", "actor": "a", "at": "t", "record_sha256": "h"}


def tables(**more):
    return fact_tables({name.replace("__", "."): (*fixed_columns(name), *columns) for name, columns in more.items()})


def test_an_entry_has_one_row_and_each_of_its_parts_one():
    entry = ENTRY | {"payload": {"study": "s", "parts": [{"f": 1}, {"f": 0.5}]}}
    runs, parts = fact_tables(
        {"run": (*fixed_columns("run"), "study"), "run.parts": (*fixed_columns("run.parts"), "f")}
    )["run"]
    assert runs.lines(log="north", position=3, entry=entry) == "north,3,site/n,u,a,t,h,s\r\n"
    assert parts.lines(log="north", position=3, entry=entry) == "north,3,1,1\r\nnorth,3,2,0.5\r\n"


def test_what_has_no_column_is_refused():
    (run,) = tables(run=("study",))["run"]
    with pytest.raises(UnknownColumnsError, match="no column for other"):
        run.lines(log="north", position=3, entry=ENTRY | {"payload": {"other": 1}})
