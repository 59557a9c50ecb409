"""Bodies of lines that are longer than one request may be."""

import json
from io import BytesIO

import orjson
import pytest
from django.core.signals import request_finished
from django.db import OperationalError, close_old_connections
from django.test import RequestFactory
from django.utils import timezone

from audit.access.actions import create_token
from audit.log.models import Entry
from inference.connectors import api, streaming
from inference.connectors.ndjson import lines_of, read_lines
from inference.intake.models import SetAside
from inference.results.models import Inference
from tests.benchmarks.memory import now_mb
from tests.factories import inference_row, make_network

pytestmark = pytest.mark.django_db

WHOLE = 2_000


@pytest.fixture(autouse=True)
def network(settings, monkeypatch):
    make_network()
    settings.RADVIGIL_LARGEST_REQUEST = WHOLE
    monkeypatch.setattr(streaming, "BATCH_ROWS", 5)


@pytest.fixture
def secret():
    return create_token(site="north", by="test", now=timezone.now())[1]


def lines(count, **changes):
    return b"".join(orjson.dumps(inference_row(number, **changes)) + b"\n" for number in range(1, count + 1))


def send(source, *, secret, length=None, **environment):
    """Post a body that the server reads as it comes."""
    request = RequestFactory().post(
        "/api/v1/inferences", content_type="application/x-ndjson", headers={"Authorization": f"Bearer {secret}"}
    )
    request.environ["wsgi.input"] = request._stream = source
    request.environ |= environment
    request.META["CONTENT_LENGTH"] = "" if length is None else str(length)
    return api.receive(request, "inferences")


def send_bytes(body, *, secret):
    return send(BytesIO(body), secret=secret, length=len(body))


def told(response):
    """Return what came before the connection ended, and whether it ended early."""
    said = []
    try:
        said.extend(response.streaming_content)
    except streaming.AnswerEndedError:
        return b"".join(said), True
    return b"".join(said), False


def test_a_long_body_gets_a_receipt_a_row_in_order(secret):
    response = send_bytes(lines(23), secret=secret)

    content, ended_early = told(response)
    receipts = json.loads(content)
    assert (response.status_code, response["Content-Type"], ended_early) == (200, "application/json", False)
    assert [(each["row"], each["status"]) for each in receipts] == [(row, "stored") for row in range(1, 24)]
    assert Inference.objects.count() == Entry.objects.filter(kind="inference").count() == 23


def test_a_long_body_gets_the_receipts_that_a_short_one_gets(secret, settings):
    body = lines(3) + b'{"kind": \n\n' + lines(20)
    streamed = json.loads(told(send_bytes(body, secret=secret))[0])
    settings.RADVIGIL_LARGEST_REQUEST = len(body)

    at_once = json.loads(send_bytes(body, secret=secret).content)

    assert [each["row"] for each in streamed] == [each["row"] for each in at_once]
    assert streamed[3] | {"row": 0} == at_once[3] | {"row": 0}
    assert {each["status"] for each in at_once} == {"duplicate", "quarantined"}


def test_a_body_without_a_length_is_read_to_its_end(secret):
    response = send(
        BytesIO(lines(23)), secret=secret, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True}
    )

    assert len(json.loads(told(response)[0])) == 23


def test_a_body_whose_end_nobody_marks_is_refused_rather_than_read_as_empty(secret):
    response = send(BytesIO(lines(2)), secret=secret, HTTP_TRANSFER_ENCODING="chunked")

    assert (response.status_code, json.loads(response.content)["status"]) == (411, 411)


def test_a_cut_body_leaves_whole_batches_and_an_answer_that_is_not_whole(secret):
    body = lines(23)

    content, ended_early = told(send(BytesIO(body[:-1500]), secret=secret, length=len(body)))

    assert ended_early
    with pytest.raises(json.JSONDecodeError):
        json.loads(content)
    *receipts, problem = json.loads(content + b"]")
    assert problem["status"] == 400
    assert len(receipts) == Inference.objects.count() > 0
    assert Inference.objects.count() % 5 == 0
    assert SetAside.objects.count() == 0


def test_sending_again_after_a_cut_stores_the_rest_once(secret):
    body = lines(23)
    told(send(BytesIO(body[:-1500]), secret=secret, length=len(body)))

    receipts = json.loads(told(send_bytes(body, secret=secret))[0])

    assert {each["status"] for each in receipts} == {"duplicate", "stored"}
    assert Inference.objects.count() == 23


def test_a_client_that_goes_away_leaves_whole_batches(secret):
    response = send_bytes(lines(23), secret=secret)
    pieces = iter(response.streaming_content)
    next(pieces), next(pieces)

    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)

    assert Inference.objects.count() == 10


def test_a_database_that_goes_away_ends_the_answer_with_what_was_stored(secret, monkeypatch):
    taken = []

    def fails_at_third(**given):
        taken.append(1)
        if len(taken) == 3:
            raise OperationalError
        return accept(**given)

    accept = streaming.accept
    monkeypatch.setattr(streaming, "accept", fails_at_third)
    content, ended_early = told(send_bytes(lines(23), secret=secret))

    *receipts, problem = json.loads(content + b"]")
    assert (ended_early, len(receipts), problem["status"]) == (True, 10, 503)


def test_anothers_deployment_in_the_first_part_of_a_stream_stores_nothing(secret):
    body = lines(2) + orjson.dumps(inference_row(3, deployment="cxr-south")) + b"\n" + lines(20)

    assert send_bytes(body, secret=secret).status_code == 403
    assert Inference.objects.count() == 0


def test_anothers_deployment_later_in_a_stream_refuses_its_batch(secret):
    body = lines(12) + orjson.dumps(inference_row(13, deployment="cxr-south")) + b"\n" + lines(20)

    content, ended_early = told(send_bytes(body, secret=secret))

    *receipts, problem = json.loads(content + b"]")
    assert (ended_early, len(receipts), problem["status"], problem["row"]) == (True, 10, 403, 13)
    assert "cxr-south" not in content.decode()


def test_a_stream_beyond_its_own_limit_is_413(secret, settings):
    settings.RADVIGIL_LARGEST_STREAM = 3_000

    response = send_bytes(lines(23), secret=secret)

    assert (response.status_code, json.loads(response.content)["limit"]) == (413, 3_000)
    assert Inference.objects.count() == 0


def test_a_line_longer_than_a_request_is_set_aside_with_its_beginning(secret):
    body = lines(10) + b'{"inference_uid": "' + b"x" * 5_000 + b'"}\n' + lines(2)

    receipts = json.loads(told(send_bytes(body, secret=secret))[0])

    assert receipts[10]["status"] == "quarantined"
    assert receipts[10]["reason"] == f"is longer than {WHOLE} bytes; only its beginning is kept"
    assert len(receipts) == 13


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_the_same_however_the_pieces_fall(size):
    body = b'\xef\xbb\xbf{"a": 1}\r\n\n{"b": 2}\n{"c"'
    pieces = [body[start : start + size] for start in range(0, len(body), size)]

    assert list(read_lines(lines_of(pieces, longest=100))) == list(read_lines(body.split(b"\n")))


class Rows:
    """A body that is made as it is read, and notes the memory meanwhile."""

    def __init__(self, count):
        self.rows = (orjson.dumps(inference_row(each, note="x" * 30_000)) + b"\n" for each in range(1, count + 1))
        self.waiting, self.seen_mb = b"", []

    def read(self, most):
        self.seen_mb.append(now_mb())
        while len(self.waiting) < most and (row := next(self.rows, b"")):
            self.waiting += row
        piece, self.waiting = self.waiting[:most], self.waiting[most:]
        return piece


def test_memory_is_flat_however_long_the_body_is(secret, settings, monkeypatch):
    settings.RADVIGIL_LARGEST_REQUEST = 1_000_000
    monkeypatch.setattr(streaming, "BATCH_BYTES", 1_000_000)
    body = Rows(count=2_000)

    content, _ = told(send(body, secret=secret, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True}))

    early = max(body.seen_mb[: len(body.seen_mb) // 4])
    assert content.count(b'"stored_flagged"') == 2_000
    assert max(body.seen_mb) - early < 15
