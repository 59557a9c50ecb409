"""What stands beside the chest studies: four streams through the import commands, and real objects."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from deploy.demo.beside import import_stream
from deploy.demo.exhibit import add_exhibit, exhibit_files
from deploy.demo.network import USERS, create_users, register_network
from deploy.demo.planning import plan_network
from deploy.demo.streams.echocardiography import ejection_fractions
from deploy.demo.streams.lung_nodules import lung_nodules
from deploy.demo.streams.mammography import INTERVAL_CANCER, mammography
from deploy.demo.streams.stroke import stroke_triage
from deploy.demo.training import TrainedNetwork
from inference.events.models import Event
from inference.intake.models import SetAside
from inference.reads.models import Read
from inference.registry.models import Configuration, Version
from inference.results.models import Inference, Prediction
from inference.studies.models import StoredImage
from inference.truth.models import Truth
from monitoring.dashboards.catching_up import work_off
from monitoring.performance.queries import estimates
from monitoring.performance.questions import Question

SEED = 22
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STREAMS = (mammography, stroke_triage, ejection_fractions, lung_nodules)


@pytest.fixture(scope="module")
def plan():
    return plan_network(last_day=date(2026, 11, 23), seed=SEED, size=0.02)


@pytest.fixture
def network(db, plan, settings, tmp_path):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    networks = [
        TrainedNetwork(version=version, sha256=digit * 64, path=Path("none"), auc=0.9)
        for version, digit in (("1.0", "a"), ("1.1", "b"))
    ]
    register_network(plan=plan, networks=networks, now=NOW)
    return networks


def stream(make, plan):
    return make(days=(plan.first_day, plan.last_day), seed=plan.seed)


@pytest.mark.parametrize("make", STREAMS)
def test_a_stream_is_imported_without_a_row_set_aside_and_twice_changes_nothing(network, plan, make):
    import_stream(stream(make, plan))
    counts = [table.objects.count() for table in (Inference, Event, Read, Truth)]
    import_stream(stream(make, plan))

    assert counts[0] == 300 and [table.objects.count() for table in (Inference, Event, Read, Truth)] == counts
    assert SetAside.objects.count() == 0
    assert {flag for flags in Inference.objects.values_list("flags", flat=True) for flag in flags} == {"backfilled"}


@pytest.mark.parametrize("make", STREAMS)
def test_a_stream_lies_within_the_days_of_the_demo_on_weekdays(network, plan, make):
    import_stream(stream(make, plan))
    days = {each.date() for each in Inference.objects.values_list("acquired_at", flat=True)}

    assert plan.first_day <= min(days) and max(days) <= plan.last_day
    assert all(day.weekday() < 5 for day in days)


def test_mammograms_have_two_regions_double_reading_and_arbitration_where_readers_differ(plan):
    rows = stream(mammography, plan).rows
    said = {(row["study_uid"], row["region"], row["stage"]): row["decision"] for row in rows["reads"]}
    differing = {
        (study, region)
        for study, region, stage in said
        if stage == "first" and said[study, region, "first"] != said[study, region, "second"]
    }

    assert {row["region"] for row in rows["inferences"]} == {"L", "R"} and len(rows["inferences"]) == 600
    assert differing == {(study, region) for study, region, stage in said if stage == "arbitration"} != set()


def test_the_interval_cancer_was_negative_for_everybody_and_positive_later(plan):
    rows, uid = stream(mammography, plan).rows, f"2.25.7001{INTERVAL_CANCER:05d}"
    reads = {row["decision"] for row in rows["reads"] if row["study_uid"] == uid}
    truths = [row for row in rows["truth"] if row["study_uid"] == uid]

    assert reads == {"negative"}
    assert [row["value"] for row in sorted(truths, key=lambda row: row["known_at"])] == ["negative", "positive"]
    assert truths[-1]["region"] == "L" and truths[-1]["attributes"]["interval_cancer"] is True


def test_triage_sends_no_score(network, plan):
    import_stream(stream(stroke_triage, plan))

    assert not Prediction.objects.filter(finding="lvo", score__isnull=False).exists()
    assert set(Event.objects.values_list("kind", flat=True)) == {
        "available",
        "opened",
        "final",
        "notified",
        "displayed",
        "treatment_started",
    }


def test_marks_on_chest_ct_find_most_nodules_and_some_vessels(network, plan):
    import_stream(stream(lung_nodules, plan))
    work_off(now=NOW)

    found = estimates(Question(product="lungct", finding="nodule"))

    assert 0.6 < found.get("lesion_sensitivity").outcome.value < 0.95
    assert 0 < found.get("false_marks_per_case").outcome.value < 0.6
    assert 0.75 < found.get("wafroc").outcome.value < 0.99


def test_fractions_become_percentages_and_both_are_kept(network, plan):
    import_stream(stream(ejection_fractions, plan))
    fractions = Prediction.objects.filter(sent_unit="1")

    assert fractions.count() == 10
    for each in fractions:
        assert each.unit == "%" and each.measurement == pytest.approx(100 * each.sent_measurement)


def test_real_objects_of_four_modalities_are_an_exhibit_without_an_inference(network):
    assert add_exhibit(now=NOW) == len(exhibit_files()) > 3
    add_exhibit(now=NOW)

    assert set(StoredImage.objects.values_list("modality", flat=True)) == {"CT", "MR", "US", "CR"}
    assert StoredImage.objects.count() == len(exhibit_files()) and Inference.objects.count() == 0


def test_the_registry_knows_both_networks_and_when_the_second_took_over(network, plan):
    second = Version.objects.get(product="cxr", version="1.1")
    starts = Configuration.objects.filter(version=second).values_list("starts_at", flat=True)

    assert (second.weights_sha256, second.base_weights_sha256) == ("b" * 64, "a" * 64)
    assert {(each.date() - plan.story("version_update").starts_on).days for each in starts} <= {-1, 0}


def test_the_demos_users_are_made_once(network):
    create_users(now=NOW)
    create_users(now=NOW)

    assert {user.username for user in USERS} == {
        "quality", "radiologist", "arbiter", "engineer", "integrator", "manufacturer", "regulator", "admin",
    }  # fmt: skip
