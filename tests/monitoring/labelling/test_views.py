"""The planner's page and a plan's list: who sees them, what they say, and what a draw and a withdrawal leave behind."""

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.log.models import Act
from monitoring.labelling.models import LabelPlan
from tests.factories import NOON
from tests.monitoring.dashboards.watched import log_in
from tests.monitoring.labelling.population import answer_plan, make_plan, make_population

pytestmark = pytest.mark.django_db
PAGE = "/products/cxr/labels/"
WANTED = {"finding": "nodule", "question": "sensitivity", "site": "", "days": "365", "budget": "30", "floor": "2"}


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """The pages read the clock: let it be the day of the studies."""
    from datetime import timedelta

    from monitoring.labelling import views

    monkeypatch.setattr(views.timezone, "now", lambda: NOON + timedelta(days=5))


@pytest.fixture
def population():
    return make_population(size=90, seed=3, readers=True)


def words(client, address, **query) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\u202f", " ").split())


def test_a_stranger_is_sent_to_log_in(client):
    assert client.get(PAGE).url == f"/log-in/?next={PAGE}"


@pytest.mark.parametrize("role", ["radiologist", "ml_engineer", "integrator", "regulator", "administrator"])
def test_other_roles_find_nothing(client, population, role):
    plan = make_plan()
    log_in(client, role, organisation="north-group")
    assert client.get(PAGE).status_code == 404
    assert client.get(reverse("labelling:plan", args=[plan.uid])).status_code == 404


def test_another_hospital_finds_neither_plan_nor_cases(client, population):
    plan = make_plan()
    log_in(client, organisation="south-clinic")
    assert client.get(reverse("labelling:plan", args=[plan.uid])).status_code == 404
    assert client.post(reverse("labelling:withdraw", args=[plan.uid]), {"reason": "x"}).status_code == 404
    assert str(plan) not in words(client, PAGE)


def test_the_page_says_what_a_plan_buys_before_it_is_drawn(client, population):
    log_in(client, organisation="north-group")
    found = words(client, PAGE, **WANTED)
    assert "30 would be drawn" in found
    assert "Not flagged" in found
    assert "Draw this plan" in found
    assert not LabelPlan.objects.exists()


def test_a_draw_is_kept_with_its_entry_and_shown(client, population):
    user = log_in(client, organisation="north-group")

    answer = client.post(PAGE, WANTED | {"seed": "12"})

    plan = LabelPlan.objects.get()
    assert answer.url == reverse("labelling:plan", args=[plan.uid])
    assert (plan.seed, plan.cases.count(), plan.drawn_by) == (12, 30, user.actor)
    assert set(plan.deployments) == {"cxr-east", "cxr-north"}
    assert Act.objects.filter(entry__kind="label_plan.drawn", organisation="north-group").count() == 1
    assert "30 cases to learn most about sensitivity" in words(client, answer.url)
    assert str(plan) in words(client, PAGE)


@pytest.mark.parametrize("wrong", [{"budget": "0"}, {"question": "beauty"}, {"site": "south"}, {"floor": "900"}])
def test_a_plan_that_cannot_be_is_refused_on_the_form(client, population, wrong):
    log_in(client, organisation="north-group")
    assert client.post(PAGE, WANTED | wrong).status_code == 422
    assert not LabelPlan.objects.exists()


def test_who_reaches_several_hospitals_names_the_site(client, population):
    log_in(client)
    assert client.post(PAGE, WANTED).status_code == 422
    assert client.post(PAGE, WANTED | {"site": "north"}).status_code == 302
    assert LabelPlan.objects.get().deployments == ["cxr-north"]


def test_an_arbiter_sees_the_list_without_what_the_ai_said(client, population):
    plan = make_plan()
    log_in(client, "arbiter", organisation="north-group")

    found = words(client, reverse("labelling:plan", args=[plan.uid]))
    answer = client.get(reverse("labelling:plan", args=[plan.uid]), {"format": "csv"})

    first = plan.cases.order_by("position").first()
    assert reverse("truth:settle", args=[first.study_id]) in found
    assert reverse("reads:case", args=[first.study_id]) in found
    assert "Withdraw this plan" not in found
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert len(rows) == plan.cases.count()
    assert not {"decision", "probability"} & set(rows[0])
    assert client.post(PAGE, WANTED).status_code == 404
    assert client.post(reverse("labelling:withdraw", args=[plan.uid]), {"reason": "x"}).status_code == 404
    assert Act.objects.filter(entry__kind="label_plan.downloaded").count() == 1


def test_the_officers_csv_holds_the_design(client, population):
    plan = make_plan()
    log_in(client, organisation="north-group")
    answer = client.get(reverse("labelling:plan", args=[plan.uid]), {"format": "csv"})
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert {float(row["probability"]) for row in rows} == set(plan.cases.values_list("probability", flat=True))


def test_answered_cases_leave_the_open_list(client, population):
    plan = make_plan()
    answer_plan(plan, population, cases=list(plan.cases.order_by("position")[:10]))
    log_in(client, organisation="north-group")
    address = reverse("labelling:plan", args=[plan.uid])
    assert client.get(address).context["page"].paginator.count == plan.cases.count() - 10
    assert client.get(address, {"show": "answered"}).context["page"].paginator.count == 10
    assert client.get(address, {"show": "all"}).context["page"].paginator.count == plan.cases.count()


def test_a_withdrawal_needs_a_reason_and_leaves_the_plan_in_sight(client, population):
    plan = make_plan()
    log_in(client, organisation="north-group")
    address = reverse("labelling:withdraw", args=[plan.uid])
    client.post(address, {"reason": ""})
    assert not hasattr(LabelPlan.objects.get(), "withdrawal")

    client.post(address, {"reason": "wrong threshold"})

    assert LabelPlan.objects.get().withdrawal.reason == "wrong threshold"
    found = words(client, reverse("labelling:plan", args=[plan.uid]))
    assert "wrong threshold" in found
    assert "not asked for any more" in found
    assert "withdrawn" in words(client, PAGE)


def test_a_measurement_has_no_strata_to_draw_from(client, population):
    log_in(client, organisation="north-group")
    assert "without a yes or no" in words(client, "/products/echo/labels/").lower()


def test_the_pages_cost_the_same_for_many_cases_and_plans(client, population):
    log_in(client, organisation="north-group")
    plan = make_plan(budget=10, floor=1)
    part = "/products/cxr/verification/?finding=nodule"
    addresses = (PAGE, part, reverse("labelling:plan", args=[plan.uid]))

    def costs() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            found.append(len(queries))
        return found

    costs()
    before = costs()
    plan = make_plan(budget=40, floor=2, seed=9)
    addresses = (PAGE, part, reverse("labelling:plan", args=[plan.uid]))
    assert costs() == before


def test_a_tab_leads_only_where_somebody_may_go(client, population):
    log_in(client, "radiologist", organisation="north-group")
    assert PAGE not in words(client, "/products/cxr/")
    log_in(client, "quality_officer", organisation="cxr-maker")
    assert PAGE not in words(client, "/products/cxr/")
    log_in(client, "arbiter", organisation="north-group")
    assert PAGE in words(client, "/products/cxr/")


def test_the_product_page_has_its_verification(client, population):
    log_in(client, organisation="north-group")
    found = words(client, "/products/cxr/verification/", finding="nodule")
    assert "Verified: flagged" in found
    assert "bounded" in found
    assert "Plan labels" in found
    log_in(client, organisation="cxr-maker")
    assert "hidden by the sharing agreement" in words(client, "/products/cxr/verification/", finding="nodule")
