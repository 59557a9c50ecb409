import csv
from io import StringIO

import pytest

from inference.registry.models import Product, Sharing, Site, Version
from tests.factories import NETWORK, NOON
from tests.monitoring.dashboards.watched import log_in
from tests.monitoring.subgroups.stories import CSV, PAGE, Story

pytestmark = pytest.mark.django_db


def text_of(client, address=PAGE, **query) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, (address, answer.status_code)
    body = b"".join(answer) if answer.streaming else answer.content
    return body.decode().replace("\u202f", " ")


def lines_of(client, **query) -> dict[str, object]:
    return {" ".join(line.labels): line for line in client.get(PAGE, query).context["lines"]}


def csv_of(client, **query) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text_of(client, CSV, **query))))


@pytest.fixture
def ages() -> Story:
    """North: 120 ill of sixty to sixty-nine with 12 missed, 60 of eighty to eighty-nine with 30 missed."""
    story = Story()
    story.ill(120, missed=12, patient_age_years=62, patient_sex="F")
    story.ill(60, missed=30, patient_age_years=84, patient_sex="M")
    story.well(80, flagged=8, patient_age_years=62, patient_sex="F")
    story.count()
    return story


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_a_stranger_is_sent_to_log_in(client, address):
    assert client.get(address).url == f"/log-in/?next={address}"


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_the_product_of_others_and_the_wrong_role_see_nothing(client, address):
    Story()
    log_in(client, organisation="elsewhere")
    assert client.get(address).status_code == 404
    log_in(client, "integrator")
    assert client.get(address).status_code == 404


def test_a_group_that_does_worse_is_found_with_its_figures(client, ages):
    log_in(client, organisation="north-group")
    old = lines_of(client, by="age_band")["80-89"]
    assert (old.cases, old.value, old.verdict, old.state) == ("60", "50.0\u202f%", "worse than the rest", "act")
    assert old.difference.startswith("−40.0")
    assert old.shrunken_range


def test_a_small_noisy_site_is_not_alarmed_and_a_worse_big_one_is(client):
    story = Story()
    story.ill(150, missed=20, site="north")
    story.ill(12, missed=4, site="east")
    story.ill(150, missed=60, site="south")
    story.count()
    log_in(client, "regulator")
    found = lines_of(client)
    assert found["South Clinic"].state == "act"
    assert found["East Hospital"].verdict == "no difference shown"
    assert found["East Hospital"].cases == "12"
    context = client.get(PAGE).context
    assert context["spread"]["is_next_told"]
    verdicts = {row["label"]: row["verdict"] for row in context["peers"]["rows"]}
    assert verdicts["South Clinic"] == "Below its peers"
    assert verdicts["East Hospital"] == "As its peers"


def test_pairs_of_two_dimensions_are_counted(client, ages):
    log_in(client, organisation="north-group")
    pairs = client.get(PAGE, {"by": "age_band", "second": "sex"}).context["pairs"]
    assert {line.labels: line.cases for line in pairs} == {("60-69", "women"): "120", ("80-89", "men"): "60"}
    area = client.get(PAGE, {"by": "age_band", "second": "sex", "metric": "auc"})
    assert "choose a rate" in area.content.decode()


def test_a_patient_who_comes_again_widens_the_interval_of_a_pair(client):
    story = Story()
    for _ in range(40):
        story.ill(5, missed=story.number % 3, patient_id=f"again-{story.number}")
    story.count()
    log_in(client, organisation="north-group")
    (line,) = client.get(PAGE, {"by": "age_band", "second": "sex"}).context["pairs"]
    assert "luster" in line.method


def test_a_gap_between_people_is_shown_once(client, ages):
    log_in(client, organisation="north-group")
    gaps = {(gap["dimension"], gap["metric"]): gap for gap in client.get(PAGE).context["gaps"]}
    sex = gaps["Sex", "Sensitivity"]
    assert (sex["groups"], sex["verdict"]) == ("men below women", "Gap shown")
    assert gaps["Sex", "Specificity"]["verdict"] == "Cannot be compared"


def test_today_is_set_against_the_development_population(client, ages):
    population = {"n": 5000, "age_band": {"60-69": 1.0}, "sex": {"F": 0.7, "M": 0.3}}
    Version.objects.filter(product="cxr", version="1.0").update(development_population=population)
    log_in(client, organisation="north-group")
    found = client.get(PAGE).context["development"]
    shifts = {shift["dimension"]: shift for shift in found["shifts"]}
    assert shifts["age"]["outside"].startswith("23.1")
    assert shifts["age"]["verdict"] == "Clearly different"
    assert shifts["sex"]["outside"].startswith("0.0")
    assert found["away"]["outside"][0] == "50.0\u202f%"
    assert found["away"]["inside"][0] == "90.0\u202f%"


def test_without_shares_the_page_says_what_is_missing(client, ages):
    log_in(client, organisation="north-group")
    assert "its registry line gives no shares by dimension" in text_of(client)


def test_an_empty_window_says_so(client):
    Story()
    log_in(client, organisation="north-group")
    assert "No case counts in this window" in text_of(client)
    assert "No case counts in this window" in text_of(client, "/products/mammo/subgroups/")


def test_a_measurement_is_compared_as_it_is(client):
    Story()
    log_in(client, organisation="north-group")
    page = text_of(client, "/products/echo/subgroups/", metric="bias")
    assert "counted here for rates only" in page


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"by": "shoe_size"}, {"metric": "joy"}, {"version": "9"}, {"second": "reader"}]
)
def test_a_filter_that_is_not_understood_says_so(client, ages, query):
    log_in(client, organisation="north-group")
    assert client.get(PAGE, query).status_code == 422
    assert client.get(CSV, query).status_code == 404


def test_the_file_holds_what_the_page_shows(client, ages):
    log_in(client, organisation="north-group")
    rows = csv_of(client, by="age_band", second="sex")
    old = next(row for row in rows if row["value"] == "80-89" and not row["second_value"])
    assert (old["cases"], float(old["as_measured"]), old["verdict"]) == ("60", 0.5, "worse than the rest")
    assert {(row["value"], row["second_value"]) for row in rows if row["second_value"]} == {
        ("60-69", "F"),
        ("80-89", "M"),
    }


def test_the_page_costs_the_same_for_many_cases(client, django_assert_num_queries):
    story = Story()
    story.ill(20, missed=5)
    story.count()
    log_in(client, organisation="north-group")
    asked = {"by": "age_band", "second": "sex"}
    client.get(PAGE, asked)
    with django_assert_num_queries(queries_of(client, asked)):
        client.get(PAGE, asked)
    before = queries_of(client, asked)
    story.ill(60, missed=5, patient_age_years=35, patient_sex="M")
    story.ill(60, missed=5, patient_age_years=85)
    story.count()
    assert queries_of(client, asked) == before


def queries_of(client, asked) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as found:
        assert client.get(PAGE, asked).status_code == 200
    return len(found)


# --- sensitive dimensions ------------------------------------------------------------------------------------------


def test_a_sensitive_dimension_needs_product_and_site(client):
    story = Story()
    Product.objects.filter(pk="cxr").update(dimensions=["view_position", "smoker", "ethnicity"])
    log_in(client, organisation="north-group")
    assert "declares ethnicity, and no site within your reach allows it" in text_of(client)
    assert client.get(PAGE, {"by": "ethnicity"}).status_code == 422
    Site.objects.filter(pk="north").update(lawful_dimensions=["ethnicity"])
    story.ill(40, missed=4, covariates={"ethnicity": "a"})
    story.ill(40, missed=20, covariates={"ethnicity": "b"})
    story.ill(40, missed=4, site="east", covariates={"ethnicity": "a"})
    story.count()
    found = lines_of(client, by="ethnicity")
    assert {name: line.cases for name, line in found.items()} == {"a": "40", "b": "40"}
    assert "at 1 of 2 sites" in text_of(client, by="ethnicity")
    assert ("Ethnicity", "Sensitivity") in {(g["dimension"], g["metric"]) for g in client.get(PAGE).context["gaps"]}


# --- a manufacturer: sums, and no small one ------------------------------------------------------------------------


@pytest.fixture
def shared(client) -> Story:
    """North shares with the maker, smallest count 11: one age band has 5 ill, the others enough of everything."""
    story = Story()
    for age in (45, 55, 65):
        story.ill(60 + age, missed=20, patient_age_years=age)
        story.well(60 + age, flagged=20, patient_age_years=age)
    story.ill(5, missed=1, patient_age_years=75, patient_sex="M")
    story.well(40, flagged=15, patient_age_years=75, patient_sex="M")
    story.count()
    log_in(client, organisation="cxr-maker", level="aggregate")
    return story


def test_a_small_group_is_hidden_with_a_partner_so_that_no_total_tells_it(client, shared):
    found = lines_of(client, by="age_band")
    hidden = {name for name, line in found.items() if line.verdict == "not shown"}
    assert "70-79" in hidden
    assert len(hidden) >= 2
    assert all(not line.cases and not line.value for name, line in found.items() if name in hidden)
    rows = csv_of(client, by="age_band")
    assert {row["value"] for row in rows if row["cases"] == ""} == hidden


@pytest.mark.parametrize("metric", ["specificity", "flag_rate", "label_coverage", "prevalence"])
def test_a_group_that_one_rate_would_tell_is_hidden_in_all(client, shared, metric):
    found = lines_of(client, by="age_band", metric=metric)
    assert found["70-79"].verdict == "not shown"


def test_pairs_hide_what_rows_and_columns_would_tell(client, shared):
    pairs = client.get(PAGE, {"by": "age_band", "second": "sex"}).context["pairs"]
    assert next(line for line in pairs if line.labels == ("70-79", "men")).verdict == "not shown"
    shown = [line for line in pairs if line.verdict != "not shown"]
    assert len(shown) <= len(pairs) - 2


def test_pairs_are_hidden_whatever_rate_is_asked_for(client, shared):
    hidden = set()
    for metric in ("sensitivity", "specificity", "flag_rate", "label_coverage"):
        pairs = client.get(PAGE, {"by": "age_band", "second": "sex", "metric": metric}).context["pairs"]
        hidden.add(frozenset(line.labels for line in pairs if line.verdict == "not shown"))
    assert len(hidden) == 1


def test_with_many_cases_sites_are_not_standardised(client, ages, monkeypatch):
    monkeypatch.setattr("monitoring.subgroups.standing.MOST_ROWS", 10)
    ages.ill(60, missed=6, site="east")
    ages.count()
    log_in(client, organisation="north-group")
    page = text_of(client)
    assert "Not standardised" in page
    assert {row["label"] for row in client.get(PAGE).context["peers"]["rows"]} == {"North Hospital", "East Hospital"}


def test_what_is_hidden_enters_no_mean(client, shared):
    before = client.get(PAGE, {"by": "age_band"}).context["mean"]
    shared.ill(3, missed=3, patient_age_years=75, patient_sex="M")
    shared.count()
    assert client.get(PAGE, {"by": "age_band"}).context["mean"] == before


def test_a_hospital_is_never_told_the_name_of_another(client):
    story = Story()
    for site in ("north", "east", "south"):
        story.ill(60, missed=12, site=site)
    story.count()
    Sharing.objects.create(
        site_id="south", product_id="cxr", to_id="cxr-maker", level="aggregate", starts_at=NOON, minimum_count=11
    )
    log_in(client, organisation="north-group")
    page = text_of(client)
    assert "South" not in page
    assert "fewer than 5 sites of other houses share their sums" in page


FAR = [f"far{number}" for number in range(1, 7)]


def with_far_sites(*, sharing: bool) -> str:
    """Return the network with six sites of another house, which share their sums with the maker or do not."""
    sites = "".join(f"  - {{key: {key}, organisation: south-clinic, name: Far {key}, country: FR}}\n" for key in FAR)
    runs = "".join(
        f'  - {{key: cxr-{key}, product: cxr, site: {key}, version: "1.0", role: second_reader, from: 2026-01-01}}\n'
        for key in FAR
    )
    shared = "".join(
        f"  - {{site: {key}, product: cxr, to: cxr-maker, level: aggregate, minimum_count: 11, from: 2026-01-01}}\n"
        for key in FAR
    )
    text = NETWORK.replace("concepts:\n", f"{sites}concepts:\n").replace("sharing:\n", f"{runs}sharing:\n")
    return text + (shared if sharing else "")


@pytest.mark.parametrize("sharing", [True, False])
def test_other_houses_enter_as_one_sum_only_if_they_share(client, sharing):
    story = Story(with_far_sites(sharing=sharing))
    story.ill(60, missed=30)
    for key in FAR:
        story.ill(30, missed=5, site=key)
    story.count()
    log_in(client, organisation="north-group")
    page, context = text_of(client), client.get(PAGE).context
    assert "Far" not in page
    assert "far1" not in text_of(client, CSV)
    if not sharing:
        assert "no peer: only one site has cases" in page
        return
    assert "6 sites of other houses are in what is expected, as one sum" in page
    (north,) = context["peers"]["rows"]
    assert (north["expected"], north["verdict"]) == ("83.3\u202f%", "Below its peers")


@pytest.mark.parametrize(("question", "is_in"), [("", True), ("&until=2026-03-02", False), ("&metric=ppv", True)])
def test_other_houses_are_kept_out_where_two_pages_would_tell_one_of_them(client, question, is_in):
    """All months less all but the first would be the one house that began first."""
    story = Story(with_far_sites(sharing=True))
    story.ill(60, missed=30)
    for key in FAR:
        story.ill(30, missed=5, site=key)
    story.count()
    log_in(client, organisation="north-group")
    page = client.get(f"{PAGE}?by=site{question}").content.decode()
    assert ("6 sites of other houses are in what is expected" in page) is (is_in and "ppv" not in question)


def test_a_rate_of_other_houses_is_kept_back_where_another_tells_its_small_count(client):
    """Positive predictive value gives the true positives, prevalence the ill ones: their difference is 3 missed."""
    story = Story(with_far_sites(sharing=True))
    story.ill(60, missed=30)
    for number, key in enumerate(FAR):
        story.ill(30, missed=1 if number < 3 else 0, site=key)
    story.count()
    log_in(client, organisation="north-group")
    page = client.get(f"{PAGE}?by=site&metric=prevalence").content.decode()
    assert "sites of other houses are in what is expected" not in page
