"""The signing page: what is shown is what is signed, the name is asked once a session, strangers see nothing."""

import pytest
from django.test import Client

from audit.signatures.models import Signature
from tests.factories import make_network, make_user
from tests.monitoring.signals.test_views import make_signal

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
PASSWORD = "correct horse battery"


@pytest.fixture
def address():
    make_network()
    return f"/sign/signal/{make_signal().uid}/"


def client_of(**grant):
    user = make_user(**grant)
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client, user


def test_an_officer_signs_with_name_and_password_and_then_with_the_password(address):
    client, user = client_of(role="quality_officer", organisation="north-group")
    page = client.get(address)
    digest = page.context["record"].digest
    assert digest in page.content.decode() and "username" in page.context["form"].fields

    answer = client.post(
        address, {"shown_sha256": digest, "meaning": "review", "username": user.username, "password": PASSWORD}
    )
    assert answer.status_code == 302 and Signature.objects.get().content_sha256 == digest
    assert "username" not in client.get(address).context["form"].fields
    again = client.post(address, {"shown_sha256": digest, "meaning": "approval", "password": PASSWORD})
    assert again.status_code == 302 and Signature.objects.count() == 2


def test_a_refusal_is_said_on_the_page_and_signs_nothing(address):
    client, user = client_of(role="quality_officer", organisation="north-group")
    values = {"shown_sha256": "0" * 64, "meaning": "review", "username": user.username, "password": PASSWORD}
    answer = client.post(address, values)

    assert answer.status_code == 422 and "changed since it was shown" in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_regulator_reads_the_record_and_has_nothing_to_sign_with(address):
    client, _ = client_of(role="regulator")
    page = client.get(address)

    assert page.status_code == 200 and not page.context["may_sign"]


def test_strangers_log_in_and_other_kinds_and_organisations_are_not_found(address):
    assert Client().get(address).status_code == 302
    client, _ = client_of(role="quality_officer", organisation="south-clinic")
    assert client.get(address).status_code == 404
    assert client.get("/sign/nothing/1/").status_code == 404
