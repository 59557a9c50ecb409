"""A notified body with whom sums are shared, and a regulator with a right over a whole provider."""

from datetime import timedelta

import pytest

from audit.access.models import User
from audit.log.checkpoints import sign_checkpoints
from audit.log.sequencing import sequence
from inference.registry.actions import register
from monitoring.rollups.actions import follow
from tests.factories import inference_row, make_network, make_user, read_row, send, truth_row

BODY = """
organisations:
  - {key: notified, kind: notified_body, name: Notified Body 0000, country: DE}
  - {key: agency, kind: regulator, name: Agency, country: DE}
sharing:
  - {site: north, product: cxr, to: notified, level: aggregate, minimum_count: 11, from: 2026-01-10,
     legal_basis: "MDR Annex IX 3.4"}
"""


@pytest.fixture
def network(db, now) -> None:
    make_network()
    register(text=BODY, actor="test", now=now)
    for number in range(1, 25):
        send("inferences", inference_row(number, score=(number * 37 % 100) / 100), now=now)
    send("truth", *[truth_row(n, value="positive" if n % 3 else "negative") for n in range(1, 21)], now=now)
    send("reads", *[read_row(n) for n in range(1, 21)], now=now)
    sequence(now=now)
    sign_checkpoints(now=now, interval=timedelta(0))
    follow(now=now)


@pytest.fixture
def inspector(network) -> User:
    """A person of the notified body: sees the sums of one product at one site."""
    return make_user(role="regulator", organisation="notified", username="inspector")


@pytest.fixture
def authority(network) -> User:
    """A regulator with a right over the whole north group."""
    return make_user(role="regulator", organisation="north-group", username="authority")


@pytest.fixture
def officer(network) -> User:
    return make_user(role="quality_officer", organisation="north-group", username="quality")


@pytest.fixture
def page(client):
    """Open a page as somebody."""

    def opened(user, path="/portal/"):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client.get(path)

    return opened
