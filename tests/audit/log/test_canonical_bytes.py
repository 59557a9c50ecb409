"""Two implementations, the same bytes: the compiled writer is held to the one that the verifier has."""

from enum import StrEnum
from math import inf, nan
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.log.canonical_bytes import canonical_bytes
from audit.proofs.canonical import CanonicalError, canonical_json


def bytes_or_refusal(write, value):
    try:
        return write(value)
    except CanonicalError as refusal:
        return str(refusal)


texts = st.text(max_size=12) | st.sampled_from(['a:1.0,"', "1.0", "1e7", "null", "\\", "\x7f", "é", "\U0001f600", "n"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.integers(-20, 20).map(float)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4) | st.tuples(inner),
    max_leaves=12,
)


@settings(max_examples=600, deadline=None)
@given(value=values)
def test_the_bytes_and_refusals_are_those_of_the_verifier(value):
    assert bytes_or_refusal(canonical_bytes, value) == bytes_or_refusal(canonical_json, value)


class Word(StrEnum):
    OK = "ok"


@pytest.mark.parametrize(
    "value",
    [
        -0.0, 0.0, [0, -0.0], 1.0, 10.0, 10.05, 100.0, 0.1, 1e-6, 1e-7, 1.5e-7, 123456789012345.0, 1e15, 1e16, 1e20,
        1e21, 1.7976931348623157e308, 5e-324, 2**53 - 1, 2**53, -(2**53), 0.30000000000000004, nan, inf, [nan],
        {"a": None}, {"a": nan}, Word.OK, [Word.OK], {"score": 1.0, "b": {"c": [2.0, 2.5, -3.0]}}, {1: 2}, b"x",
        {"\ue000": 1, "\U00010000": 2}, "\ud800", {"a:1.0,b": 1.0}, [True, False], [], {}, "", [1.0, "x", -1.0],
        -0.5, [-0.05, -0.0], {"n": 1.0},
    ],
)  # fmt: skip
def test_numbers_and_words_at_the_edges_are_those_of_the_verifier(value):
    assert bytes_or_refusal(canonical_bytes, value) == bytes_or_refusal(canonical_json, value)


def test_a_uuid_stands_as_its_text():
    assert canonical_bytes({"id": UUID(int=1)}) in {canonical_json({"id": str(UUID(int=1))})}
