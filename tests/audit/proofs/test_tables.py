"""A line of CSV follows from its row, and any reader of CSV gets the row's texts back."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proofs.canonical import canonical_json
from audit.proofs.tables import csv_line, fact_rows, value_at

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


def test_an_entry_has_one_row_and_each_of_its_parts_one():
    payload = {"study": "s", "at": "own", "parts": [{"f": 1}]}
    entry = {"scope": "c", "uid": "u", "actor": "a", "at": "t", "record_sha256": "h", "payload": payload}
    (row,) = fact_rows("run", log="north", position=3, entry=entry)
    assert row == {
        "log": "north",
        "position": 3,
        "scope": "c",
        "uid": "u",
        "actor": "a",
        "logged_at": "t",
        "at": "own",
        "record_sha256": "h",
        "study": "s",
        "parts": [{"f": 1}],
    }
    assert list(fact_rows("run.parts", log="north", position=3, entry=entry)) == [
        {"log": "north", "position": 3, "number": 1, "f": 1}
    ]


def test_what_a_spreadsheet_would_run_is_quoted_and_a_first_apostrophe_too():
    assert csv_line(["=1+1", "'x", -1, "a=b"]) == "'=1+1,''x,-1,a=b\r\n"


def test_a_name_with_dots_reaches_into_a_row():
    row = {"described": {"study": {"modality": "DX"}}, "a.b": 1}
    assert value_at(row, "described.study.modality") == "DX"
    assert value_at(row, "described.scanner.model") is None
    assert value_at(row, "a.b") == 1
