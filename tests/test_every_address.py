"""Every address of the installation, asked by everybody who must not have it.

`ADDRESSES` is the whole list; an address that is not in it fails the first test. Each is asked for a real object
of the north group, so that a 404 is a refusal and not an empty database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.access.actions import create_token
from audit.access.models import Emergency, Grant, Token, User
from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Entry
from audit.log.sequencing import sequence
from inference.connectors.models import Repair
from inference.imaging.models import ResultSource
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage, MappingRule
from inference.messages.receiving import receive_hl7
from inference.registry.models import Claim, Sharing, Site
from inference.rescoring.models import RescoreRun
from inference.retention.models import Erasure, Hold
from inference.studies.pixels import store_dicom
from monitoring.evidence.models import Package
from monitoring.evidence.queries import path_of
from monitoring.labelling.models import LabelPlan
from monitoring.portal.proving import proof_for
from tests.factories import inference_row, make_network, make_user, read_row, send, truth_row
from tests.inference.dicom.objects import radiograph
from tests.inference.messages.hl7_examples import oru
from tests.monitoring.signals.test_views import make_signal

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
METHODS = ("get", "post", "put", "patch", "delete")

PUBLIC = "public"  # anybody
TOKEN = "token"  # whoever sends a bearer token
PEER = "peer"  # another installation, which proves by signature who it is; anything else is 400
MEMBER = "member"  # anybody with a log-in: it shows nobody else's data
CLASS = "class"  # a page of one's own reach: what it lists is what its asker may see
OBJECT = "object"  # one thing of the north group


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address: who may have it, by which methods, and who opens it in the north group.

    `cases` says that it shows single patients, which no manufacturer with sums may see. `acts` says that its POST is
    one of the few of a regulator: it changes nothing but what they themselves see or take away.
    """

    kind: str
    methods: str = "get"
    opened_by: str = "quality_officer"
    level: str = "images"
    cases: bool = False
    acts: bool = False
    query: str = ""
    arguments: tuple[str, ...] = ()


ADDRESSES: dict[str, Address] = {
    "dashboards:overview": Address(kind=CLASS),
    "dashboards:making": Address(kind=CLASS),
    "dashboards:product": Address(kind=OBJECT, arguments=("product",)),
    "dashboards:product_verification": Address(kind=OBJECT, arguments=("product",)),
    "dashboards:product_label_free": Address(kind=OBJECT, arguments=("product",)),
    "dashboards:product_beside": Address(kind=OBJECT, arguments=("product",)),
    "dashboards:product_csv": Address(kind=OBJECT, arguments=("product",)),
    "labelling:page": Address(kind=OBJECT, methods="get post", cases=True, arguments=("product",)),
    "labelling:plan": Address(kind=OBJECT, cases=True, arguments=("label_plan",)),
    "labelling:withdraw": Address(kind=OBJECT, methods="post", cases=True, arguments=("label_plan",)),
    "dashboards:cases": Address(kind=CLASS, cases=True),
    "access:log_in": Address(kind=PUBLIC, methods="get post"),
    "access:log_out": Address(kind=PUBLIC, methods="post", acts=True),
    "access:second_step": Address(kind=PUBLIC, methods="get post", acts=True),
    "access:new_password": Address(kind=PUBLIC, methods="get post", acts=True),
    "access:again": Address(kind=MEMBER, methods="get post", acts=True),
    "federation:start": Address(kind=PUBLIC),
    "federation:back": Address(kind=PUBLIC),
    "federation:left": Address(kind=PUBLIC),
    "federation:link": Address(kind=MEMBER, methods="post", acts=True),
    "federation:unlink": Address(kind=MEMBER, methods="post", acts=True),
    "scim:users": Address(kind=TOKEN, methods="get post"),
    "scim:user": Address(kind=TOKEN, methods="get put patch", arguments=("factor",)),
    "access:account": Address(kind=MEMBER, methods="get post", acts=True),
    "access:email": Address(kind=MEMBER, methods="post", acts=True),
    "access:read_notices": Address(kind=MEMBER, methods="post", acts=True),
    "access:end_session": Address(kind=MEMBER, methods="post", acts=True),
    "access:add_factor": Address(kind=MEMBER),
    "access:add_app": Address(kind=MEMBER, methods="get post", acts=True),
    "access:add_key": Address(kind=MEMBER, methods="get post", acts=True),
    "access:codes": Address(kind=MEMBER, methods="post", acts=True),
    "access:rename_factor": Address(kind=MEMBER, methods="post", acts=True, arguments=("factor",)),
    "access:remove_factor": Address(kind=MEMBER, methods="post", acts=True, arguments=("factor",)),
    "log:sign": Address(kind=OBJECT, methods="get post", acts=True, arguments=("signable", "signal")),
    "log:witness": Address(kind=PEER, methods="post", acts=True),
    "log:index": Address(kind=CLASS),
    "log:log": Address(kind=OBJECT, arguments=("organisation",)),
    "log:verify": Address(kind=OBJECT, methods="post", acts=True, arguments=("organisation",)),
    "log:verification": Address(kind=OBJECT, arguments=("organisation",)),
    "log:entry": Address(kind=OBJECT, cases=True, arguments=("organisation", "position")),
    "log:checkpoint": Address(kind=PUBLIC, methods="get head", arguments=("organisation",)),
    "log:tile": Address(kind=PUBLIC, methods="get head", arguments=("organisation", "tile")),
    "evidence:index": Address(kind=CLASS),
    "evidence:create": Address(kind=CLASS, methods="post", acts=True),
    "evidence:row": Address(kind=OBJECT, cases=True, arguments=("package",)),
    "evidence:download": Address(kind=OBJECT, cases=True, arguments=("package",)),
    "evidence:again": Address(kind=OBJECT, cases=True, methods="post", acts=True, arguments=("package",)),
    "evidence:cancel": Address(kind=OBJECT, cases=True, methods="post", acts=True, arguments=("package",)),
    "portal:index": Address(kind=CLASS, opened_by="regulator"),
    "portal:product": Address(kind=OBJECT, opened_by="regulator", arguments=("product",)),
    "portal:report": Address(kind=OBJECT, opened_by="regulator", arguments=("product",)),
    "portal:entry": Address(kind=OBJECT, opened_by="regulator", arguments=("entry_token",)),
    "portal:verify": Address(kind=PUBLIC),
    "portal:comments": Address(kind=CLASS),
    "portal:comment": Address(kind=CLASS, methods="post", opened_by="regulator", acts=True),
    "portal:answer": Address(kind=OBJECT, methods="post", arguments=("comment",)),
    "portal:amend": Address(
        kind=OBJECT, methods="post", opened_by="regulator", acts=True, arguments=("regulators_comment",)
    ),
    "portal:bell": Address(kind=CLASS),
    "registry:index": Address(kind=CLASS),
    "registry:register": Address(kind=CLASS, methods="get post", opened_by="administrator"),
    "registry:section": Address(kind=CLASS, arguments=("section",)),
    "registry:item": Address(kind=OBJECT, arguments=("type", "deployment")),
    "refused:page": Address(kind=CLASS, opened_by="administrator"),
    "sharing:page": Address(kind=CLASS),
    "sharing:agreement": Address(kind=OBJECT, arguments=("sharing",)),
    "break_glass:page": Address(kind=CLASS, methods="get post", opened_by="radiologist"),
    "break_glass:end": Address(kind=CLASS, methods="post", opened_by="radiologist"),
    "break_glass:reviews": Address(kind=CLASS),
    "break_glass:review": Address(kind=OBJECT, methods="get post", arguments=("emergency",)),
    "break_glass:bell": Address(kind=CLASS),
    "registry:users": Address(kind=CLASS, opened_by="administrator"),
    "registry:new_user": Address(kind=CLASS, methods="get post", opened_by="administrator"),
    "registry:user": Address(kind=OBJECT, opened_by="administrator", arguments=("username",)),
    "registry:grant": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("username",)),
    "registry:end_grant": Address(
        kind=OBJECT, methods="post", opened_by="administrator", arguments=("username", "grant")
    ),
    "registry:extend_grant": Address(
        kind=OBJECT, methods="post", opened_by="administrator", arguments=("username", "grant")
    ),
    "registry:close_user": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("username",)),
    "registry:open_user": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("username",)),
    "registry:access_rules": Address(
        kind=OBJECT, methods="get post", opened_by="administrator", arguments=("organisation",)
    ),
    "registry:reset_password": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("username",)),
    "registry:reset_factors": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("username",)),
    "registry:lift_lock": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("username",)),
    "registry:tokens": Address(kind=CLASS, methods="get post", opened_by="administrator"),
    "registry:revoke_token": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("token",)),
    "registry:rotate_token": Address(kind=OBJECT, methods="post", opened_by="administrator", arguments=("token",)),
    "connectors:intake": Address(kind=CLASS, opened_by="integrator"),
    "connectors:quarantine": Address(kind=CLASS, opened_by="integrator", cases=True),
    "connectors:set_aside": Address(kind=OBJECT, opened_by="integrator", cases=True, arguments=("row",)),
    "connectors:replay": Address(kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("row",)),
    "connectors:discard": Address(kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("row",)),
    "connectors:group": Address(kind=CLASS, opened_by="integrator", cases=True),
    "connectors:repair_group": Address(kind=CLASS, methods="post", opened_by="integrator", cases=True),
    "connectors:discard_group": Address(kind=CLASS, methods="post", opened_by="integrator", cases=True),
    "connectors:repair": Address(kind=OBJECT, opened_by="integrator", cases=True, arguments=("repair",)),
    "connectors:repair_progress": Address(kind=OBJECT, opened_by="integrator", cases=True, arguments=("repair",)),
    "connectors:bell": Address(kind=CLASS, opened_by="integrator", cases=True),
    "connectors:documentation": Address(kind=MEMBER),
    "connectors:openapi": Address(kind=PUBLIC),
    "connectors:receive": Address(kind=TOKEN, methods="post", arguments=("plural",)),
    "imaging:sources": Address(kind=CLASS, methods="get post", opened_by="integrator", cases=True),
    "imaging:end": Address(kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("source",)),
    "connectors:losses": Address(kind=TOKEN, methods="post"),
    "messages:fhir": Address(kind=TOKEN, methods="post"),
    "messages:queue": Address(kind=CLASS, opened_by="integrator", cases=True),
    "messages:message": Address(kind=OBJECT, opened_by="integrator", cases=True, arguments=("message",)),
    "messages:dismiss": Address(
        kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("message",)
    ),
    "messages:rules": Address(kind=CLASS, methods="get post", opened_by="integrator", cases=True),
    "messages:rule": Address(kind=OBJECT, opened_by="integrator", cases=True, arguments=("rule",)),
    "messages:switch_model": Address(
        kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("site_key",)
    ),
    "messages:switch_on": Address(kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("rule",)),
    "messages:retire": Address(kind=OBJECT, methods="post", opened_by="integrator", cases=True, arguments=("rule",)),
    "studies:image": Address(kind=OBJECT, opened_by="radiologist", cases=True, arguments=("image",)),
    "corrections:matching": Address(kind=CLASS, opened_by="integrator", cases=True),
    "retention:page": Address(kind=CLASS, opened_by="resolver", cases=True),
    "retention:ask": Address(kind=CLASS, methods="post", opened_by="resolver", cases=True),
    "retention:hold": Address(kind=CLASS, methods="post", opened_by="resolver", cases=True),
    "retention:withdraw": Address(
        kind=OBJECT, methods="post", opened_by="resolver", cases=True, arguments=("erasure",)
    ),
    "retention:lift": Address(kind=OBJECT, methods="post", opened_by="resolver", cases=True, arguments=("hold",)),
    "studies:resolve": Address(kind=CLASS, opened_by="resolver", cases=True),
    "studies:identifiers": Address(
        kind=OBJECT, methods="get post", opened_by="resolver", cases=True, arguments=("study",)
    ),
    "reads:worklist": Address(kind=CLASS, opened_by="radiologist", cases=True),
    "reads:case": Address(kind=OBJECT, methods="get post", opened_by="radiologist", cases=True, arguments=("study",)),
    "truth:queue": Address(kind=CLASS, opened_by="radiologist", cases=True),
    "truth:settle": Address(kind=OBJECT, methods="get post", opened_by="radiologist", cases=True, arguments=("study",)),
    "rescoring:list": Address(kind=CLASS, methods="get post"),
    "rescoring:run": Address(kind=OBJECT, arguments=("run",)),
    "rescoring:progress": Address(kind=OBJECT, arguments=("run",)),
    "cases:orders": Address(kind=CLASS, opened_by="integrator", cases=True),
    "cases:counting": Address(kind=OBJECT, cases=True, arguments=("study",)),
    "subgroups:page": Address(kind=OBJECT, arguments=("product",)),
    "subgroups:download": Address(kind=OBJECT, arguments=("product",)),
    "claims:product": Address(kind=OBJECT, arguments=("product",)),
    "claims:claim": Address(kind=OBJECT, arguments=("product", "claim")),
    "claims:days": Address(kind=OBJECT, arguments=("product", "claim")),
    "claims:switch_on": Address(kind=OBJECT, methods="post", arguments=("product", "claim")),
    "claims:switch_off": Address(kind=OBJECT, methods="post", arguments=("product", "claim")),
    "signals:list": Address(kind=CLASS),
    "signals:signal": Address(kind=OBJECT, arguments=("signal",)),
    "signals:acknowledge": Address(kind=OBJECT, methods="post", arguments=("signal",)),
    "signals:close": Address(kind=OBJECT, methods="post", arguments=("signal",)),
    "feeds:page": Address(kind=CLASS),
    "feeds:hours": Address(kind=OBJECT, arguments=("deployment",)),
    "feeds:completeness": Address(kind=CLASS, cases=True),
    "feeds:completeness_csv": Address(kind=CLASS, cases=True),
    "feeds:flagged": Address(kind=CLASS, cases=True),
    "feeds:flagged_csv": Address(kind=CLASS, cases=True),
    "drift:report": Address(kind=CLASS),
    "drift:download": Address(kind=OBJECT, cases=True, query="?deployment=cxr-north"),
    "disagreement:page": Address(kind=CLASS),
    "disagreement:download": Address(kind=CLASS),
}
PAGES = [name for name, each in ADDRESSES.items() if each.kind in (CLASS, OBJECT, MEMBER)]
OBJECTS = [name for name, each in ADDRESSES.items() if each.kind == OBJECT]
POSTS = [name for name, each in ADDRESSES.items() if "post" in each.methods]
# Filters that name a thing of the north group, on pages whose list is what its asker may see.
ANOTHERS = [
    ("dashboards:overview", "quality_officer", {"site": "north", "product": "mammo"}),
    ("dashboards:cases", "quality_officer", {"site": "north", "reader": "R1"}),
    ("dashboards:cases", "quality_officer", {"site": "north", "format": "csv"}),
    ("reads:worklist", "radiologist", {"site": "north", "queue": "waiting"}),
    ("truth:queue", "radiologist", {"site": "north"}),
    ("signals:list", "quality_officer", {"site": "north", "state": ""}),
    ("connectors:intake", "integrator", {"site": "north"}),
    ("connectors:quarantine", "integrator", {"site": "north"}),
    ("connectors:quarantine", "integrator", {"q": "North"}),
    ("connectors:group", "integrator", {"site": "north", "kind": "truth", "outcome": "quarantined"}),
    ("disagreement:page", "quality_officer", {"site": "north"}),
    ("disagreement:download", "quality_officer", {"site": "north"}),
    ("evidence:index", "quality_officer", {"site": "north", "product": "cxr"}),
    ("rescoring:list", "quality_officer", {}),
    ("feeds:page", "quality_officer", {}),
    ("feeds:flagged", "quality_officer", {"site": "north", "deployment": "cxr-north"}),
    ("log:index", "quality_officer", {}),
    ("registry:index", "quality_officer", {}),
    ("portal:index", "regulator", {}),
    ("portal:comments", "quality_officer", {}),
    ("registry:users", "administrator", {}),
    ("registry:tokens", "administrator", {}),
    ("registry:new_user", "administrator", {}),
]  # fmt: skip
ROLES = (
    "quality_officer", "radiologist", "arbiter", "ml_engineer", "integrator", "regulator", "administrator", "resolver",
)  # fmt: skip


def every_pattern(patterns: Any, *, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the full name of each address that the installation serves."""
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = (*spaces, each.namespace) if each.namespace else spaces
            yield from every_pattern(each.url_patterns, spaces=inner)
        elif isinstance(each, URLPattern):
            yield ":".join((*spaces, each.name or str(each.pattern)))


@pytest.fixture
def things(settings, tmp_path, now) -> dict[str, Any]:
    """The objects of the north group that the addresses name."""
    settings.RADVIGIL_PIXELS, settings.RADVIGIL_HOME = tmp_path / "pixels", tmp_path
    settings.RADVIGIL_OIDC_ISSUER = "http://127.0.0.1:9"
    settings.RADVIGIL_LANGUAGE_MODEL_URL, settings.RADVIGIL_LANGUAGE_MODEL = "http://127.0.0.1:9/v1", "model"
    make_network()
    send("inferences", inference_row(1))
    send("reads", read_row(1))
    send("truth", truth_row(1), {**truth_row(1), "standard": "hearsay"})
    receive_hl7(oru(), site=Site.objects.get(pk="north"), origin="hl7", now=now)
    image = store_dicom(radiograph(1), site=Site.objects.get(pk="north"), now=now)
    person = make_user(role="radiologist", organisation="north-group", username="northern-reader")
    token, _ = create_token(site="north", organisation="north-group", by=person, now=now)
    sequence(now=now)
    sign_checkpoints(now=now)
    return {
        "product": "mammo", "claim": make_claim().pk, "repair": make_repair(now=now).pk,
        "organisation": "north-group", "section": "site", "type": "deployment",
        "deployment": "cxr-north", "plural": "inferences", "tile": "0/000.p/1", "image": image.instance,
        "study": image.study_id, "username": person.username, "grant": person.grants.get().pk, "token": token.pk,
        "row": SetAside.objects.get().pk, "package": make_package(now=now).uid, "run": make_run(now=now).pk,
        "signal": make_signal().uid, "signable": "signal", "label_plan": make_label_plan(now=now).uid,
        "factor": 1,
        "message": InboundMessage.objects.get().pk, "rule": make_rule(now=now).pk, "site_key": "north",
        "erasure": make_erasure(image.study_id, now=now).uid,
        "hold": Hold.objects.create(
            organisation_id="north-group", person_id=uuid4(), study_id=image.study_id, reason="northern hold",
            set_at=now, set_by="user:n",
        ).pk,
        "entry_token": entry_token(), "comment": make_comment(now=now), "regulators_comment": make_comment(now=now),
        "emergency": make_emergency(now=now).pk,
        "sharing": Sharing.objects.filter(site="north").order_by("pk").first().pk,
        "source": ResultSource.objects.create(site_id="north", deployment_id="cxr-north", created_at=now).pk,
        "position": Entry.objects.filter(organisation="north-group", kind="inference").first().position,
    }  # fmt: skip


def make_emergency(*, now: Any) -> Emergency:
    """An emergency's access to the north group's hospital, taken by whoever opens pages as a radiologist there."""
    reader = make_user(role="radiologist", organisation="north-group", username="northern-emergency")
    grant = Grant.objects.create(
        user=reader, role="radiologist", organisation="north-group", site="north", created_at=now,
        expires_at=now + timedelta(hours=1), is_emergency=True,
    )  # fmt: skip
    return Emergency.objects.create(grant=grant, reason="northern emergency")


def make_package(*, now: Any) -> Package:
    package = Package.objects.create(
        uid="1" * 32, product_id="cxr", site_id="north", deployments=["cxr-north"], since=date(2026, 1, 1),
        until=date(2026, 4, 1), level="rows", requested_by="user:northern-officer", requested_at=now, state="ready",
        recipient="outside",
    )  # fmt: skip
    path_of(package).parent.mkdir(parents=True, exist_ok=True)
    path_of(package).write_bytes(b"PK")
    return package


def make_comment(*, now: Any) -> str:
    """A comment of the regulator who opens the portal's addresses."""
    uid = uuid4().hex
    said = {"saying": uid, "text": "northern words", "by": "Regulator", "from": "user:regulator-north-group"}
    about = {"about": "product", "product": "mammo", "item": "", "on": "Mammo Assist"}
    record_act(
        "comment.made", organisation="north-group", subject=f"comment/{uid}", actor=said["from"], at=now,
        details=said | about,
    )  # fmt: skip
    return uid


def entry_token() -> str:
    entry = Entry.objects.filter(organisation="north-group").first()
    found = proof_for(entry, product="mammo", site="north")
    assert found is not None
    return found.href.split("/")[-2]


def make_repair(*, now: Any) -> Repair:
    row = SetAside.objects.get()
    return Repair.objects.create(
        site_id="north", kind=row.kind, outcome=row.outcome, field=row.field, pattern=row.reason,
        words="northern words", sealed_change=b"", rows=1, last=row.pk, requested_at=now, requested_by="user:n",
    )  # fmt: skip


def make_erasure(study: Any, *, now: Any) -> Erasure:
    return Erasure.objects.create(
        organisation_id="north-group", study_id=study, basis="gdpr_17", reason="northern reason", requested_at=now,
        requested_by="user:n",
    )  # fmt: skip


def make_rule(*, now: Any) -> MappingRule:
    return MappingRule.objects.create(
        site_id="north", name="northern rule", finding="nodule", pattern="nodules?", created_at=now, created_by="user:n"
    )  # fmt: skip


def make_run(*, now: Any) -> RescoreRun:
    return RescoreRun.objects.create(
        deployment_id="cxr-north", plan="northern plan", sample=1, seed=1, tolerance=0.01, requested_at=now,
        requested_by="user:northern-officer",
    )  # fmt: skip


def make_claim() -> Claim:
    return Claim.objects.create(
        product_id="mammo", finding="malignancy", metric="sensitivity", value=0.9, margin=0.05, unit="region",
        truth_rule_id="default", source="IFU", verified=True,
    )  # fmt: skip


def make_label_plan(*, now: Any) -> LabelPlan:
    return LabelPlan.objects.create(
        uid="2" * 32, organisation="north-group", product_id="cxr", finding="nodule", rule="default",
        deployments=["cxr-north"], since=date(2026, 1, 1), until=date(2026, 4, 1), question="sensitivity", budget=10,
        floor=1, seed=1, design="test", labelled_count=0, digest="0" * 64, drawn_at=now,
        drawn_by="user:northern-officer",
    )  # fmt: skip


def address_of(name: str, things: dict[str, Any]) -> str:
    return reverse(name, args=[things[each] for each in ADDRESSES[name].arguments]) + ADDRESSES[name].query


def ask(client: Client, name: str, things: dict[str, Any], *, method: str = "") -> Any:
    return getattr(client, method or ADDRESSES[name].methods.split()[0])(address_of(name, things))


def logged_in(*, csrf: bool = False, **grant: str) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(make_user(**grant), backend=BACKEND)
    return client


def test_the_table_holds_every_address():
    served = list(every_pattern(get_resolver().url_patterns))
    assert sorted(served) == sorted(ADDRESSES)


@pytest.mark.parametrize("name", list(ADDRESSES))
def test_a_stranger_gets_a_page_only_where_it_is_public(client, things, name):
    for method in ADDRESSES[name].methods.split():
        answer = ask(client, name, things, method=method)
        if ADDRESSES[name].kind == TOKEN:
            assert answer.status_code == 401
        elif ADDRESSES[name].kind == PEER:
            assert answer.status_code == 400
        elif ADDRESSES[name].kind == PUBLIC:
            assert answer.status_code in (200, 302, 422)
        else:
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("access:log_in"))


def test_entries_are_no_public_part_of_the_log(client, things):
    assert client.get(reverse("log:tile", args=["north-group", "entries/000.p/1"])).status_code == 401


@pytest.mark.parametrize("name", [each for each in PAGES if each != "evidence:create"])
def test_who_may_open_an_address_can(things, name):
    """Without this a 404 for others would prove nothing."""
    wanted = ADDRESSES[name]
    client = logged_in(role=wanted.opened_by, organisation="north-group", level=wanted.level)
    answer = ask(client, name, things)
    assert answer.status_code in ((200, 302) if "get" in wanted.methods else (200, 302, 422))


@pytest.mark.parametrize("role", ROLES)
def test_nobody_of_another_hospital_reaches_a_thing_of_the_north_group(things, role):
    client = logged_in(role=role, organisation="south-clinic")
    found = {
        f"{method} {name}": ask(client, name, things, method=method).status_code
        for name in OBJECTS
        for method in ADDRESSES[name].methods.split()
    }
    assert {each: status for each, status in found.items() if status != 404} == {}


@pytest.mark.parametrize(("name", "role", "query"), ANOTHERS)
def test_a_filter_of_another_hospital_finds_nothing(things, name, role, query):
    client = logged_in(role=role, organisation="south-clinic")
    answer = client.get(reverse(name), query)
    assert answer.status_code in (200, 404, 422)
    body = b"".join(answer) if answer.streaming else answer.content
    if "format" in query:
        assert body.count(b"\n") == 1
    for word in (b"northern", b"Northern", b"cxr-north", b"North Hospital", str(things["study"]).encode()):
        assert word not in body, word
    assert not re.search(rb"\bA1\b", body), "the accession"


@pytest.mark.parametrize("role", ROLES)
def test_a_manufacturer_with_sums_sees_no_case(things, role):
    client = logged_in(role=role, organisation="cxr-maker")
    found = {}
    for name in (each for each, wanted in ADDRESSES.items() if wanted.cases):
        answer = ask(client, name, things)
        if answer.status_code in (200, 422) and ADDRESSES[name].kind == CLASS:
            body = b"".join(answer) if answer.streaming else answer.content
            assert str(things["study"]).encode() not in body
            assert b"North Hospital" not in body
        elif answer.status_code != 404:
            found[name] = answer.status_code
    assert found == {}


def test_a_manufacturer_sees_only_the_product_that_is_shared(things):
    client = logged_in(role="quality_officer", organisation="cxr-maker")
    assert client.get("/registry/deployment/cxr-north/").status_code == 200
    for address in ("/registry/deployment/mammo-north/", "/registry/deployment/cxr-east/", "/registry/site/east/"):
        assert client.get(address).status_code == 404


def test_a_regulator_changes_nothing(things):
    client = logged_in(role="regulator")
    found = {
        name: ask(client, name, things, method="post").status_code
        for name in POSTS
        if not ADDRESSES[name].acts and ADDRESSES[name].kind in (CLASS, OBJECT)
    }
    assert {name: status for name, status in found.items() if status != 404} == {}


@pytest.mark.parametrize("name", list(ADDRESSES))
def test_another_method_is_not_allowed(things, name):
    wanted = ADDRESSES[name]
    client = logged_in(role=wanted.opened_by, organisation="north-group", level=wanted.level)
    for method in METHODS:
        if method not in wanted.methods.split():
            assert ask(client, name, things, method=method).status_code == 405, method


@pytest.mark.parametrize("name", [each for each in POSTS if ADDRESSES[each].kind not in (TOKEN, PEER)])
def test_a_post_from_another_page_is_refused(things, name):
    client = logged_in(csrf=True, role=ADDRESSES[name].opened_by, organisation="north-group")
    assert ask(client, name, things, method="post").status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_data_is_kept_by_no_cache(things, name):
    wanted = ADDRESSES[name]
    answer = ask(logged_in(role=wanted.opened_by, organisation="north-group"), name, things)
    kept = answer.headers.get("Cache-Control", "")
    assert "private" in kept
    assert "no-store" in kept or name == "studies:image"


@pytest.mark.parametrize("name", PAGES)
def test_a_log_in_that_was_closed_opens_nothing_more(things, name):
    wanted = ADDRESSES[name]
    client = logged_in(role=wanted.opened_by, organisation="north-group")
    User.objects.exclude(username="northern-reader").update(is_active=False)
    answer = ask(client, name, things)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("access:log_in"))


def test_a_revoked_token_and_an_expired_one_send_nothing(client, things, now):
    _, secret = create_token(site="north", organisation="north-group", by="test", now=now)
    sender = {"headers": {"authorization": f"Bearer {secret}"}, "content_type": "application/json"}
    address = reverse("connectors:receive", args=["inferences"])
    assert client.post(address, [inference_row(2)], **sender).status_code == 200
    for ended in ({"revoked_at": now}, {"revoked_at": None, "expires_at": now}):
        Token.objects.update(**ended)
        assert client.post(address, [inference_row(3)], **sender).status_code == 401


@pytest.mark.parametrize("name", [each for each in PAGES if "get" in ADDRESSES[each].methods])
def test_a_filter_of_nonsense_is_no_fault_of_the_server(things, name):
    """A zero byte, a huge number and a quote in every filter: an answer, and never a 500."""
    wanted = ADDRESSES[name]
    client = logged_in(role=wanted.opened_by, organisation="north-group", level=wanted.level)
    client.raise_request_exception = False
    for nonsense in ("\x00", "9" * 40, "'\"><script>x</script>", "²", "-1"):
        answer = client.get(address_of(name, things), dict.fromkeys(FILTERS, nonsense))
        assert answer.status_code < 500, nonsense
        if not answer.streaming:
            assert b"<script>x</script>" not in answer.content


FILTERS = (
    "site", "deployment", "product", "finding", "reader", "version", "region", "stage", "month", "since", "until",
    "from", "to", "as_of", "basis", "rule", "truth_rule", "by", "excluded", "truth", "decision", "reads", "state",
    "status", "kind", "sort", "page", "days", "queue", "ai", "order", "amend", "actor", "uid", "first", "last",
    "frame", "width", "next", "study", "signal", "metric", "ai_exposure", "second",
    "q", "show", "outcome", "field", "pattern", "said", "wait", "flag",
)  # fmt: skip


def test_logging_in_leads_nowhere_else(client, things):
    asked = {"username": "northern-reader", "password": "northern-reader", "next": "https://elsewhere.example/"}
    assert client.post(reverse("access:log_in"), asked)["Location"] == "/"


def test_a_session_gets_another_key_at_log_in(client, things):
    before = client.session
    before["planted"] = "yes"
    before.save()
    client.cookies["sessionid"] = before.session_key
    client.post(reverse("access:log_in"), {"username": "northern-reader", "password": "northern-reader"})
    assert client.session.session_key != before.session_key
