"""Whatever arrives, the answer is a receipt or a problem, and never a server error."""

import json

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.access.actions import create_token
from inference.connectors.kinds import KINDS
from inference.intake.checking import PARTS
from inference.intake.described import PARTS as DESCRIBED
from tests import factories

pytestmark = pytest.mark.django_db

GOOD = {
    "inferences": factories.inference_row(),
    "events": factories.event_row(),
    "reads": factories.read_row(),
    "responses": factories.response_row(),
    "truth": factories.truth_row(),
    "corrections": factories.correction_row(),
}
NASTY = [
    "\x00", "\ud800", "\U0001f600" * 70, "x" * 300, " ", "0" * 5000, 10**25, -(2**63), 1e308, -0.0, True, None, [], {},
    "2026-02-30T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-01T24:00:00Z", "١٢٣",
    [[[[[]]]]], {"a": {"b": {}}}, ["\x00"], {"\x00": 1}, {"\ud800": 1}, "2026-03-01T02:30:00.123456789",
    "'; --", "\\u0000",
]  # fmt: skip
values = st.recursive(
    st.sampled_from(NASTY) | st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def names_of(plural):
    parts = [f"{part}.{name}" for part, known in DESCRIBED.items() for name in known]
    nested = ["predictions.0.score", "predictions.0.marks", "predictions.0.category", "predictions.0.class_scores"]
    return [*KINDS[plural].by_name, *PARTS, *parts, *(nested if plural == "inferences" else []), "unheard_of"]


@st.composite
def rows(draw):
    """A good row of some kind with a few values replaced by something else."""
    plural = draw(st.sampled_from(list(GOOD)))
    row = json.loads(json.dumps(GOOD[plural]))
    for name in draw(st.lists(st.sampled_from(names_of(plural)), min_size=1, max_size=3)):
        put(row, name.split("."), draw(values))
    return plural, row


def put(row, path, value):
    for name in path[:-1]:
        step = int(name) if name.isdigit() else name
        if isinstance(row, list):
            row = row[step] if row else {}
        else:
            row = row.setdefault(step, {})
        if not isinstance(row, dict | list):
            return
    if isinstance(row, dict):
        row[path[-1]] = value


@pytest.fixture
def send():
    factories.make_network()
    _, secret = create_token(site="north", by="test", now=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    return lambda plural, body, kind="application/json": client.post(f"/api/v1/{plural}", body, content_type=kind)


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@FUZZ
@given(sent=rows())
def test_a_row_with_odd_values_gets_its_receipt(send, sent):
    plural, row = sent
    response = send(plural, json.dumps([row]))

    assert response.status_code in {200, 400, 403}
    if response.status_code == 200:
        (receipt,) = response.json()
        assert receipt["status"] in {"stored", "stored_flagged", "duplicate", "conflict", "quarantined"}


@FUZZ
@given(body=st.binary(max_size=60), plural=st.sampled_from(list(GOOD)), lines=st.booleans())
def test_any_bytes_get_an_answer(send, body, plural, lines):
    response = send(plural, body, "application/x-ndjson" if lines else "application/json")

    assert response.status_code in {200, 400}


@pytest.mark.parametrize("depth", [50, 300, 900, 5000])
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_deep_nesting_gets_an_answer(send, depth, kind):
    row = json.dumps(factories.truth_row() | {"attributes": "DEEP", "unheard_of": "DEEP"})
    response = send("truth", row.replace('"DEEP"', "[" * depth + "]" * depth), kind)

    assert response.status_code in {200, 400}


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400, "1" + "0" * 5000, "0.1e-400", "-0"])
def test_huge_numbers_get_an_answer(send, number):
    row = json.dumps(factories.inference_row()).replace("0.83", number)

    assert send("inferences", row).status_code in {200, 400}
