import pytest

from tests.factories import (
    correction_row,
    event_row,
    inference_row,
    make_network,
    read_row,
    response_row,
    send,
    truth_row,
)

pytestmark = pytest.mark.django_db

ROWS = {
    "inferences": inference_row(),
    "events": event_row(),
    "reads": read_row(),
    "responses": response_row(),
    "truth": truth_row(),
    "corrections": correction_row(),
}


@pytest.fixture(autouse=True)
def network():
    make_network()


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_of_every_kind_is_stored(kind):
    (receipt,) = send(kind, ROWS[kind])

    assert (receipt.status, receipt.flags, receipt.reason) == ("stored", (), None)
    assert len(receipt.record_sha256) == 64


@pytest.mark.parametrize("kind", ROWS)
def test_the_same_row_again_is_a_duplicate(kind):
    first = send(kind, ROWS[kind])
    second = send(kind, ROWS[kind])

    assert [each.status for each in second] == ["duplicate"]
    assert second[0].record_sha256 == first[0].record_sha256
