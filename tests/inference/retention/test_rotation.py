"""Keys rotate: look-ups work before, during and after, and what cannot follow is said."""

import pytest
from django.core.management import call_command

from audit.log.models import Act, Entry
from inference.errors import RotationError
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage
from inference.messages.receiving import content_of, receive_hl7
from inference.registry.models import Site
from inference.results.models import Inference
from inference.retention import rotation
from inference.retention.rotation import begin_rotation, finish_rotation
from inference.studies.actions import open_identifier
from inference.studies.models import Link, Person, Study, VaultValue
from inference.studies.pseudonyms import keyring_of
from tests.factories import NOON as NOW
from tests.factories import correction_row, inference_row, make_network, make_user, read_row, send, study_part
from tests.inference.messages.hl7_examples import oru

pytestmark = pytest.mark.django_db
ORGANISATION = "north-group"


@pytest.fixture(autouse=True)
def hospital(settings, tmp_path):
    settings.RADVIGIL_HOME = tmp_path
    make_network()
    send("inferences", inference_row(1), inference_row(2, inference_uid=None))
    receive_hl7(
        oru().encode() if isinstance(oru(), str) else oru(), site=Site.objects.get(pk="north"), origin="t", now=NOW
    )


def begin():
    return begin_rotation(ORGANISATION, actor="test", now=NOW)


def finish(**over):
    return finish_rotation(ORGANISATION, actor="test", now=NOW, **over)


def keys_of_links():
    return set(Link.objects.values_list("key_id", flat=True))


def everything_is_found():
    """Return whether rows that name what is known by uid, order, patient and day meet the same studies."""
    before = (Study.objects.count(), Person.objects.count(), Inference.objects.count())
    assert send("inferences", inference_row(1))[0].status == "duplicate"
    reader = f"R{Entry.objects.count()}"
    send("reads", read_row(1, reader=reader), read_row(1, reader=f"{reader}b", study_uid=None, accession_number="A1"))
    send(
        "reads",
        read_row(1, reader=f"{reader}c", study_uid=None, study={"patient_id": "P1"}, acquired_on="2026-03-02"),
    )
    send("corrections", correction_row(patient_id="P1", at=f"2026-03-02T11:{Entry.objects.count() % 60:02d}:00Z"))
    return before == (Study.objects.count(), Person.objects.count(), Inference.objects.count())


def test_look_ups_work_before_during_and_after():
    first = keyring_of(ORGANISATION)
    assert everything_is_found()
    second = begin()
    assert everything_is_found()
    send("inferences", inference_row(3))
    assert keys_of_links() == {first.key_id, second.key_id}
    done = finish()
    assert done.is_complete
    assert done.links
    assert keys_of_links() == {second.key_id}
    assert not keyring_of(ORGANISATION).is_rotating
    assert everything_is_found()
    assert send("inferences", inference_row(3))[0].status == "duplicate"


def test_ciphertexts_follow_and_open():
    begin()
    done = finish()
    newest = keyring_of(ORGANISATION)

    for table in (VaultValue, SetAside, InboundMessage):
        assert set(table.objects.values_list("key_id", flat=True)) == {newest.vault_key_id}, table
    assert done.values == sum(table.objects.count() for table in (VaultValue, SetAside, InboundMessage))
    assert content_of(InboundMessage.objects.get()).startswith(b"MSH")
    resolver = make_user(role="resolver", organisation=ORGANISATION)
    study = Study.objects.order_by("created_at").first()
    value = VaultValue.objects.filter(name="study_uid", subject=str(study.pk)).get()
    opened = open_identifier(study=study, value=value, reason="recall of a patient", by=resolver, now=NOW)
    assert opened.startswith("1.2.826")


def test_a_rotation_may_follow_another_and_a_row_of_long_ago_is_still_a_duplicate():
    for _ in range(3):
        begin()
        finish()

    assert everything_is_found()
    assert len(keyring_of(ORGANISATION).pseudonym_keys) == 4


def test_an_earlier_key_tells_nothing_of_a_link_that_was_brought_forward():
    first = keyring_of(ORGANISATION)
    begin()
    finish()

    guessed = first.link_pseudonyms(type="patient", issuer=ORGANISATION, value="P1")
    assert not Link.objects.filter(pseudonym__in=guessed).exists()


def test_it_goes_on_where_a_crash_ended_it(monkeypatch):
    begin()
    total, rounds = Link.objects.count(), []
    forward = rotation.bring_links_forward

    def crashing(held, **options):
        rounds.append(1)
        if len(rounds) == 2:
            raise KeyboardInterrupt
        return forward(held, **options)

    monkeypatch.setattr(rotation, "bring_links_forward", crashing)
    with pytest.raises(KeyboardInterrupt):
        finish(batch=2)
    assert len(keys_of_links()) == 2
    assert everything_is_found()
    monkeypatch.undo()

    assert finish().links >= total - 2
    assert len(keys_of_links()) == 1
    assert everything_is_found()


def test_what_cannot_follow_is_said(capsys):
    begin()
    Link.objects.filter(type="patient").update(key_id="lost")
    value = VaultValue.objects.first()
    VaultValue.objects.filter(pk=value.pk).update(ciphertext=b"damaged" * 9)

    with pytest.raises(SystemExit) as ended:
        call_command("rotate_keys", organisation=ORGANISATION, finish=True)

    assert ended.value.code == 3
    said = capsys.readouterr().out
    assert "1 vault" in said
    assert " links" in said.split("Not brought forward")[1]
    assert Act.objects.get(entry__kind="keys.rotation_finished").details["left"]["vault"] == 1


def test_beginning_and_finishing_stand_in_the_log_once():
    call_command("rotate_keys", organisation=ORGANISATION)
    with pytest.raises(RotationError, match="not finished"):
        begin()
    call_command("rotate_keys", organisation=ORGANISATION, finish=True)
    with pytest.raises(RotationError, match="No rotation"):
        finish()

    kinds = list(Entry.objects.filter(kind__startswith="keys.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["keys.rotation_begun", "keys.rotation_finished"]


def test_another_provider_keeps_its_keys():
    send("inferences", inference_row(9, deployment="cxr-south", study=study_part(9)), site="south")
    before = keyring_of("south-clinic")
    begin()
    finish()

    assert keyring_of("south-clinic") == before
    assert Link.objects.filter(organisation="south-clinic", key_id=before.key_id).exists()
