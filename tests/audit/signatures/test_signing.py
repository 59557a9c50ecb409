"""The ceremony: who may sign, what exactly, in which order; and what the key of a person cannot be used for."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.core import mail
from django.db import connection

from audit.access.actions import change_password, create_user
from audit.access.models import User
from audit.errors import SealedKeyError, SigningRefusedError
from audit.log.models import Act, Entry
from audit.proofs.statements import content_digest, problem_with
from audit.signatures.actions import Components, Intent, sign
from audit.signatures.content import Signable
from audit.signatures.models import SealedKey, Signature, SigningKey
from audit.signatures.queries import is_complete, next_part
from audit.signatures.sealing import unseal
from audit.signatures.verifying import check_signatures

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
PASSWORD = "correct horse battery"


def person(name):
    user, _ = create_user(
        username=name, printed_name=name.title(), role="quality_officer", organisation="north-group",
        password=PASSWORD, by="test", now=NOW,
    )  # fmt: skip
    return user


def record(*, in_order=False, **content):
    return Signable(
        subject="change/7", title="Change 7", organisation="north-group", content={"text": "as shown"} | content,
        meanings=("review", "approval"), in_order=in_order,
    )  # fmt: skip


def give(by, what=None, *, username=None, password=PASSWORD, shown=None, meaning="approval", part="", now=NOW):
    what = what or record()
    return sign(
        what,
        intent=Intent(shown_sha256=shown or what.digest, meaning=meaning, part=part),
        signer=by,
        given=Components(username=username or by.username, password=password),
        now=now,
        zone="Europe/Berlin",
    )


def test_a_signature_carries_name_meaning_and_both_times_and_holds_offline():
    signed = give(person("anna"))
    key = SigningKey.objects.get()

    assert (signed.printed_name, signed.meaning) == (person_name("anna"), "approval")
    assert (
        signed.signed_at == "2026-03-01T08:15:00+00:00"
        and signed.local_time == "2026-03-01T09:15:00+01:00 Europe/Berlin"
    )
    payload = {name: getattr(signed, name) for name in Signature.PAYLOAD} | {"signature": bytes(signed.signature).hex()}
    assert problem_with(payload, public_key=bytes(key.public_key)) == ""
    assert set(Entry.objects.values_list("kind", flat=True)) >= {"signature", "signing_key"}
    assert not list(check_signatures())


def person_name(username):
    return Signature.objects.get(username=username).printed_name


def test_content_that_changed_since_it_was_shown_cannot_be_signed():
    shown = record().digest
    with pytest.raises(SigningRefusedError, match="changed since it was shown"):
        give(person("anna"), record(text="edited meanwhile"), shown=shown)
    assert not Signature.objects.exists()


def test_nobody_signs_for_another_and_the_administrators_are_told_at_once(settings):
    settings.ADMINS = [("Admin", "admin@example.org")]
    with pytest.raises(SigningRefusedError, match="by nobody else"):
        give(person("anna"), username="bert")
    assert Act.objects.get(entry__kind="signing.failed").details["why"] == "name_of_another"
    assert "anna failed to sign" in mail.outbox[0].body


def test_signing_locks_after_five_failures_and_says_so_and_opens_again(settings):
    settings.ADMINS = [("Admin", "admin@example.org")]
    anna = person("anna")
    for _ in range(5):
        with pytest.raises(SigningRefusedError, match="not right"):
            give(anna, password="wrong")
    with pytest.raises(SigningRefusedError, match="locked"):
        give(anna)
    assert len(mail.outbox) == 1

    assert give(anna, now=NOW + timedelta(minutes=31)).pk


def test_author_reviewer_and_approver_sign_in_order_and_are_three_people():
    anna, bert, cora = map(person, ("anna", "bert", "cora"))
    what = record(in_order=True)
    with pytest.raises(SigningRefusedError, match="author signs next"):
        give(bert, what, part="approver")
    give(anna, what, part="author")
    with pytest.raises(SigningRefusedError, match="three people"):
        give(anna, what, part="reviewer")
    give(bert, what, part="reviewer")
    assert next_part(what) == "approver" and not is_complete(what)
    give(cora, what, part="approver")

    assert is_complete(what) and not is_complete(record(in_order=True, text="the next version"))


def test_a_meaning_that_is_not_theirs_and_a_second_signature_are_refused():
    anna = person("anna")
    with pytest.raises(SigningRefusedError, match="not yours to give"):
        give(anna, meaning="release")
    give(anna)
    with pytest.raises(SigningRefusedError, match="already"):
        give(anna, now=NOW + timedelta(minutes=1))


def test_a_changed_password_keeps_the_key_and_a_reset_one_ends_it():
    anna = person("anna")
    give(anna)
    first = SigningKey.objects.get()
    change_password(user=anna, password="another good password", current=PASSWORD, by=anna, now=NOW)
    give(anna, meaning="review", password="another good password")
    assert SigningKey.objects.get() == first

    change_password(user=anna, password="reset by somebody", by=person("root"), now=NOW)
    with pytest.raises(SealedKeyError):
        unseal(bytes(SealedKey.objects.get().sealed), password="reset by somebody", username="anna")
    give(anna, record(text="later"), password="reset by somebody")
    newest = SigningKey.objects.order_by("-id").first()
    assert newest.replaces == sha256(bytes(first.public_key)).hexdigest()
    assert not list(check_signatures())


def test_a_sealed_key_put_beside_another_name_does_not_open():
    give(person("anna"))
    with pytest.raises(SealedKeyError):
        unseal(bytes(SealedKey.objects.get().sealed), password=PASSWORD, username="bert")


ATTACKS = {
    "moved to another record": "UPDATE audit_signature SET subject = 'change/8'",
    "another signer's name": "UPDATE audit_signature SET printed_name = 'Somebody Else'",
    "another meaning": "UPDATE audit_signature SET meaning = 'review'",
    "back-dated": "UPDATE audit_signature SET signed_at = '2025-01-01T00:00:00+00:00'",
    "another version": "UPDATE audit_signature SET content_sha256 = repeat('0', 64)",
    "the text edited": """UPDATE audit_signature SET content = '{"text": "edited"}'""",
    "the key taken away": "UPDATE audit_signature SET key = repeat('0', 64)",
}


@pytest.mark.parametrize("statement", ATTACKS.values(), ids=ATTACKS)
def test_what_a_superuser_does_to_a_signature_is_named_in_one_sentence(statement):
    give(person("anna"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_signature DISABLE TRIGGER USER")
        cursor.execute(statement)

    (problem,) = check_signatures()
    assert "sign" in problem.sentence and problem.organisation == "north-group"


def test_the_digest_is_that_of_the_canonical_bytes():
    assert content_digest({"b": 1, "a": "é"}) == sha256('{"a":"é","b":1}'.encode()).hexdigest()


def test_a_sealed_key_put_beside_the_public_key_of_another_signs_nothing_in_their_name():
    give(person("anna"))
    give(person("bert"))
    bert = SigningKey.objects.get(username="bert")
    SealedKey.objects.filter(username="bert").delete()
    SealedKey.objects.filter(username="anna").update(key=bert)

    signed = give(User.objects.get(username="anna"), record(text="another"))

    assert SigningKey.objects.filter(username="anna").count() == 2
    assert signed.key not in {sha256(bytes(bert.public_key)).hexdigest()}
    assert not list(check_signatures())
