from datetime import timedelta

import pytest

from audit.access.actions import create_token, revoke_token
from audit.access.models import Token
from audit.access.queries import token_for
from audit.access.rotating import rotate_token
from audit.errors import AccessError
from audit.log.models import Act, Entry

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def make(now, **given):
    return create_token(site="north", organisation="north-group", by="test", now=now, **given)


def rotate(token, now, overlap=WEEK):
    return rotate_token(token=token, overlap=overlap, organisation="north-group", by="test", now=now)


def test_both_secrets_open_until_the_overlap_ends(now):
    token, old = make(now)
    made, new = rotate(token, now)

    assert token_for(old, now=now + WEEK - timedelta(seconds=1)).pk == token.pk
    assert token_for(old, now=now + WEEK) is None
    assert token_for(new, now=now + 10 * WEEK).pk == made.pk
    assert (made.site, made.expires_at) == ("north", None)


def test_without_an_overlap_the_old_secret_stops_at_once(now):
    token, old = make(now)
    rotate(token, now, overlap=timedelta())

    assert token_for(old, now=now) is None


def test_an_overlap_never_lengthens_a_token(now):
    token, _ = make(now, expires_at=now + timedelta(days=2))
    made, _ = rotate(token, now + timedelta(days=1))

    assert Token.objects.get(pk=token.pk).expires_at == now + timedelta(days=2)
    assert made.expires_at == now + timedelta(days=3)


def test_a_token_is_replaced_once(now):
    token, _ = make(now)
    rotate(token, now)

    with pytest.raises(AccessError, match="replaced already"):
        rotate(token, now)
    assert Token.objects.count() == 2


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_a_token_that_is_over_is_not_replaced(now, ended):
    token, _ = make(now, expires_at=now + WEEK)
    if ended == "revoked":
        revoke_token(token=token, by="test", now=now)

    with pytest.raises(AccessError, match="not in force"):
        rotate(token, now if ended == "revoked" else now + WEEK)
    assert Token.objects.count() == 1


def test_the_log_says_which_token_replaced_which_and_never_a_secret(now):
    token, old = make(now)
    made, new = rotate(token, now)

    entry = Entry.objects.get(kind="token_rotated", organisation="north-group")
    details = Act.objects.get(entry=entry).details
    assert details == {"token": token.hint, "replaced_by": made.hint, "ends_at": (now + WEEK).isoformat()}
    assert old.encode() not in entry.body
    assert new.encode() not in entry.body
