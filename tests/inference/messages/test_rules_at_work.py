"""A site's reports, from the first that waits to the truth it makes, its correction and withdrawal; and the pages."""

import pytest
from django.test import Client

from inference.messages.actions import dismiss, draft_rule, retire, switch_on
from inference.messages.models import InboundMessage, MappingRule
from inference.messages.receiving import receive_hl7
from inference.reads.models import Read
from inference.registry.models import Site
from inference.truth.models import Truth
from tests.factories import make_network, make_user
from tests.inference.messages.hl7_examples import oru

pytestmark = pytest.mark.django_db
VALUES = {"name": "Nodules in words", "finding": "nodule", "pattern": "nodules?", "standard": "report_labeller"}
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def site():
    make_network()
    return Site.objects.get(pk="north")


@pytest.fixture
def integrator(site):
    return make_user(role="integrator", organisation="north-group", username="ines")


def receive(site, now, **options):
    return receive_hl7(oru(**options), site=site, origin="hl7:2575", now=now)


def test_a_report_waits_until_a_rule_is_switched_on_and_then_makes_a_truth_that_names_its_labeller(
    site, integrator, now
):
    assert receive(site, now, text="There is a nodule.").state == "waiting"
    rule = draft_rule(site=site, values=VALUES, by=integrator, now=now)
    assert InboundMessage.objects.get().state == "waiting"

    assert switch_on(rule, by=integrator, now=now) == 1
    truth = Truth.objects.get()
    assert (truth.finding, truth.value, truth.standard, truth.certainty) == (
        "nodule",
        "positive",
        "report_labeller",
        "probable",
    )
    assert truth.attributes == {"labeller": f"rule/{rule.pk}"}
    assert InboundMessage.objects.get().state == "taken"


def test_a_corrected_report_amends_and_a_withdrawn_one_takes_back(site, integrator, now):
    switch_on(draft_rule(site=site, values=VALUES, by=integrator, now=now), by=integrator, now=now)
    receive(site, now, text="No nodule.", control="1")
    receive(site, now, text="No nodule. Second look.", control="2")
    receive(site, now, text="There is a nodule.", status="C", control="3")
    receive(site, now, text="", status="X", control="4")

    values = list(Truth.objects.order_by("id").values_list("value", "certainty"))
    assert values == [("negative", "probable"), ("positive", "probable"), ("not_assessable", "unknown")]
    assert [bool(each) for each in Truth.objects.order_by("id").values_list("amends", flat=True)] == [False, True, True]


def test_a_preliminary_report_makes_a_read_and_no_truth(site, integrator, now):
    for makes in ("truth", "read"):
        switch_on(
            draft_rule(site=site, values=VALUES | {"makes": makes}, by=integrator, now=now), by=integrator, now=now
        )
    receive(site, now, text="There is a nodule.", status="P", control="1")
    assert not Truth.objects.exists() and Read.objects.get().stage == "preliminary"

    receive(site, now, text="There is a nodule.", status="F", control="2")
    assert Truth.objects.get().value == "positive"


def test_a_contradictory_report_waits_for_a_person(site, integrator, now):
    switch_on(draft_rule(site=site, values=VALUES, by=integrator, now=now), by=integrator, now=now)
    taken = receive(site, now, text="A nodule.\\.br\\No nodule.")

    assert taken.state == "waiting" and "both affirms and denies nodule" in taken.reason
    dismiss(InboundMessage.objects.get(), reason="settled_by_hand", by=integrator, now=now)
    assert InboundMessage.objects.get().state == "dismissed"


def test_a_retired_rule_reads_nothing_more(site, integrator, now):
    rule = draft_rule(site=site, values=VALUES, by=integrator, now=now)
    switch_on(rule, by=integrator, now=now)
    retire(rule, by=integrator, now=now)

    assert receive(site, now, text="A nodule.").state == "waiting"


def test_the_pages_lead_from_a_waiting_report_to_a_rule_in_force(site, integrator, now):
    receive(site, now, text="There is a nodule.")
    client = Client()
    client.force_login(integrator, backend=BACKEND)
    queue = client.get("/messages/?state=waiting")
    assert "no rule of the site" in queue.content.decode()
    shown = client.get(f"/messages/{InboundMessage.objects.get().pk}/")
    assert "There is a nodule." in shown.content.decode()

    form = {"site": "north", "name": "Nodules", "finding": "nodule", "pattern": "nodules?", "value": "positive",
            "makes": "truth", "standard": "report_labeller", "certainty": "probable"}  # fmt: skip
    assert client.post("/rules/", form | {"code": "1"}).status_code == 422
    assert client.post("/rules/", form | {"pattern": "("}).status_code == 422
    made = client.post("/rules/", form)
    assert made.status_code == 302
    page = client.get(made.url)
    assert page.context["preview"].counts == {"positive": 1} and "There is a nodule" in page.content.decode()
    client.post(f"{made.url}switch-on/")
    assert MappingRule.objects.get().state == "in_force" and Truth.objects.count() == 1


def test_the_queue_costs_the_same_for_many_messages(site, integrator, now, django_assert_max_num_queries):
    for number in range(12):
        receive(site, now, text="x", control=str(number))
    client = Client()
    client.force_login(integrator, backend=BACKEND)
    client.get("/messages/")
    with django_assert_max_num_queries(12):
        client.get("/messages/")


def test_no_words_of_a_report_are_stored_in_the_clear(site, integrator, now):
    receive(site, now, text="Patient Geheimrat has a nodule.")
    switch_on(draft_rule(site=site, values=VALUES, by=integrator, now=now), by=integrator, now=now)

    message = InboundMessage.objects.get()
    assert b"Geheimrat" not in bytes(message.ciphertext) and "Geheimrat" not in message.reason
    assert "Geheimrat" not in str(list(Truth.objects.values()))
