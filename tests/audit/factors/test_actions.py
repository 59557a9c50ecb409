from datetime import timedelta

import pytest

from audit.errors import FactorError
from audit.factors import actions, passkeys, totp
from audit.factors.models import Factor, RecoveryCode
from audit.factors.passkeys import Place
from audit.factors.queries import codes_left, factors_of, keys_of
from audit.log.models import Entry
from tests.audit.access.people import make_user
from tests.audit.factors.soft_key import SoftKey

pytestmark = pytest.mark.django_db
HERE = Place(host="localhost", origin="http://localhost")


@pytest.fixture
def holder(settings, tmp_path) -> actions.Holder:
    settings.RADVIGIL_HOME = tmp_path
    user = make_user(organisation="north-group")
    return actions.Holder(user_id=user.pk, username=user.username, organisation="north-group")


def code(secret: bytes, moment) -> str:
    return totp.code_at(secret, step=totp.step_at(moment))


def added_app(holder, now) -> bytes:
    secret = actions.begin_app(holder, now=now)
    actions.confirm_app(holder, code=code(secret, now), name="phone", now=now)
    return secret


def added_key(holder, now, key: SoftKey) -> Factor:
    options = passkeys.asked_to_make(
        place=HERE, user_id=holder.user_id, username="q", printed_name="Q", held=keys_of(holder.user_id)
    )
    return actions.add_key(
        holder, said=key.make(options), challenge=options["challenge"], place=HERE, name="blue", now=now
    )


def asked(holder) -> dict:
    return passkeys.asked_to_answer(place=HERE, held=keys_of(holder.user_id))


def uses_key(holder, now, *, said: str, challenge: str, place: Place = HERE) -> bool:
    return actions.use_key(user_id=holder.user_id, said=said, challenge=challenge, place=place, now=now)


def test_an_app_counts_from_its_first_right_code_on(holder, now):
    secret = actions.begin_app(holder, now=now)
    assert not factors_of(holder.user_id).exists()
    with pytest.raises(FactorError):
        actions.confirm_app(holder, code="000000", name="", now=now)
    actions.confirm_app(holder, code=code(secret, now), name="phone", now=now)
    assert factors_of(holder.user_id).get().name == "phone"
    entry = Entry.objects.latest("id")
    assert (entry.kind, entry.organisation, entry.actor) == ("factor_added", "north-group", "user:quality_officer")


def test_a_code_is_good_once_and_so_is_the_one_it_was_confirmed_with(holder, now):
    secret = added_app(holder, now)
    assert actions.use_code(user_id=holder.user_id, typed=code(secret, now), now=now) == ""
    later = now + timedelta(minutes=1)
    assert actions.use_code(user_id=holder.user_id, typed=code(secret, later), now=later) == "app"
    assert actions.use_code(user_id=holder.user_id, typed=code(secret, later), now=later) == ""
    assert actions.use_code(user_id=holder.user_id, typed=code(secret, now), now=later) == ""


def test_the_database_alone_makes_no_code_and_a_swapped_secret_opens_for_nobody(holder, now):
    secret = added_app(holder, now)
    row = Factor.objects.get()
    assert secret not in bytes(row.material)
    other = make_user(role="radiologist")
    Factor.objects.filter(pk=row.pk).update(user=other)
    later = now + timedelta(minutes=1)
    with pytest.raises(FactorError):
        actions.use_code(user_id=other.pk, typed=code(secret, later), now=later)


def test_a_recovery_code_is_kept_as_a_hash_and_good_once(holder, now):
    made = actions.make_codes(holder, now=now)
    assert len(made) == 10
    assert not RecoveryCode.objects.filter(digest__in=made).exists()
    assert actions.use_code(user_id=holder.user_id, typed=made[0].lower().replace("-", " "), now=now)
    assert not actions.use_code(user_id=holder.user_id, typed=made[0], now=now)
    assert codes_left(holder.user_id) == 9


def test_new_codes_end_the_old_ones(holder, now):
    old = actions.make_codes(holder, now=now)
    actions.make_codes(holder, now=now)
    assert not actions.use_code(user_id=holder.user_id, typed=old[0], now=now)


def test_a_key_that_was_made_here_answers_here(holder, now):
    key = SoftKey()
    added_key(holder, now, key)
    options = asked(holder)
    assert uses_key(holder, now, said=key.answer(options), challenge=options["challenge"])
    assert Factor.objects.get().counter == 1


@pytest.mark.parametrize(
    "wrong", ["challenge", "origin", "host", "another key", "replayed", "copy", "nonsense", "nested"]
)
def test_an_answer_that_is_not_this_keys_to_this_question_is_none(holder, now, wrong):
    key = SoftKey()
    added_key(holder, now, key)
    options = asked(holder)
    challenge = options["challenge"]
    if wrong == "challenge":
        challenge = asked(holder)["challenge"]
    if wrong == "origin":
        key.origin = "https://radvigi1.example"
    if wrong == "host":
        key.host = "radvigi1.example"
    if wrong == "another key":
        key.private = SoftKey().private
    said = key.answer(options)
    if wrong in ("replayed", "copy"):
        assert uses_key(holder, now, said=said, challenge=challenge)
        if wrong == "copy":  # another device with the same private key counts from where the copy was made
            key.count, options = 0, asked(holder)
            challenge, said = options["challenge"], key.answer(options)
    if wrong == "nonsense":
        said = '{"response": {}, "rawId": "%%%"}'
    if wrong == "nested":
        said = "[" * 15_000
    assert not uses_key(holder, now, said=said, challenge=challenge)


def test_a_key_of_somebody_else_answers_for_nobody_else(holder, now):
    key = SoftKey()
    added_key(holder, now, key)
    other = make_user(role="radiologist")
    options = asked(holder)
    said = key.answer(options)
    assert not actions.use_key(user_id=other.pk, said=said, challenge=options["challenge"], place=HERE, now=now)


def test_a_key_is_added_once(holder, now):
    key = SoftKey()
    added_key(holder, now, key)
    with pytest.raises(FactorError, match="in use already"):
        added_key(holder, now, key)


def test_with_the_last_factor_go_the_codes(holder, now):
    added_app(holder, now)
    actions.make_codes(holder, now=now)
    actions.remove(holder, factor_id=Factor.objects.get().pk, now=now)
    assert codes_left(holder.user_id) == 0
    assert Entry.objects.latest("id").kind == "factor_removed"


def test_a_reset_needs_a_reason_and_takes_everything(holder, now):
    added_app(holder, now)
    added_key(holder, now, SoftKey())
    actions.make_codes(holder, now=now)
    with pytest.raises(FactorError, match="Say why"):
        actions.reset(holder, reason=" ", by="user:admin", now=now)
    assert actions.reset(holder, reason="telephone lost, seen in person", by="user:admin", now=now) == 2
    assert not Factor.objects.exists()
    assert codes_left(holder.user_id) == 0
    assert b"telephone lost" in bytes(Entry.objects.latest("id").body)


@pytest.mark.parametrize(
    ("host", "origin", "takes"),
    [
        ("radvigil.example", "https://radvigil.example", True),
        ("localhost", "http://localhost:8000", True),
        ("radvigil.example", "http://radvigil.example", False),
        ("127.0.0.1", "http://127.0.0.1:8000", False),
        ("[::1]", "https://[::1]", False),
    ],
)
def test_keys_are_offered_where_browsers_take_them(host, origin, takes):
    assert Place(host=host, origin=origin).takes_keys is takes
