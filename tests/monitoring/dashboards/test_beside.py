"""The part of the product page that sets the reader in the loop beside the AI alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.dashboards.catching_up import work_off
from tests.factories import inference_row, make_network, read_row, send, truth_row
from tests.monitoring.dashboards.test_views import PRODUCT, text_of
from tests.monitoring.dashboards.watched import LATER, log_in, make_watched

pytestmark = pytest.mark.django_db
BESIDE = f"{PRODUCT}readers/"


def read_with_the_ai(*, numbers: range, decision: str = "positive") -> None:
    send("reads", *(read_row(n, decision=decision, ai_exposure="concurrent") for n in numbers))
    work_off(now=LATER)


def test_the_reader_stands_beside_the_ai_on_the_same_cases(client):
    make_network()
    send("inferences", *(inference_row(n, score=0.9 if n < 5 else 0.1) for n in range(1, 9)))
    send("truth", *(truth_row(n) for n in range(1, 9)))
    read_with_the_ai(numbers=range(1, 9))
    log_in(client, organisation="north-group")

    page = text_of(client, BESIDE)

    assert "with the AI in view" in page
    assert "+50.0 points" in page
    assert "p = 0.046" in page  # McNemar, 4 and 0: chi-square 4
    assert "accuracy" not in page.lower()


def test_the_part_of_the_readers_refuses_strangers_others_and_recipients_of_sums(client):
    make_watched()
    assert client.get(BESIDE).url == f"/log-in/?next={BESIDE}"

    log_in(client, organisation="south-clinic")
    assert client.get("/products/mammo/readers/").status_code == 404

    log_in(client, organisation="cxr-maker")
    assert "hidden by the sharing agreement" in text_of(client, BESIDE)


def test_more_reads_cost_the_part_of_the_readers_no_more_queries(client, django_assert_num_queries):
    make_network()
    send("inferences", *(inference_row(n) for n in range(1, 13)))
    send("truth", *(truth_row(n) for n in range(1, 13)))
    read_with_the_ai(numbers=range(1, 4))
    log_in(client, organisation="north-group")
    with CaptureQueriesContext(connection) as few:
        client.get(BESIDE)
    read_with_the_ai(numbers=range(4, 13))

    with django_assert_num_queries(len(few)):
        client.get(BESIDE)
