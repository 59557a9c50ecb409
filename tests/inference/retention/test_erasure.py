"""A person is erased by two signatures: nothing leads back to them, every proof holds, and a legal hold refuses it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from audit.errors import SigningRefusedError
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Act, Checkpoint, Entry
from audit.log.sequencing import sequence
from audit.log.verifying import facts_without_entry, verify_log
from audit.log.witnessing import open_kept
from audit.signatures.actions import Components, Intent, sign
from inference.errors import ErasureError
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage
from inference.messages.receiving import receive_hl7
from inference.registry.models import Site
from inference.retention.actions import lift_hold, request_erasure, set_hold, withdraw_erasure
from inference.retention.models import Erasure
from inference.retention.signing import signable_erasure
from inference.studies.models import Link, Person, StoredImage, Study, VaultValue
from inference.studies.pixels import store_dicom
from inference.studies.pseudonyms import keyring_of
from tests.factories import (
    NOON,
    correction_row,
    event_row,
    inference_row,
    make_network,
    make_user,
    read_row,
    send,
    study_part,
    truth_row,
)
from tests.inference.dicom.objects import radiograph
from tests.inference.messages.hl7_examples import oru

pytestmark = pytest.mark.django_db
ORGANISATION = "north-group"


@pytest.fixture(autouse=True)
def hospital(settings, tmp_path):
    """Two patients, everything of both: facts, a message, quarantined rows, an image, a merge."""
    settings.RADVIGIL_HOME, settings.RADVIGIL_PIXELS = tmp_path, tmp_path / "pixels"
    make_network()
    for number in (1, 2):
        send("inferences", inference_row(number))
        send("reads", read_row(number), read_row(number, stage="guessing", study=study_part(number)))
        send("truth", truth_row(number))
    send("events", event_row(1, reason="seen at home"))
    send("corrections", correction_row(kind="merge", patient_id="P1", other_patient_id="P1-OLD"))
    send("inferences", inference_row(3, study=study_part(3, patient_id="P1-OLD")))
    receive_hl7(oru(), site=Site.objects.get(pk="north"), origin="hl7", now=NOON)
    store_dicom(radiograph(1), site=Site.objects.get(pk="north"), now=NOON)


@pytest.fixture
def study():
    return study_named("1.2.826.0.1.1")


@pytest.fixture
def resolvers():
    return [make_user(role="resolver", organisation=ORGANISATION, username=f"resolver-{name}") for name in ("a", "b")]


def study_named(uid):
    ring = keyring_of(ORGANISATION)
    pseudonym = ring.link_pseudonyms(type="study_uid", issuer="", value=uid)[-1]
    return Study.objects.get(pk=Link.objects.get(type="study_uid", pseudonym=pseudonym).target)


def ask(study, by):
    return request_erasure(study=study, basis="gdpr_17", reason="asked for in writing", by=by, now=NOON)


def approve(erasure, user, *, now=NOON):
    record = signable_erasure(user, str(erasure.uid))
    intent = Intent(shown_sha256=record.digest, meaning="approval")
    given = Components(username=user.username, password=user.username)
    return sign(record, intent=intent, signer=user, given=given, now=now)


def erased(study, resolvers):
    erasure = ask(study, resolvers[0])
    for user in resolvers:
        approve(erasure, user)
    erasure.refresh_from_db()
    return erasure


def dump():
    """Return the whole database as text."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            for (text,) in cursor.fetchall():
                yield model._meta.db_table, text


def everything_readable():
    """Return all that somebody with the dump and every key can read of patients and their studies."""
    ring = keyring_of(ORGANISATION)
    found = []
    for row in VaultValue.objects.all():
        found.append(ring.open(row.ciphertext, subject=f"{row.name}/{row.subject}").decode())
    for row in SetAside.objects.exclude(ciphertext=b""):
        found.append(ring.open(row.ciphertext, subject=f"set-aside/{row.digest}").decode())
    for row in InboundMessage.objects.exclude(ciphertext=b""):
        found.append(ring.open(row.ciphertext, subject=f"message/{row.digest}").decode())
    return "\n".join(found)


def pseudonyms(*patients):
    ring = keyring_of(ORGANISATION)
    return {ring.link_pseudonyms(type="patient", issuer=ORGANISATION, value=each)[-1] for each in patients}


def test_one_signature_does_nothing_and_the_same_person_does_not_count_twice(study, resolvers):
    erasure = ask(study, resolvers[0])
    before = Link.objects.count()
    approve(erasure, resolvers[0])
    with pytest.raises(SigningRefusedError, match="already"):
        approve(erasure, resolvers[0], now=NOON + timedelta(minutes=1))

    erasure.refresh_from_db()
    assert (erasure.state, Link.objects.count()) == ("requested", before)


def test_two_signatures_erase_the_person_under_every_name(study, resolvers):
    salt = bytes(Person.objects.get(pk=study.person_id).salt)
    gone = pseudonyms("P1", "P1-OLD")
    before = everything_readable()
    texts = " ".join(text for _, text in dump())
    assert "1.2.826.0.1.1" in before
    assert all(each in texts for each in gone)
    files = list(Path(str(StoredImage.objects.get().study_id)).parts), StoredImage.objects.get().path

    erasure = erased(study, resolvers)

    after, texts = everything_readable(), " ".join(text for _, text in dump())
    assert erasure.state == "executed"
    assert not [each for each in ("P1", 'A1"', '1.2.826.0.1.1"', "seen at home", "Doe") if each in after]
    assert not [each for each in gone if each in texts]
    assert salt.hex() not in texts
    assert files
    assert "1.2.826.0.1.2" in after
    assert Link.objects.filter(pseudonym__in=pseudonyms("P2")).exists()


def test_the_image_of_another_stays_and_that_of_the_person_goes(settings, resolvers):
    image = StoredImage.objects.get()
    path = Path(settings.RADVIGIL_PIXELS) / image.path
    assert path.exists()

    erased(image.study, resolvers)

    assert not path.exists()
    assert not StoredImage.objects.exists()


def test_rows_and_messages_of_the_person_are_emptied_and_that_they_came_is_kept(study, resolvers):
    counts = SetAside.objects.count(), InboundMessage.objects.count()

    erasure = erased(study, resolvers)

    assert (SetAside.objects.count(), InboundMessage.objects.count()) == counts
    assert SetAside.objects.filter(ciphertext=b"").count() == 1
    assert InboundMessage.objects.get().ciphertext == b""
    assert (erasure.counts["quarantined_rows"], erasure.counts["messages"]) == (1, 1)


def test_every_proof_holds_afterwards(study, resolvers):
    sequence(now=NOON)
    sign_checkpoints(now=NOON)
    old = Checkpoint.objects.filter(organisation=ORGANISATION).order_by("-size").first()
    bodies = dict(Entry.objects.values_list("pk", "leaf_hash"))

    erased(study, resolvers)

    sequence(now=NOON)
    sign_checkpoints(now=NOON)
    _, older = open_kept(
        old.note.encode() if isinstance(old.note, str) else bytes(old.note), source="a print of before"
    )
    assert not list(verify_log(ORGANISATION, witnessed=[older]))
    assert not list(facts_without_entry())
    assert all(bytes(Entry.objects.get(pk=pk).leaf_hash) == bytes(leaf) for pk, leaf in bodies.items())


def test_the_erasure_is_an_entry_that_names_both_signers(study, resolvers):
    erased(study, resolvers)

    act = Act.objects.get(entry__kind="identity.erased")
    assert act.details["signers"] == ["resolver-a", "resolver-b"]
    assert json.dumps(act.details).count(str(study.person_id)) == 1


def test_a_legal_hold_refuses_the_request_and_the_second_signature(study, resolvers):
    erasure = ask(study, resolvers[0])
    approve(erasure, resolvers[0])
    hold = set_hold(study=study_named("1.2.826.0.1.3"), reason="court case 12", by=resolvers[0], now=NOON)
    before = Link.objects.count()

    with pytest.raises(SigningRefusedError, match="court case 12"):
        approve(erasure, resolvers[1])
    with pytest.raises(ErasureError, match="court case 12"):
        ask(study, resolvers[0])
    assert Link.objects.count() == before

    lift_hold(hold, by=resolvers[1], now=NOON)
    approve(erasure, resolvers[1])
    erasure.refresh_from_db()
    assert erasure.state == "executed"
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"hold.set", "hold.lifted", "erasure.requested", "identity.erased"} <= kinds


def test_a_withdrawn_request_is_not_signed_any_more(study, resolvers):
    erasure = ask(study, resolvers[0])
    withdraw_erasure(erasure, by=resolvers[0], now=NOON)
    erasure.refresh_from_db()

    with pytest.raises(SigningRefusedError, match="meaning"):
        approve(erasure, resolvers[1])


def test_the_same_patient_is_somebody_new_afterwards_and_old_rows_do_not_break_the_intake(study, resolvers):
    erased(study, resolvers)

    (old,) = send("inferences", inference_row(1))
    (new,) = send("inferences", inference_row(4, study=study_part(4, patient_id="P1")))

    assert (old.status, new.status) == ("conflict", "stored")
    assert not Study.objects.filter(pk=study_named("1.2.826.0.1.4").pk, person_id=study.person_id).exists()


def test_the_page_asks_holds_and_shows_the_state(client, study, resolvers):
    client.force_login(resolvers[0], backend="django.contrib.auth.backends.ModelBackend")
    said = {"erasure-study": str(study.pk), "erasure-basis": "gdpr_17", "erasure-reason": "asked for in writing"}
    asked = client.post(reverse("retention:ask"), said)
    erasure = Erasure.objects.get()
    assert asked["Location"] == reverse("log:sign", args=["erasure", str(erasure.uid)])
    assert client.get(asked["Location"]).status_code == 200

    approve(erasure, resolvers[0])
    page = client.get(reverse("retention:page")).content.decode()
    assert "Resolver-A" in page
    assert client.post(reverse("retention:hold"), {"hold-study": str(study.pk), "hold-reason": "x"}).status_code == 422
    client.post(reverse("retention:hold"), {"hold-study": str(study.pk), "hold-reason": "a court asked for it"})
    assert "a court asked for it" in client.get(reverse("retention:page")).content.decode()
    refused = client.post(reverse("retention:ask"), said)
    assert (refused.status_code, "legal hold" in refused.content.decode()) == (422, True)


def test_a_resolver_of_another_provider_sees_none_of_it(client, study, resolvers):
    erasure = ask(study, resolvers[0])
    other = make_user(role="resolver", organisation="south-clinic")
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")

    assert "in writing" not in client.get(reverse("retention:page")).content.decode()
    assert client.post(reverse("retention:withdraw", args=[str(erasure.uid)])).status_code == 404
    said = {"erasure-study": str(study.pk), "erasure-basis": "gdpr_17", "erasure-reason": "asked for in writing"}
    assert client.post(reverse("retention:ask"), said).status_code == 404
