import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.log.models import Entry
from inference.registry.models import Deployment, Organisation, Scanner, Version
from tests.factories import NETWORK, inference_row, make_network, make_user, send

pytestmark = pytest.mark.django_db

SECTIONS = (
    "product", "deployment", "version", "finding", "organisation", "site", "scanner", "sharing", "concept",
    "truth_rule",
)  # fmt: skip
ITEMS = (
    "product/cxr", "deployment/cxr-north", "version/cxr/1.0", "finding/cxr/nodule", "organisation/north-group",
    "site/north", "concept/nodule", "truth_rule/default",
)  # fmt: skip


def log_in(client, role="quality_officer", **binding):
    user = make_user(role=role, **binding)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def page(client, address: str) -> str:
    answer = client.get(f"/registry/{address}")
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def status(client, address: str) -> int:
    return client.get(f"/registry/{address}").status_code


@pytest.mark.parametrize("address", ["", "deployment/", "product/cxr/", "register/"])
def test_a_stranger_is_sent_to_log_in(client, address):
    make_network()
    assert client.get(f"/registry/{address}").url == f"/log-in/?next=/registry/{address}"


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_section_lists_what_is_registered(client, kind):
    make_network()
    send("inferences", inference_row())
    log_in(client, "regulator")
    text = page(client, f"{kind}/")
    assert "Nothing registered" not in text
    assert "<tbody><tr>" in text.replace("\n", "")


@pytest.mark.parametrize("address", ITEMS)
def test_every_line_has_a_page_with_its_history(client, address):
    make_network()
    log_in(client, organisation="north-group")
    text = page(client, f"{address}/")
    assert "History in the log" in text
    assert "No line in the log" not in text


def test_a_scanner_has_a_page(client):
    make_network()
    send("inferences", inference_row())
    log_in(client, organisation="north-group")
    key = Scanner.objects.get().pk
    assert key in page(client, "scanner/")
    assert "Ysio Max" in page(client, f"scanner/{key}/")


def test_a_hospital_sees_its_own_and_nothing_of_another(client):
    make_network()
    log_in(client, organisation="south-clinic")
    assert "cxr-south" in page(client, "deployment/")
    assert "cxr-north" not in page(client, "deployment/")
    assert "north-group" not in page(client, "organisation/")
    for hidden in ("deployment/cxr-north", "site/north", "organisation/north-group", "product/mammo"):
        assert status(client, f"{hidden}/") == 404


def test_what_does_not_exist_answers_like_what_is_not_yours(client):
    make_network()
    log_in(client, organisation="south-clinic")
    assert status(client, "deployment/nowhere/") == status(client, "deployment/cxr-north/") == 404
    assert status(client, "nonsense/") == status(client, "sharing/x/") == 404


def test_a_manufacturer_sees_its_products_and_the_sites_that_share(client):
    make_network()
    send("inferences", inference_row())
    log_in(client, organisation="cxr-maker", level="aggregate")
    assert "mammo" in page(client, "")
    deployments = page(client, "deployment/")
    assert "cxr-north" in deployments
    assert "cxr-east" not in deployments
    assert "Ysio" not in page(client, "scanner/")
    assert "patient ids" not in page(client, "site/north/")


def test_the_product_page_of_the_registry_says_what_was_registered(client):
    make_network()
    log_in(client, organisation="north-group")
    text = page(client, "product/cxr/")
    for said in ("CXR Maker", "a" * 64, "sensitivity", "view_position, smoker", "Pulmonary nodule"):
        assert said in text


def test_the_deployment_page_dates_each_configuration_with_who_and_why(client):
    later = '{key: cxr-north, product: cxr, site: north, version: "2.0", role: triage, from: 2026-02-01, reason: "new"}'
    make_network(NETWORK.replace("sharing:\n", f"  - {later}\nsharing:\n"))
    log_in(client, organisation="north-group")
    text = page(client, "deployment/cxr-north/")
    for said in ("2026-02-01 00:00 CET", "2026-01-01 00:00 CET", "new", "test"):
        assert said in text


def upload(client, text: str):
    file = SimpleUploadedFile("registry.yaml", text.encode())
    return client.post("/registry/register/", {"file": file})


def test_an_administrator_registers_a_file_and_sees_what_became_of_each_line(client):
    log_in(client, "administrator")
    answer = upload(client, NETWORK)
    assert answer.status_code == 200
    assert Deployment.objects.count() == 5
    assert "created" in answer.content.decode()
    assert Entry.objects.filter(kind="registration", actor="user:administrator-all").exists()


def test_a_file_with_a_mistake_registers_nothing_and_names_line_and_field(client):
    log_in(client, "administrator")
    answer = upload(client, NETWORK.replace("kind: provider, name: South", "kind: hospital, name: South"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Nothing was registered. Line 4" in text
    assert "kind" in text
    assert not Organisation.objects.exists()


def test_a_file_that_is_not_text_is_refused(client):
    log_in(client, "administrator")
    answer = client.post("/registry/register/", {"file": SimpleUploadedFile("a.yaml", b"\xff\xfe")})
    assert answer.status_code == 422
    assert "UTF-8" in answer.content.decode()


def test_who_registers_nothing_finds_no_form(client):
    make_network()
    log_in(client)
    assert upload(client, NETWORK).status_code == 404
    assert "Register a file" not in page(client, "")


def test_an_administrator_of_one_organisation_does_not_register_others(client):
    make_network()
    log_in(client, "administrator", organisation="north-group")
    assert upload(client, NETWORK.replace("North Group", "Renamed")).status_code == 422
    assert Organisation.objects.get(pk="north-group").name == "North Group"


RENAMED = (
    ("north-group", "g2"), ("south-clinic", "g3"), ("cxr", "cyr"), ("mammo", "mummo"), ("echo", "ekko"),
    ("key: north,", "key: n2,"), ("site: north", "site: n2"), ("east", "e2"), ("key: south,", "key: s2,"),
    ("site: south", "site: s2"), ("{key: nodule, name", "{key: nodule2, name"),
)  # fmt: skip


NEW_VERSION = 'products: [{key: cxr, versions: [{version: "3.0", weights_sha256: "HASH"}]}]'.replace("HASH", "b" * 64)


def test_an_engineer_registers_a_version_of_a_product_of_their_organisation(client):
    make_network()
    log_in(client, "ml_engineer", organisation="cxr-maker")
    assert upload(client, NEW_VERSION).status_code == 200
    assert Version.objects.filter(product="cxr", version="3.0", weights_sha256="b" * 64).exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NETWORK, "your role registers versions; an administrator registers organisations"),
        (NEW_VERSION.replace("key: cxr", "key: other"), "no product"),
        (NEW_VERSION.replace("key: cxr", "key: cxr, name: Renamed"), "name: your role registers versions"),
    ],
)
def test_an_engineer_registers_nothing_else(client, text, said):
    make_network()
    log_in(client, "ml_engineer", organisation="cxr-maker")
    answer = upload(client, text)
    assert answer.status_code == 422
    assert said in html.unescape(answer.content.decode())


def test_an_engineer_of_a_hospital_registers_no_version_of_a_manufacturer(client):
    make_network()
    log_in(client, "ml_engineer", organisation="north-group")
    assert upload(client, NEW_VERSION).status_code == 422
    assert not Version.objects.filter(version="3.0").exists()


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_section_costs_the_same_for_many_lines(client, kind, django_assert_max_num_queries):
    make_network()
    send("inferences", inference_row())
    log_in(client, "regulator")
    with django_assert_max_num_queries(12) as few:
        page(client, f"{kind}/")
    more = NETWORK
    for old, new in RENAMED:
        more = more.replace(old, new)
    make_network(more)
    with django_assert_max_num_queries(len(few)):
        page(client, f"{kind}/")


def test_a_manufacturer_reads_neither_a_sites_rules_nor_who_acts_there(client):
    make_network()
    log_in(client, organisation="cxr-maker")
    assert "PHANTOM" not in page(client, "site/north/")
    assert '<td class="wrap-anywhere">test</td>' not in page(client, "deployment/cxr-north/")

    client.logout()
    log_in(client, organisation="north-group")
    assert "PHANTOM" in page(client, "site/north/")
    assert '<td class="wrap-anywhere">test</td>' in page(client, "deployment/cxr-north/")
