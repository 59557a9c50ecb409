"""Two worlds that differ in a small count look the same to who receives sums: on every page, in every file."""

import re
from datetime import datetime

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from monitoring.dashboards.catching_up import catch_up
from tests.factories import inference_row, make_network, make_user, read_row, send, truth_row
from tests.test_every_role import BACKEND, patterns

pytestmark = pytest.mark.django_db
FIGURES = (
    "dashboards:overview", "dashboards:product", "dashboards:product_csv", "dashboards:product_verification",
    "dashboards:product_label_free", "dashboards:product_beside", "disagreement:page", "disagreement:download",
    "feeds:page", "signals:list", "claims:product", "subgroups:page", "subgroups:download", "drift:report",
    "rescoring:list", "evidence:index",
)  # fmt: skip
CHANCE = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"')


def seen(client: Client) -> dict[str, bytes]:
    """Return what each page and file says, without the tokens against forgery."""
    served, found = dict(patterns(get_resolver().url_patterns)), {}
    for name in FIGURES:
        answer = client.get(reverse(name, args=["cxr"] if served[name].pattern.converters else []))
        found[name] = CHANCE.sub(b"", b"".join(answer) if answer.streaming else answer.content)
    return found


def add(*numbers: int, now: datetime) -> None:
    for number in numbers:
        send("inferences", inference_row(number))
        send("reads", read_row(number))
        send("truth", truth_row(number))
    catch_up(now=now)


@pytest.mark.parametrize("role", ["quality_officer", "ml_engineer"])
def test_three_cases_look_like_five_to_who_sees_no_count_below_eleven(role, now):
    make_network()
    client = Client()
    client.force_login(make_user(role=role, organisation="cxr-maker"), backend=BACKEND)
    add(1, 2, 3, now=now)
    before = seen(client)
    add(4, 5, now=now)
    after = seen(client)
    assert [name for name in FIGURES if before[name] != after[name]] == []


def test_the_provider_itself_sees_the_difference(now):
    """Without this the test above would prove nothing."""
    make_network()
    client = Client()
    client.force_login(make_user(role="quality_officer", organisation="north-group"), backend=BACKEND)
    add(1, 2, 3, now=now)
    before = seen(client)
    add(4, 5, now=now)
    after = seen(client)
    told = {name for name in FIGURES if before[name] != after[name]}
    assert {"dashboards:product_csv", "disagreement:page", "disagreement:download"} <= told
