"""Lines read many at once are judged as the one implementation of RFC 8785 judges each."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proofs.canonical import CanonicalError, canonical_json, parse_json
from audit.proofs.lines import canonical_text, read_lines

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"]), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("a\u00e9\uffff\U00010000", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
ODD = [
    b'{"a":1.0}', b'{"a":1e-07}', b'{"a":1e-7}', b'{"a":1E-7}', b'{"a":1e+16}', b'{"a":10000000000000000}',
    b'{"a":10000000000000001}', b'{"a":1e+21}', b'{"a":-0}', b'{"a":-0.0}', b'{"a":0}', b'{"a":NaN}', b'{"a":1e400}',
    b'{"a":1,"a":1}', b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":"\\u0041"}', b'{"a":"\\ud800"}', b'{"a":"\\u001f"}',
    b'{"a":"\\u001F"}', b'{"a":"\\/"}', b'{"a":0.000032}', b'{"a":3.2e-05}', b'{"a":":3e-05,"}',
    b'{"a":9007199254740993}',
    b'{"a":1},{"b":2}', b"1],[2", b"", b"{", b"\xff", b"[" * 100_000, b'{"\xf0\x90\x80\x80":1,"\xef\xbf\xbf":2}',
    b'{"\xef\xbf\xbf":2,"\xf0\x90\x80\x80":1}', b'{"a":' + b"9" * 5_000 + b"}",
    b'{"a":[1', b"2]}", b'{"c":1},{"d":2}', b'{"a":00}', b'{"a":.5}', b'{"a":1.}', b" 1", b"1\r",
]  # fmt: skip


def judged(line):
    try:
        value = parse_json(line)
        return value, canonical_json(value) == line
    except CanonicalError:
        return None, False


def same(first, second):
    return json.dumps(first) == json.dumps(second)


def assert_alike(lines):
    read = read_lines(lines)
    assert len(read.values) == len(lines)
    for number, line in enumerate(lines):
        value, is_canonical = judged(line)
        assert (number not in read.wrong) == is_canonical, line[:80]
        assert same(read.values[number], value), line[:80]


@pytest.mark.parametrize("line", ODD, ids=lambda line: line[:24].decode("latin-1"))
def test_an_odd_line_is_judged_alike_alone_and_among_others(line):
    assert_alike([line])
    assert_alike([b'{"a":1}', line, b'{"b":0.5}'])


@settings(max_examples=80)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_canonical_lines_are_all_taken(values):
    lines = [canonical_json(value) for value in values]
    read = read_lines(lines)
    assert not read.wrong
    assert all(same(one, parse_json(line)) for one, line in zip(read.values, lines, strict=True))


@settings(max_examples=80)
@given(st.lists(VALUES, min_size=1, max_size=4), st.booleans())
def test_what_python_writes_is_judged_alike(values, is_sorted):
    assert_alike(
        [json.dumps(each, ensure_ascii=False, separators=(",", ":"), sort_keys=is_sorted).encode() for each in values]
    )


@settings(max_examples=80)
@given(VALUES.filter(lambda value: isinstance(value, dict | list)))
def test_a_part_of_canonical_json_is_written_as_it_was(value):
    back = parse_json(canonical_json(value))
    assert canonical_text(back).encode() == canonical_json(value)
