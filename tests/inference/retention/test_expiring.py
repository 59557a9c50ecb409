"""What was set aside expires: its content goes after so many days, that it came stays."""

from datetime import timedelta

import pytest

from audit.log.models import Act
from inference.connectors.actions import content_of
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage
from inference.messages.receiving import receive_hl7
from inference.registry.models import Site
from inference.retention.expiring import expire
from tests.factories import NOON, make_network, read_row, send
from tests.inference.messages.hl7_examples import oru

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows():
    make_network()
    for days in (100, 50):
        then = NOON - timedelta(days=days)
        send("reads", read_row(days, stage="guessing"), now=then)
        receive_hl7(oru(accession=f"A{days}"), site=Site.objects.get(pk="north"), origin="hl7", now=then)


def test_old_content_goes_and_the_rest_stays():
    assert expire(days=90, now=NOON)

    limit = NOON - timedelta(days=90)
    for table in (SetAside, InboundMessage):
        old, young = table.objects.filter(received_at__lt=limit), table.objects.filter(received_at__gt=limit)
        assert (set(map(len, old.values_list("ciphertext", flat=True))), young.exists()) == ({0}, True)
        assert not young.filter(ciphertext=b"").exists()
    assert set(SetAside.objects.filter(received_at__lt=limit).values_list("state", flat=True)) == {"discarded"}
    assert expire(days=90, now=NOON) == 0


def test_each_site_has_its_entry_and_small_batches_take_all():
    held = SetAside.objects.count() + InboundMessage.objects.count()

    assert expire(days=10, now=NOON, batch=1) == held

    assert {act.entry.kind for act in Act.objects.filter(subject="site/north")} >= {"rows.expired", "messages.expired"}


def test_an_expired_row_opens_empty():
    expire(days=10, now=NOON)

    assert content_of(SetAside.objects.first()) == ""
