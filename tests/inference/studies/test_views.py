"""Images and identifiers are shown to whom they may be shown, and every opening stands in the log."""

from uuid import uuid4

import pytest
from django.urls import reverse

from audit.log.models import Act, Entry
from inference.registry.models import Site
from inference.studies.models import VaultValue
from inference.studies.pixels import store_dicom
from tests.factories import inference_row, make_network, make_user, send
from tests.inference.dicom.objects import radiograph

pytestmark = pytest.mark.django_db
REASON = "Recall after a corrected truth"


@pytest.fixture
def image(settings, tmp_path, now):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    send("inferences", inference_row(1))
    return store_dicom(radiograph(1), site=Site.objects.get(pk="north"), now=now)


def image_url(image) -> str:
    return reverse("studies:image", args=[image.instance])


def identities_url(image) -> str:
    return reverse("studies:identifiers", args=[image.study_id])


def log_in(client, **grant):
    user = make_user(**grant)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def test_a_reader_of_the_site_sees_the_image(client, image):
    log_in(client, role="radiologist", site="north")

    answer = client.get(image_url(image))

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"] == "private, no-cache"


def test_an_image_seen_before_is_not_sent_again(client, image):
    log_in(client, role="radiologist", site="north")
    tag = client.get(image_url(image))["ETag"]

    assert client.get(image_url(image), headers={"if-none-match": tag}).status_code == 304


def test_a_stranger_is_sent_to_log_in(client, image):
    assert client.get(image_url(image)).status_code == 302


@pytest.mark.parametrize(
    "grant",
    [
        {"role": "radiologist", "site": "east"},
        {"role": "radiologist", "organisation": "south-clinic"},
        {"role": "quality_officer", "organisation": "cxr-maker"},
        {"role": "quality_officer", "organisation": "north-group", "level": "rows"},
        {"role": "administrator"},
    ],
)
def test_who_may_not_see_the_image_is_told_it_does_not_exist(client, image, grant):
    log_in(client, **grant)

    assert client.get(image_url(image)).status_code == 404


def test_an_unknown_image_does_not_exist(client, image):
    log_in(client, role="radiologist")

    assert client.get(reverse("studies:image", args=[uuid4()])).status_code == 404
    assert client.get(image_url(image) + "?frame=2").status_code == 404
    assert client.get(image_url(image) + "?width=many").status_code == 404


def test_opening_an_image_twice_in_an_hour_is_one_act(client, image):
    user = log_in(client, role="radiologist", site="north")
    client.get(image_url(image))
    client.get(image_url(image) + "?width=16")

    entry = Entry.objects.get(kind="image.opened")
    assert entry.actor == user.actor
    assert Act.objects.get(entry=entry).subject == f"study/{image.study_id}"


def test_a_resolver_opens_one_identifier_with_a_reason(client, image):
    log_in(client, role="resolver", organisation="north-group")
    value = VaultValue.objects.get(name="accession")

    answer = client.post(identities_url(image), {"identifier": value.pk, "reason": REASON})

    assert "A1</strong>" in answer.content.decode()
    act = Act.objects.get(entry__kind="identifier.opened")
    assert act.details == {"identifier": "accession", "reason": REASON}
    assert "no-store" in answer["Cache-Control"]


def test_nothing_is_opened_without_a_reason(client, image):
    log_in(client, role="resolver", organisation="north-group")
    value = VaultValue.objects.get(name="accession")

    answer = client.post(identities_url(image), {"identifier": value.pk, "reason": "hm"})

    assert answer.status_code == 422
    assert not Entry.objects.filter(kind="identifier.opened").exists()


def test_the_value_of_another_study_cannot_be_opened_from_here(client, image):
    log_in(client, role="resolver", organisation="north-group")
    send("inferences", inference_row(2))
    other = VaultValue.objects.filter(name="accession").exclude(subject=str(image.study_id)).get()

    assert client.post(identities_url(image), {"identifier": other.pk, "reason": REASON}).status_code == 422


def test_the_page_before_opening_holds_no_identifier(client, image):
    log_in(client, role="resolver", organisation="north-group")

    assert "1.2.826.0.1.1" not in client.get(identities_url(image)).content.decode()


def test_the_study_is_found_by_its_id(client, image):
    log_in(client, role="resolver", organisation="north-group")

    answer = client.get(reverse("studies:resolve"), {"study": str(image.study_id)})

    assert answer["Location"] == identities_url(image)


@pytest.mark.parametrize(
    "grant",
    [{"role": "resolver", "organisation": "south-clinic"}, {"role": "quality_officer"}, {"role": "radiologist"}],
)
def test_only_the_sites_resolver_finds_identifiers(client, image, grant):
    log_in(client, **grant)

    assert client.get(identities_url(image)).status_code == 404


def test_a_stranger_to_the_resolver_page_is_sent_to_log_in(client, image):
    assert client.get(identities_url(image)).status_code == 302
    assert client.get(reverse("studies:resolve")).status_code == 302
