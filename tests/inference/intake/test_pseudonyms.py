"""Nothing that leads back to a person stands in a fact or an entry; deleting the identities erases the person."""

import json

import pytest
from django.apps import apps
from django.db import connection

from audit.log.models import Entry
from audit.log.queries import fact_tables
from inference.results.models import Inference, Prediction
from inference.studies.models import Link, Person, Study, VaultValue
from inference.studies.pseudonyms import inner_key, keyring_of
from tests.factories import (
    correction_row,
    event_row,
    inference_row,
    make_network,
    read_row,
    response_row,
    send,
    study_part,
    truth_row,
)

pytestmark = pytest.mark.django_db

SECRETS = (
    "PAT-4711", "PAT-0815", "ACC-99", "1.2.840.77.1", "1.2.840.77.2", "1.2.840.77.3", "Tech Seven", "RUN-SECRET",
    "saw it at home", "TRUTH-SECRET", "MARK-SECRET", "READ-SECRET", "SESSION-ISSUER",
)  # fmt: skip
IDENTITY_TABLES = {"inference_link", "inference_person", "inference_vaultvalue"}


@pytest.fixture(autouse=True)
def network():
    make_network()


@pytest.fixture
def everything():
    """One fact of every kind, each with everything that may identify somebody."""
    study = study_part(
        1, study_uid="1.2.840.77.1", patient_id="PAT-4711", accession_number="ACC-99", operator="Tech Seven",
        patient_id_issuer="SESSION-ISSUER",
    )  # fmt: skip
    place = {"series_uid": "1.2.840.77.2", "sop_instance_uid": "1.2.840.77.3"}
    mark = {"mark_uid": "MARK-SECRET", "x": 1, "y": 2, **place}
    prediction = {"finding": "nodule", "score": 0.9, "marks": [mark], "mask": place}
    inputs = [{"kind": "dicom", "use": "current", **place}]
    named = {"study_uid": "1.2.840.77.1", "study": study}
    run = inference_row(1, inference_uid="RUN-SECRET", study=study, inputs=inputs, predictions=[prediction])
    merge = correction_row(kind="merge", patient_id="PAT-4711", other_patient_id="PAT-0815", reason="saw it at home")
    receipts = [
        *send("inferences", run),
        *send("events", event_row(1, inference_uid="RUN-SECRET", reason="saw it at home")),
        *send("reads", read_row(1, read_uid="READ-SECRET", marks=[mark], **named)),
        *send("responses", response_row(1, inference_uid="RUN-SECRET", mark_uid="MARK-SECRET", read_uid="READ-SECRET")),
        *send("truth", truth_row(1, truth_uid="TRUTH-SECRET", **named)),
        *send("truth", truth_row(1, amends="TRUTH-SECRET", value="negative", **named)),
        *send("corrections", merge | {"study": {"patient_id_issuer": "SESSION-ISSUER"}}),
    ]
    assert {receipt.status for receipt in receipts} == {"stored"}
    return receipts


def every_text(table):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT t::text FROM "{table}" t')
        for (text,) in cursor.fetchall():
            yield text
            yield from (bytes.fromhex(part).decode("utf-8", "replace") for part in hexes(text))


def hexes(text):
    for part in text.split("\\x")[1:]:
        digits = part.split('"')[0].split(",")[0].rstrip(")")
        if len(digits) % 2 == 0:
            yield digits


def test_no_column_of_the_database_holds_what_was_sent(everything):
    tables = [model._meta.db_table for model in apps.get_models()]

    for table in tables:
        for text in every_text(table):
            assert not [secret for secret in SECRETS if secret in text], table


def test_the_same_person_study_and_instance_have_one_random_id(everything):
    run = Inference.objects.get()
    mark = Prediction.objects.get().marks[0]

    assert Study.objects.count() == 1
    assert run.inputs[0]["series_uid"] == mark["series_uid"] == Prediction.objects.get().mask["series_uid"]
    assert Link.objects.get(type="instance_uid").target.hex == mark["sop_instance_uid"].replace("-", "")
    assert Link.objects.filter(type="patient").count() == 2


def test_free_text_is_a_commitment_that_its_inner_key_opens(everything):
    import hmac

    from inference.events.models import Event

    event = Event.objects.get()
    salt = bytes(Person.objects.get(pk=event.person_id).salt)
    key = inner_key(salt=salt, uid=event.entry.uid, field="reason")
    opened = hmac.digest(key, b"saw it at home", "sha256").hex()

    assert event.reason == f"committed:{opened}"
    sealed = VaultValue.objects.get(name="reason", subject=event.entry.uid)
    keyring = keyring_of("north-group")
    assert keyring.open(sealed.ciphertext, subject=f"reason/{event.entry.uid}") == b"saw it at home"


def test_a_coded_reason_stays_readable():
    send("inferences", inference_row(1))
    send("events", event_row(1, kind="withheld", reason="low_quality"))

    assert "low_quality" in bytes(Entry.objects.get(kind="event").body).decode()


def test_identifiers_lie_encrypted_in_the_vault_and_patient_ids_do_not(everything):
    names = set(VaultValue.objects.values_list("name", flat=True))

    assert {"study_uid", "accession_number", "series_uid", "instance_uid"} - {"accession_number"} <= names
    assert "patient" not in names


def test_deleting_the_identities_leaves_facts_and_entries_as_they_are(everything):
    before = [(bytes(entry.body), bytes(entry.leaf_hash)) for entry in Entry.objects.order_by("id")]
    Link.objects.all().delete()
    VaultValue.objects.all().delete()
    Person.objects.all().delete()

    assert before == [(bytes(entry.body), bytes(entry.leaf_hash)) for entry in Entry.objects.order_by("id")]
    for table in fact_tables():
        for fact in table.with_parts(table.objects.select_related("entry")):
            payload = json.loads(bytes(fact.entry.body))["payload"]
            assert payload == json.loads(json.dumps(fact.payload()))


def test_two_providers_give_one_patient_two_pseudonyms():
    send("inferences", inference_row(1))
    send("inferences", inference_row(1, deployment="cxr-south"), site="south")

    first, second = Link.objects.filter(type="patient")
    assert first.pseudonym != second.pseudonym
    assert Study.objects.count() == 2


def test_sites_of_one_provider_share_a_patient():
    send("inferences", inference_row(1))
    send("inferences", inference_row(2, deployment="cxr-east", study=study_part(2, patient_id=" p1 ")), site="east")

    assert len(set(Study.objects.values_list("person_id", flat=True))) == 1
