import json

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.log.models import Act
from monitoring.dashboards.catching_up import work_off
from monitoring.signals.models import Monitor, Signal
from tests.factories import NOON, inference_row, make_network, send, study_part, truth_row
from tests.monitoring.dashboards.watched import LATER, log_in, make_watched, send_studies

pytestmark = pytest.mark.django_db

PRODUCT = "/products/cxr/"
PAGES = ("/", PRODUCT, "/cases/", f"{PRODUCT}figures.csv")
IN_MARCH = {"days": 365}


def text_of(client, address, **query) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, (address, answer.status_code)
    body = b"".join(answer) if answer.streaming else answer.content
    return body.decode().replace("\u202f", " ")


def raise_signal(deployment: str = "cxr-north", *, title: str = "North Hospital: nodule sensitivity fell") -> Signal:
    site = deployment.removeprefix("cxr-")
    monitor = Monitor.objects.create(
        key=f"{deployment}:performance:nodule:1.0", organisation="north-group", site_id=site, product_id="cxr",
        deployment_id=deployment, finding="nodule", kind="performance", design={}, designed_at=NOON,
    )  # fmt: skip
    return Signal.objects.create(
        uid=f"s-{deployment}", monitor=monitor, status="act", title=title, began_on="2026-03-01",
        alarm_on="2026-03-02", last_alarm_on="2026-03-02", raised_at=NOON, exposed_patients=212, evidence={},
    )  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_is_sent_to_log_in(client, address):
    assert client.get(address).url == f"/log-in/?next={address}"


@pytest.mark.parametrize("address", [PRODUCT, f"{PRODUCT}figures.csv"])
def test_the_product_of_others_does_not_exist(client, address):
    make_network()
    log_in(client, organisation="elsewhere")
    assert client.get(address).status_code == client.get("/products/nothing/").status_code == 404


@pytest.mark.parametrize("role", ["integrator", "administrator", "resolver"])
def test_figures_are_not_for_every_role(client, role):
    make_watched()
    log_in(client, role)
    assert client.get(PRODUCT).status_code == 404
    assert client.get("/cases/").status_code == 404


def test_the_overview_names_site_fault_date_and_exposed_patients(client):
    make_watched()
    raise_signal()
    log_in(client, organisation="north-group")
    page = text_of(client, "/")
    for said in ("nodule sensitivity fell", "North Hospital", "2026-03-01", "<b>212</b> patients exposed"):
        assert said in page


def test_what_needs_attention_comes_first(client):
    make_watched()
    raise_signal("cxr-north")
    log_in(client, organisation="north-group")
    rows = client.get("/").context["rows"]
    assert rows[0].deployment.pk == "cxr-north"
    assert rows[0].status.state == "act"


def test_an_unfounded_signal_asks_for_no_attention(client):
    make_watched()
    signal = raise_signal()
    Signal.objects.filter(pk=signal.pk).update(latest={"is_unfounded": True})
    log_in(client, organisation="north-group")
    assert client.get("/").context["cards"] == []


def test_the_overview_shows_another_hospital_nothing(client):
    make_watched()
    raise_signal()
    log_in(client, organisation="south-clinic")
    page = text_of(client, "/")
    assert "North" not in page
    assert [row.deployment.pk for row in client.get("/").context["rows"]] == ["cxr-south"]


def test_the_overview_narrows_by_site_product_and_status(client):
    make_watched()
    raise_signal()
    log_in(client, organisation="north-group")

    def keys(**query):
        return [row.deployment.pk for row in client.get("/", query).context["rows"]]

    assert keys(site="east") == ["cxr-east"]
    assert keys(product="mammo") == ["mammo-north"]
    assert keys(status="act") == ["cxr-north"]
    assert keys(site="nowhere") == []


def test_an_administrator_sees_that_it_runs_but_no_figures(client):
    make_watched()
    log_in(client, "administrator")
    assert "not shown to your role" in text_of(client, "/")


def test_an_empty_installation_says_how_to_begin(client):
    log_in(client, "administrator")
    assert "Nothing is watched yet" in text_of(client, "/")


def test_the_overview_says_what_the_demo_still_makes(client, settings, tmp_path):
    settings.RADVIGIL_DEMO, settings.RADVIGIL_HOME = True, tmp_path
    said = {"words": "Training the chest networks", "done": 3, "of": 12, "is_seeded": False}
    (tmp_path / "demo-progress.json").write_text(json.dumps(said))
    log_in(client, "administrator")
    assert "Training the chest networks" in text_of(client, "/")
    assert "3 of 12" in text_of(client, "/making/")
    (tmp_path / "demo-progress.json").write_text(json.dumps(said | {"is_seeded": True}))
    assert client.get("/making/").headers["HX-Refresh"] == "true"
    assert "Training" not in text_of(client, "/")


def test_the_product_page_gives_each_figure_with_interval_count_and_method(client):
    make_watched()
    log_in(client, organisation="north-group")
    page = text_of(client, PRODUCT)
    for said in ("75.0 %", "53.1–88.8 %", "Wilson", "truth rule default", "Truth by pathology: 20"):
        assert said in page


def test_what_cannot_be_estimated_says_why(client):
    make_network()
    send("inferences", inference_row())
    work_off(now=LATER)
    log_in(client, organisation="north-group")
    assert "Not estimable: no case with the finding and a decision" in text_of(client, PRODUCT)


def test_a_measurement_has_bias_and_no_sensitivity(client):
    make_network()
    log_in(client, organisation="north-group")
    page = text_of(client, "/products/echo/")
    assert "Lower limit of agreement" in page
    assert "Sensitivity" not in page


def test_a_claim_that_nobody_switched_on_is_held_against_nothing(client):
    make_watched()
    log_in(client, organisation="north-group")
    (row,) = client.get(PRODUCT).context["claims"]
    assert (row.standing.label, row.is_on) == ("cannot be switched on", False)


def test_what_is_logged_is_counted_or_left_out(client):
    make_watched()
    rogue = inference_row(900, version="9.9", study=study_part(900))
    send("inferences", rogue, now=NOON)
    work_off(now=LATER)
    log_in(client, organisation="north-group")
    found = client.get(PRODUCT).context["sum"]
    assert (found.logged, found.counted, found.left_out) == (41, 40, 1)
    assert [(row.reason, row.number) for row in found.rows] == [("unregistered_version", 1)]


def test_every_count_leads_to_exactly_its_cases(client):
    make_watched()
    log_in(client, organisation="north-group")
    for _, cells in client.get(PRODUCT).context["counts"]:
        for cell in cells:
            assert client.get(f"{cell.href}&excluded=no").context["page"].paginator.count == cell.number
    for row in client.get(PRODUCT).context["tiles"]:
        if row.metric in ("auc", "sensitivity", "specificity", "ppv", "npv", "prevalence", "flag_rate"):
            assert client.get(f"{row.href}&excluded=no").context["page"].paginator.count == row.cases_number


def test_a_left_out_case_is_found_by_its_reason(client):
    make_watched()
    send("inferences", inference_row(900, version="9.9", study=study_part(900)))
    work_off(now=LATER)
    log_in(client, organisation="north-group")
    (row,) = client.get(PRODUCT).context["sum"].rows
    answer = client.get(row.href)
    assert answer.context["page"].paginator.count == 1
    assert "The version is not registered for this product." in answer.content.decode()


def test_an_amended_truth_moves_the_figure_and_the_old_one_is_still_there(client):
    make_watched()
    log_in(client, organisation="north-group")

    def sensitivity(**query):
        return next(t.value for t in client.get(PRODUCT, query).context["tiles"] if t.metric == "sensitivity")

    before = sensitivity()
    uid = send("truth", truth_row(500))[0].uid  # a truth of a study that never met the product changes nothing
    assert uid
    send("truth", truth_row(1, value="negative", determined_at="2026-03-04T10:00:00+01:00"), now=LATER)
    work_off(now=LATER)
    assert sensitivity() != before
    assert sensitivity(as_of="2026-03-03T00:00") == before


def test_the_filters_are_in_the_address(client):
    make_watched()
    log_in(client, organisation="north-group")
    page = client.get(PRODUCT, {"by": "sex", "since": "2026-03-01", "until": "2026-03-31", "site": "north"})
    assert page.status_code == 200
    assert [row.value for row in page.context["by_rows"]] == ["F"]
    empty = client.get(PRODUCT, {"since": "2026-04-01"})
    assert empty.context["sum"].logged in (0, None)


@pytest.mark.parametrize("when", [{}, {"as_of": "2026-03-31T00:00"}])
def test_one_version_alone_is_asked_for(client, when):
    make_watched()
    log_in(client, organisation="north-group")
    assert client.get(PRODUCT, {"version": "1.0"} | when).context["sum"].counted == 40
    other = client.get(PRODUCT, {"version": "2.0"} | when).context
    assert other["sum"].logged in (0, None)


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"by": "shoe_size"}, {"site": "south"}, {"as_of": "soon"}, {"truth_rule": "none"}]
)
def test_a_filter_that_is_not_understood_says_so(client, query):
    make_watched()
    log_in(client, organisation="north-group")
    assert client.get(PRODUCT, query).status_code == 422


def test_the_chart_marks_the_day_a_signal_began(client):
    make_watched()
    raise_signal()
    log_in(client, organisation="north-group")
    (chart, _) = client.get(PRODUCT).context["charts"]
    assert chart.spec["layout"]["shapes"][0]["x0"] == "2026-03-01"
    assert "North Hospital: performance 2026-03-01" in chart.description


def test_figures_as_csv_are_those_of_the_page(client):
    make_watched()
    log_in(client, organisation="north-group")
    lines = text_of(client, f"{PRODUCT}figures.csv").splitlines()
    assert lines[0].startswith("product,finding,from,before,as_of")
    overall = next(line for line in lines if ",,,sensitivity," in line)
    assert ",0.75," in overall
    assert any(",month,2026-03,specificity," in line for line in lines)


# --- a manufacturer: sums, no cases ----------------------------------------------------------------------------


def test_a_manufacturer_sees_shared_sites_as_sums_and_no_case(client):
    make_watched(count=100, positives=50, missed=12)
    log_in(client, organisation="cxr-maker", level="aggregate")
    page = text_of(client, PRODUCT)
    assert "76.0 %" in page
    assert "/cases/" not in page
    assert client.get("/cases/").status_code == 404
    assert [row.value for row in client.get(PRODUCT).context["site_rows"]] == ["north"]


def test_a_manufacturer_is_not_told_small_counts(client):
    make_watched()  # 5 misses: sensitivity would tell them
    send("inferences", inference_row(900, version="9.9", study=study_part(900)))
    work_off(now=LATER)
    log_in(client, organisation="cxr-maker", level="aggregate")
    context = client.get(PRODUCT).context
    reasons = {tile.metric: tile.reason for tile in context["tiles"]}
    for metric in ("sensitivity", "specificity", "ppv", "npv"):
        assert "fewer than 11" in reasons[metric]
    assert context["sum"].logged.reason == "not shown: it would tell a hidden count"
    assert context["sum"].counted == 40
    assert all("fewer than 11" in cell.number.reason for _, cells in context["counts"] for cell in cells)


def test_a_manufacturer_sees_rates_by_quarter_where_months_are_small(client):
    make_network()
    for month in (1, 2, 3):
        first = 100 * month
        rows = [
            inference_row(
                n, score=0.9 if n % 2 else 0.1, study=study_part(n, acquired_at=f"2026-0{month}-10T08:00:00Z")
            )
            for n in range(first, first + 40)
        ]
        send("inferences", *rows)
        truths = [truth_row(n, value="positive" if n % 4 < 2 else "negative") for n in range(first, first + 40)]
        send("truth", *truths)
    work_off(now=LATER)
    log_in(client, organisation="cxr-maker", level="aggregate")
    rates = client.get(PRODUCT).context["charts"][0]
    assert rates.columns[0] == "Quarter"
    assert [row[:2] for row in rates.rows] == [("2026-01", "Sensitivity"), ("2026-01", "Specificity")]
    assert rates.rows[0][2] == "50.0\u202f%"


def test_a_manufacturers_csv_hides_what_its_page_hides(client):
    make_watched()
    log_in(client, organisation="cxr-maker", level="aggregate")
    line = next(line for line in text_of(client, f"{PRODUCT}figures.csv").splitlines() if ",,,sensitivity," in line)
    assert line.endswith('fewer than 11, hidden by the sharing agreement"')
    assert ",0.75," not in line


def test_a_manufacturer_sees_no_small_volume_on_the_overview(client):
    make_network()
    now = timezone.now()
    send("inferences", *(inference_row(n, study=study_part(n, acquired_at=now.isoformat())) for n in range(3)), now=now)
    work_off(now=now)
    log_in(client, organisation="cxr-maker", level="aggregate")
    (row,) = [row for row in client.get("/").context["rows"] if row.deployment.pk == "cxr-north"]
    assert row.spark == ""


# --- cases -----------------------------------------------------------------------------------------------------


def count_of(client, **query) -> int:
    return client.get("/cases/", query).context["page"].paginator.count


def test_cases_are_listed_with_what_product_reader_and_truth_say(client):
    make_watched()
    log_in(client, organisation="north-group")
    page = text_of(client, "/cases/", finding="nodule")
    for said in ("0.900, threshold 0.5", "R1, final", "pathology", "counted"):
        assert said in page


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({}, 40),
        ({"truth": "positive"}, 20),
        ({"truth": "known"}, 40),
        ({"truth": "unknown"}, 0),
        ({"decision": "positive"}, 15),
        ({"truth": "positive", "decision": "negative"}, 5),
        ({"reads": "positive"}, 20),
        ({"reads": "none"}, 0),
        ({"site": "east"}, 0),
        ({"deployment": "cxr-north"}, 40),
        ({"month": "2026-03"}, 40),
        ({"month": "2026-12"}, 0),
        ({"month": "nonsense"}, 40),
        ({"since": "2026-03-03"}, 0),
        ({"until": "2026-03-02"}, 0),
        ({"excluded": "any"}, 0),
        ({"version": "1.0"}, 40),
        ({"reader": "R1"}, 40),
    ],
)
def test_cases_are_narrowed_by_each_filter(client, query, number):
    make_watched()
    log_in(client, organisation="north-group")
    assert count_of(client, finding="nodule", **query) == number


def test_cases_are_sorted_by_score_with_absent_ones_last(client):
    make_watched()
    log_in(client, organisation="north-group")
    scores = [row.case.score for row in client.get("/cases/", {"sort": "lowest score"}).context["rows"]]
    known = [score for score in scores if score is not None]
    assert known == sorted(known)
    assert scores[: len(known)] == known


def test_another_hospitals_cases_are_not_listed(client):
    make_watched()
    log_in(client, organisation="south-clinic")
    assert count_of(client) == 0
    assert count_of(client, site="north") == 0


def test_a_reader_without_rows_has_no_list(client):
    make_watched()
    log_in(client, organisation="north-group", level="aggregate")
    assert client.get("/cases/").status_code == 404


def test_cases_as_csv_hold_no_formula(client):
    make_watched(count=2, positives=1, missed=0)
    log_in(client, organisation="north-group")
    lines = text_of(client, "/cases/", format="csv", finding="nodule").splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("study_id,site_id")


def test_taking_cases_along_is_in_the_log(client):
    make_watched(count=2, positives=1, missed=0)
    log_in(client, organisation="north-group")
    text_of(client, "/cases/", format="csv", finding="nodule")
    act = Act.objects.get(entry__kind="cases_exported")
    assert act.organisation == "north-group"
    assert act.details == {"rows": 2, "filters": {"finding": "nodule"}}


@pytest.mark.parametrize("address", ["/", PRODUCT, "/cases/"])
def test_a_page_costs_the_same_for_many_studies(client, address, django_assert_max_num_queries):
    make_watched()
    log_in(client, organisation="north-group")
    with django_assert_max_num_queries(80) as few:
        client.get(address)
    send_studies(40, first=500, positives=20, missed=5)
    work_off(now=LATER)
    with django_assert_max_num_queries(len(few)):
        client.get(address)


def test_the_overview_costs_the_same_for_many_deployments(client, django_assert_max_num_queries):
    make_watched()
    user = log_in(client, organisation="south-clinic")
    with django_assert_max_num_queries(40) as few:
        client.get("/")
    user.grants.update(organisation="")
    with django_assert_max_num_queries(len(few)):
        client.get("/")


def test_the_pages_have_the_addresses_that_others_link_to():
    assert reverse("dashboards:overview") == "/"
    assert reverse("dashboards:product", args=["cxr"]) == PRODUCT
    assert reverse("dashboards:cases") == "/cases/"


def test_a_manufacturer_does_not_tell_readers_apart(client):
    make_watched()
    log_in(client, organisation="cxr-maker", level="aggregate")
    assert client.get(PRODUCT, {"by": "reader"}).status_code == 422
    assert client.get(f"{PRODUCT}figures.csv", {"by": "reader"}).status_code == 404
    client.logout()
    log_in(client, organisation="north-group")
    assert client.get(PRODUCT, {"by": "reader"}).status_code == 200
