from datetime import timedelta

import pytest

from audit.access.actions import (
    GrantValues,
    add_grant,
    change_password,
    create_token,
    create_user,
    deactivate,
    end_grant,
    revoke_token,
)
from audit.access.models import Token, User
from audit.access.queries import token_for, users_within
from audit.access.scopes import Bound, Scope
from audit.errors import AccessError, EndedError, LastAdministratorError, UnknownGrantError, UserExistsError
from audit.log.models import Entry
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db


def kinds(organisation: str = "north-group") -> list[str]:
    return list(Entry.objects.filter(organisation=organisation).order_by("id").values_list("kind", flat=True))


def test_a_new_user_can_log_in_with_the_password_that_is_shown_once(now):
    user, password = create_user(username="q", printed_name="Q", role="quality_officer", by="test", now=now)
    assert user.check_password(password)
    assert password not in User.objects.get().password


def test_making_a_user_is_an_act_in_the_log_of_the_organisation(now):
    make_user(organisation="north-group")
    assert kinds() == ["user_created", "grant_added"]


def test_a_name_is_given_once_and_the_second_try_leaves_nothing_behind(now):
    make_user(username="same")
    before = Entry.objects.count()
    with pytest.raises(UserExistsError, match="same"):
        make_user(username="same")
    assert Entry.objects.count() == before


def test_an_unknown_role_is_refused_by_name(now):
    with pytest.raises(UnknownGrantError, match="quality_officer"):
        make_user("wizard")


def test_an_ended_grant_stays_on_record_and_ends_once(now):
    user = make_user(organisation="north-group")
    grant = user.grants.get()
    end_grant(grant=grant, by="test", now=now)
    assert user.grants.get().ended_at == now
    with pytest.raises(EndedError):
        end_grant(grant=grant, by="test", now=now)
    assert kinds()[-1] == "grant_ended"


def test_the_last_administrator_of_everything_stays(now):
    admin = make_user("administrator")
    with pytest.raises(LastAdministratorError):
        end_grant(grant=admin.grants.get(), by="test", now=now)
    with pytest.raises(LastAdministratorError):
        deactivate(user=admin, by="test", now=now)


def test_an_administrator_whose_role_is_over_is_none_to_leave_it_to(now):
    admin = make_user("administrator")
    make_user("administrator", username="over", expires_at=now + timedelta(hours=1))
    with pytest.raises(LastAdministratorError):
        end_grant(grant=admin.grants.get(), by="test", now=now + timedelta(hours=1))


def test_one_of_two_administrators_may_go(now):
    first, second = make_user("administrator", username="a"), make_user("administrator", username="b")
    deactivate(user=first, by=second, now=now)
    assert not User.objects.get(username="a").is_active


def test_nobody_closes_their_own_log_in(now):
    admin = make_user("administrator")
    with pytest.raises(AccessError, match="another administrator"):
        deactivate(user=admin, by=admin, now=now)


def test_a_changed_password_is_in_the_log_without_its_text(now):
    user = make_user(organisation="north-group")
    change_password(user=user, password="entirely different", by=user, now=now)
    entry = Entry.objects.get(kind="password_changed")
    assert b"entirely" not in bytes(entry.body)
    assert User.objects.get().check_password("entirely different")


def test_a_token_is_found_by_its_secret_which_is_stored_nowhere(now):
    token, secret = create_token(deployment="cxr-north", organisation="north-group", by="test", now=now)
    assert token_for(secret, now=now) == token
    assert not Token.objects.filter(digest__contains=secret).exists()
    assert secret.encode() not in b"".join(bytes(entry.body) for entry in Entry.objects.all())


@pytest.mark.parametrize("holders", [{}, {"deployment": "a", "site": "b"}])
def test_a_token_has_exactly_one_holder(holders, now):
    with pytest.raises(AccessError, match="exactly one"):
        create_token(**holders, by="test", now=now)


def test_a_revoked_token_opens_nothing(now):
    token, secret = create_token(site="north", by="test", now=now)
    revoke_token(token=token, by="test", now=now)
    assert token_for(secret, now=now) is None


def test_a_token_opens_until_it_expires(now):
    _, secret = create_token(site="north", by="test", now=now, expires_at=now + timedelta(hours=1))
    assert token_for(secret, now=now + timedelta(minutes=59)) is not None
    assert token_for(secret, now=now + timedelta(hours=1)) is None


def test_the_token_of_a_closed_log_in_opens_nothing(now):
    user = make_user("regulator")
    _, secret = create_token(user=user, by="test", now=now)
    deactivate(user=user, by="test", now=now)
    assert token_for(secret, now=now) is None


def test_a_wrong_secret_is_no_token(now):
    assert token_for("rvg_nothing", now=now) is None
    assert token_for("", now=now) is None


def test_use_is_noted_once_a_minute(now):
    token, secret = create_token(site="north", by="test", now=now)
    for seconds in (0, 30, 61):
        token_for(secret, now=now + timedelta(seconds=seconds))
    token.refresh_from_db()
    assert token.last_used_at == now + timedelta(seconds=61)


def test_using_a_token_again_within_the_minute_writes_nothing(now, django_assert_num_queries):
    _, secret = create_token(site="north", by="test", now=now)
    token_for(secret, now=now)
    with django_assert_num_queries(1):
        token_for(secret, now=now)


def test_an_administrator_of_one_organisation_looks_after_its_users_alone(now):
    make_user(username="ours", organisation="north-group")
    make_user(username="theirs", organisation="south-clinic")
    make_user("administrator", username="everything")
    mine = users_within(Scope(bounds=(Bound(organisation="north-group"),)))
    assert [user.username for user in mine] == ["ours"]


def test_a_grant_of_one_site_does_not_hand_its_holder_to_the_administrator_of_another(now):
    make_user(username="north", organisation="north-group", site="north")
    mine = users_within(Scope(bounds=(Bound(organisation="north-group", site="east"),)))
    assert not mine.exists()


def test_a_second_grant_widens_what_a_user_may_do(now):
    user = make_user("radiologist", organisation="north-group")
    add_grant(user=user, values=GrantValues(role="arbiter", organisation="north-group"), by="test", now=now)
    assert {grant.role for grant in User.objects.get().live_grants} == {"radiologist", "arbiter"}
