"""What a product's page says is missing, what it calls agreement, and what it promises without labels."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from inference.registry.actions import register
from monitoring.dashboards.catching_up import work_off
from tests.factories import NOON, REGISTERED, inference_row, make_network, send, study_part, truth_row
from tests.monitoring.dashboards.test_views import PRODUCT, text_of
from tests.monitoring.dashboards.watched import LATER, log_in, make_watched, send_studies

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(days=121)
LABEL_FREE = f"{PRODUCT}label-free/"
GRADES = """
concepts: [{key: density, name: Breast density, kind: ordinal, classes: [A, B, C, D]}]
products:
  - key: grader
    name: Grader
    manufacturer: cxr-maker
    findings: [{key: density, concept: density, kind: ordinal}]
    versions: [{version: "1.0"}]
deployments:
  - {key: grader-north, product: grader, site: north, version: "1.0", role: concurrent, from: 2026-01-01}
"""


def plain(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("\u202f", " ").replace("\xa0", " ").split())


def test_the_page_counts_what_is_not_labelled_and_adds_up_to_everything_logged(client):
    make_watched()
    send("inferences", *(inference_row(n, score=0.9) for n in range(101, 111)), inference_row(120, version="9.9"))
    work_off(now=LATER)
    log_in(client, organisation="north-group")
    page = plain(text_of(client, PRODUCT))

    assert "Of 50 counted cases 40 have a truth and 10 (20.0 %) have none yet." in page
    assert "51 were logged: 50 counted and 1 left out, for the reasons below." in page
    assert "Of the flagged cases 60.0 % have a truth, of the others 100.0 %." in page
    assert "sensitivity looks worse than it is" in page


def test_the_csv_says_the_same(client):
    make_watched()
    log_in(client, organisation="north-group")
    lines = text_of(client, f"{PRODUCT}figures.csv").splitlines()
    missing = {line.split(",")[9]: line.split(",")[10] for line in lines if ",missing,," in line}

    assert missing["logged"] == missing["labelled"] == missing["counted"] == "40"
    assert missing["unlabelled_share"] == "0.0"
    assert {"label_delay_days", "maturity", "expected_labels"} <= set(missing)


def test_a_manufacturer_is_not_told_how_few_are_missing(client):
    make_network()
    send_studies(200, positives=100, missed=40)
    send("inferences", *(inference_row(n, score=0.9) for n in range(301, 304)))
    work_off(now=LATER)
    log_in(client, organisation="cxr-maker", level="aggregate")
    page, sheet = plain(text_of(client, PRODUCT)), text_of(client, f"{PRODUCT}figures.csv")

    assert "How many cases are not labelled is not shown" in page
    assert "have none yet" not in page
    assert not re.search(r"missing,,(logged|labelled|unlabelled_share),\d", sheet)


# --- agreement is not called accuracy ----------------------------------------------------------------------------


def seeded_with_reports(standard, **over):
    """Grades and calls, all held against reports."""
    make_network()
    register(text=GRADES, actor="test", now=REGISTERED)
    said = {"finding": "density", "category": "B"}
    send(
        "inferences",
        *(inference_row(n, deployment="grader-north", predictions=[said]) for n in range(1, 31)),
        *(inference_row(n, inference_uid=f"cxr-{n}", score=0.9 if n % 2 else 0.1) for n in range(1, 31)),
    )
    words = {"standard": standard, **over}
    send(
        "truth",
        *(truth_row(n, finding="density", value=None, category="AB"[n % 2], **words) for n in range(1, 31)),
        *(truth_row(n, value="positive" if n % 2 else "negative", **words) for n in range(1, 31)),
    )
    work_off(now=LATER)


@pytest.mark.parametrize("standard", ["report_labeller", "report_human"])
@pytest.mark.parametrize(
    "address",
    [
        "/?days=365",
        "/products/grader/",
        "/products/grader/figures.csv",
        "/products/cxr/",
        "/products/cxr/figures.csv",
        "/products/grader/readers/",
        "/products/cxr/readers/",
        "/products/cxr/verification/",
        "/cases/",
    ],
)
def test_no_page_calls_agreement_with_reports_accuracy(client, address, standard):
    seeded_with_reports(standard)
    log_in(client, organisation="north-group")

    page = text_of(client, address).lower().replace("chart-accuracy", "")  # the key of a chart is no word of the page
    assert "accuracy" not in page


def test_a_figure_against_a_labeller_says_agreement_and_keeps_its_name(client):
    seeded_with_reports("report_labeller", attributes={"labeller": "chexbert"})
    log_in(client, organisation="north-group")
    page = plain(text_of(client, PRODUCT))

    assert "Agreement with labels read from reports" in page
    assert "Not put right: the errors of the labeller chexbert were never measured" in page
    assert "Sensitivity" in page
    assert "Same category" in text_of(client, "/products/grader/")


def test_against_independent_truth_the_name_stays(client):
    seeded_with_reports("panel")
    log_in(client, organisation="north-group")

    assert "Accuracy" in text_of(client, "/products/grader/")
    assert "agreement</span>" not in text_of(client, PRODUCT)


# --- estimated where labels are missing ---------------------------------------------------------------------------


def months_of_cases(*, days=176, a_day=9, gain=0.3, moved_on=None):
    """Send months of scores whose labels come late; `moved_on` is the day from which scores mean less."""
    make_network()
    generator, start = np.random.default_rng(6), datetime(2026, 1, 6, 9, tzinfo=UTC)
    rows, truths = [], []
    for day in range(days):
        at = start + timedelta(days=day)
        for n in range(day * a_day, (day + 1) * a_day):
            ill = generator.random() < 0.35
            shift = gain if moved_on is None or day < moved_on else 0.02
            score = float(np.clip(generator.normal(0.55 if not ill else 0.55 + shift, 0.15), 0.01, 0.99))
            part = study_part(n + 1, acquired_at=at.isoformat())
            rows.append(inference_row(n + 1, score=round(score, 4), study=part))
            known = at + timedelta(days=float(generator.exponential(25)))
            if known < NOW:
                word, moment = "positive" if ill else "negative", known.isoformat()
                truths.append(truth_row(n + 1, value=word, determined_at=moment, known_at=moment))
    for start_at in range(0, len(rows), 500):
        send("inferences", *rows[start_at : start_at + 500], now=NOW)
    send("truth", *truths, now=NOW)
    work_off(now=NOW)


def test_young_months_are_estimated_and_mature_ones_compared(client):
    months_of_cases()
    log_in(client, organisation="north-group")
    part = plain(text_of(client, LABEL_FREE))

    assert "estimated, not observed" in part
    assert "labels still to come" in part
    assert part.count("came true") > part.count("did not come true") + 3


def test_the_estimate_is_refused_when_scores_have_come_to_mean_less(client):
    months_of_cases(moved_on=90)
    log_in(client, organisation="north-group")

    assert "calibration has moved" in plain(text_of(client, LABEL_FREE))


def test_a_manufacturer_with_sums_is_not_shown_estimates_of_few(client):
    make_watched()
    log_in(client, organisation="cxr-maker", level="aggregate")

    assert "hidden by the sharing agreement" in text_of(client, LABEL_FREE)


def test_the_past_and_findings_without_a_score_are_not_estimated(client):
    make_watched()
    log_in(client, organisation="north-group")

    assert "what is known today" in text_of(client, LABEL_FREE, as_of="2026-03-04T00:00")
