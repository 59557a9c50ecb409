import pytest

from inference.events.models import Event
from inference.intake.flags import MEANINGS, meaning_of
from inference.reads.models import Read
from inference.results.models import Inference, Prediction
from inference.truth.models import Truth
from tests.factories import (
    NETWORK,
    NOON,
    event_row,
    inference_row,
    make_network,
    read_row,
    send,
    study_part,
    truth_row,
)

pytestmark = pytest.mark.django_db

LATER = (
    '{key: cxr-north, product: cxr, site: north, version: "2.0", role: triage, mode: shadow, from: 2026-03-01T12:00}'
)


@pytest.fixture(autouse=True)
def network():
    make_network()


def flags_of(kind, row):
    (receipt,) = send(kind, row)
    assert receipt.status == ("stored_flagged" if receipt.flags else "stored"), receipt.reason
    return set(receipt.flags)


@pytest.mark.parametrize(
    ("over", "flags"),
    [
        ({}, set()),
        ({"version": None}, {"no_version"}),
        ({"version": "9.9"}, {"unregistered_version"}),
        ({"version": "2.0"}, {"version_not_in_force"}),
        ({"status": None}, {"no_status"}),
        ({"predictions": []}, {"missing_prediction"}),
        ({"predictions": [], "status": "failed"}, set()),
        ({"started_at": "2030-01-01T00:00:00Z"}, {"clock_in_future"}),
        ({"started_at": "2026-03-02T08:20:00"}, {"time_without_offset"}),
        ({"known_at": "2026-03-02T08:20:00Z"}, {"backfilled"}),
        ({"study": study_part(1, acquired_at="2025-06-01T00:00:00Z")}, {"no_configuration"}),
        ({"predictions": [{"finding": "fracture", "score": 0.5}]}, {"unregistered_finding"}),
        ({"predictions": [{"finding": "nodule", "region": "L"}]}, {"unregistered_region"}),
        ({"predictions": [{"finding": "nodule", "score": 83}]}, {"score_out_of_range"}),
        ({"predictions": [{"finding": "nodule", "score": 0.5, "threshold": 0.4}]}, {"threshold_not_in_force"}),
        (
            {"predictions": [{"finding": "nodule", "score": 0.5, "decision": "negative"}]},
            {"decision_contradicts_threshold"},
        ),
        ({"predictions": [{"finding": "nodule", "score": 0.4, "decision": "indeterminate"}]}, set()),
        ({"colour": "red", "scanner": {"colour": "red"}}, {"unknown_field:colour", "unknown_field:scanner.colour"}),
        ({"predictions": [{"finding": "nodule", "colour": 1}]}, {"unknown_field:predictions.colour"}),
        ({"covariates": {"smoker": True, "income": 3}}, {"unknown_field:covariates.income"}),
        ({"<script>": 1}, {"unknown_field:?"}),
    ],
)
def test_what_is_odd_about_a_run_is_stored_and_flagged(over, flags):
    assert flags_of("inferences", inference_row(1) | over) == flags
    assert set(Inference.objects.get().flags) == flags


def test_a_region_of_the_registered_vocabulary_is_not_flagged():
    row = inference_row(1, deployment="mammo-north")
    row["predictions"] = [{"finding": "malignancy", "region": side, "score": 7} for side in "LR"]

    assert flags_of("inferences", row) == set()
    assert flags_of("truth", truth_row(1, finding="malignancy", region="L")) == set()
    assert flags_of("truth", truth_row(1, finding="malignancy", region="Q")) == {"unregistered_region"}
    assert flags_of("reads", read_row(1, finding="nodule", region="L")) == {"unregistered_region"}
    assert flags_of("reads", read_row(1, finding="hope")) == {"unregistered_finding"}


def test_thresholds_version_and_mode_are_those_in_force_when_the_device_ran():
    make_network(f"deployments: [{LATER}]")
    early = study_part(1, acquired_at="2026-03-01T11:59:00+01:00")
    late = study_part(2, acquired_at="2026-03-01T12:01:00+01:00")
    send("inferences", inference_row(1, score=0.55, study=early), inference_row(2, score=0.55, study=late))

    first, second = Inference.objects.order_by("id")
    assert (first.mode, first.flags, second.mode, second.flags) == ("live", [], "shadow", ["version_not_in_force"])
    said = [(p.threshold, p.decision, p.defaulted) for p in Prediction.objects.order_by("id")]
    assert said == [(0.5, "positive", ["threshold", "decision"]), (0.6, "negative", ["threshold", "decision"])]


def test_a_clock_in_the_future_does_not_decide_the_configuration():
    make_network(f"deployments: [{LATER.replace('2026-03-01T12:00', '2029-01-01')}]")
    send("inferences", inference_row(1, started_at="2030-01-01T00:00:00Z"))

    run = Inference.objects.get()
    assert (run.mode, run.flags) == ("live", ["clock_in_future"])


def test_what_is_filled_in_is_marked():
    row = inference_row(1)
    row["study"].pop("acquired_at")
    send("inferences", row)
    send("truth", {k: v for k, v in truth_row(1).items() if k != "determined_at"})

    run, truth = Inference.objects.get(), Truth.objects.get()
    assert (run.run_reason, run.level, run.purpose, run.acquired_at) == ("first", "study", "clinical", NOON)
    assert set(run.defaulted) == {"run_reason", "level", "purpose", "acquired_at"}
    assert (truth.level, truth.certainty, truth.determined_at) == ("study", "probable", NOON)
    assert set(truth.defaulted) == {"level", "certainty", "determined_at"}


def test_a_truth_that_names_a_region_is_of_that_region():
    send("truth", truth_row(1, finding="malignancy", region="L"))

    assert Truth.objects.get().level == "region"


def test_a_site_rule_sets_the_purpose_before_pseudonyms_are_made():
    row = inference_row(1, study=study_part(1, patient_id="PHANTOM-7", purpose="clinical"))
    send("inferences", row)

    assert Inference.objects.get().purpose == "phantom_qa"


def test_a_measurement_is_converted_and_the_sent_one_kept():
    row = inference_row(1, deployment="echo-north")
    row["predictions"] = [{"finding": "ef", "measurement": 0.55, "unit": "1"}]

    assert flags_of("inferences", row) == set()
    said = Prediction.objects.get()
    assert (said.measurement, said.unit, said.sent_measurement, said.sent_unit) == (pytest.approx(55), "%", 0.55, "1")


def test_a_unit_that_measures_something_else_keeps_the_sent_value_alone():
    row = truth_row(1, finding="ejection_fraction", measurement=4.2, unit="cm")
    del row["value"]

    assert flags_of("truth", row) == {"unit_not_convertible"}
    truth = Truth.objects.get()
    assert (truth.measurement, truth.sent_measurement, truth.sent_unit) == (None, 4.2, "cm")


def test_a_read_in_the_registered_unit_is_kept_as_it_is():
    row = read_row(1, finding="ejection_fraction", measurement=40)
    del row["decision"]
    send("reads", row)

    read = Read.objects.get()
    assert (read.measurement, read.unit, read.sent_measurement) == (40.0, "%", None)


def test_another_description_of_the_study_is_flagged_and_the_first_stands():
    send("inferences", inference_row(1))
    differing = study_part(1, patient_id="P2", modality="CR", patient_sex="M")

    flags = flags_of("reads", read_row(1) | {"study": differing})

    assert flags == {"study_differs:patient", "study_differs:study.modality", "study_differs:study.patient_sex"}
    assert Read.objects.get().study.modality == "DX"


def test_times_keep_their_moment_whatever_the_offset():
    send("events", event_row(1, at="2026-03-02T08:30:00"), event_row(1, at="2026-03-02T07:31:00Z", kind="hidden"))

    first, second = Event.objects.order_by("at")
    assert (second.at - first.at).total_seconds() == 60


def test_every_flag_has_its_sentence():
    assert all(meaning_of(flag) == sentence for flag, sentence in MEANINGS.items())
    assert meaning_of("unknown_field:colour").endswith("(colour)")
    assert "flags" not in NETWORK
