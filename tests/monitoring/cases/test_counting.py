"""What counts, told as small stories of one study."""

from datetime import timedelta

import pytest

from monitoring.cases.facts import AsOf
from monitoring.cases.reasons import SENTENCES
from tests.monitoring.cases.stories import (
    DAY,
    at,
    cases_of,
    only_case,
    reasons_of,
    run,
    says,
    settings,
    shown,
    study,
    truth,
)

# --- which run ---------------------------------------------------------------------------------------------------


def test_without_display_events_the_first_run_counts():
    facts = study(runs=(run(2, hours=5), run(1, hours=1)))

    assert reasons_of(facts) == {1: "", 2: "another_run_counts"}


def test_the_last_run_shown_before_the_final_read_counts():
    from tests.monitoring.cases.stories import read

    facts = study(
        runs=(run(1), run(2, hours=2), run(3, hours=4)),
        events=(shown(1, 1.5), shown(2, 2.5), shown(3, 4.5)),
        reads=(read(hours=3),),
    )

    assert reasons_of(facts) == {1: "another_run_counts", 2: "", 3: "another_run_counts"}


def test_without_a_read_the_run_shown_last_counts():
    facts = study(runs=(run(1), run(2, hours=2)), events=(shown(1, 1.5), shown(2, 2.5)))

    assert reasons_of(facts) == {1: "another_run_counts", 2: ""}


def test_a_run_that_may_not_count_does_not_keep_another_from_counting():
    facts = study(runs=(run(1, flags=frozenset({"unregistered_version"})), run(2, hours=2)))

    assert reasons_of(facts) == {1: "unregistered_version", 2: ""}


def test_a_failed_run_and_its_retry_are_both_logged_and_one_counts():
    failed = run(1, status="failed", predictions=())
    facts = study(runs=(failed, run(2, hours=2)))

    assert reasons_of(facts) == {1: "status_failed", 2: ""}


def test_images_of_one_study_are_units_of_their_own():
    def image(pk, uid):
        return run(pk, level="image", inputs=({"use": "current", "sop_instance_uid": uid},))

    assert reasons_of(study(runs=(image(1, "a"), image(2, "b"), image(3, "b")))) == {
        1: "", 2: "", 3: "another_run_counts",
    }  # fmt: skip


def test_two_deployments_do_not_compete():
    first, second = settings(key="d"), settings(key="e")
    facts = study(runs=(run(1), run(2, deployment="e")))
    from monitoring.cases.counting import count_study
    from tests.monitoring.cases.stories import RULE

    cases = count_study(facts, rules=[RULE], deployments={"d": first, "e": second})

    assert [case.excluded for case in cases] == ["", ""]


# --- what may not count ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"purpose": "phantom_qa"}, "purpose_phantom_qa"),
        ({"purpose": "unknown"}, "purpose_unknown"),
        ({"mode": "shadow"}, "mode_shadow"),
        ({"mode": ""}, "no_configuration"),
        ({"flags": frozenset({"clock_in_future"})}, "clock_in_future"),
        ({"flags": frozenset({"version_not_in_force"})}, "version_not_in_force"),
        ({"flags": frozenset({"no_version"}), "version": ""}, "no_version"),
        ({"status": "timed_out"}, "status_timed_out"),
        ({"flags": frozenset({"no_status", "time_without_offset", "backfilled"}), "status": ""}, ""),
        ({"status": "partial"}, ""),
    ],
)
def test_only_clinical_live_runs_of_the_version_in_force_count(over, reason):
    assert only_case(study(runs=(run(**over),))).excluded == reason
    assert not reason or reason in SENTENCES


def test_a_decision_that_contradicts_its_threshold_is_left_out():
    facts = study(runs=(run(1, says(0.9, decision="negative"), says(0.9, finding="mass")),))
    cases = cases_of(facts, with_settings=settings(findings=("nodule", "mass")))

    assert {case.finding: case.excluded for case in cases} == {"nodule": "decision_contradicts_threshold", "mass": ""}


def test_a_finding_that_a_run_says_nothing_of_is_one_case_without_a_prediction():
    cases = cases_of(study(), with_settings=settings(findings=("nodule", "mass")))

    assert {case.finding: case.excluded for case in cases} == {"nodule": "", "mass": "no_prediction"}


def test_an_unregistered_finding_or_region_is_stored_and_left_out():
    facts = study(runs=(run(1, says(finding="fracture"), says(region="L"), says()),))

    found = {(case.finding, case.region): case.excluded for case in cases_of(facts)}

    assert found == {
        ("fracture", ""): "unregistered_finding",
        ("nodule", "L"): "unregistered_region",
        ("nodule", ""): "",
    }


# --- when --------------------------------------------------------------------------------------------------------


def test_a_run_is_not_there_before_it_came_in():
    assert cases_of(study(runs=(run(hours=5),)), as_of=AsOf(at=at(4))) == []


def test_the_two_bases_differ_by_what_was_known_elsewhere():
    late = truth(received=DAY + timedelta(days=400), known=DAY + timedelta(days=30))
    moment = DAY + timedelta(days=100)

    assert only_case(study(truths=(late,)), as_of=AsOf(at=moment, basis="received")).truth == ""
    assert only_case(study(truths=(late,)), as_of=AsOf(at=moment, basis="known")).truth == "positive"


def test_the_day_of_a_case_is_that_of_the_site():
    late = DAY.replace(hour=23, minute=30)

    assert f"{only_case(study(acquired_at=late)).acquired_on}" == "2026-03-03"


# --- minutes to the reader ---------------------------------------------------------------------------------------


def test_minutes_run_from_available_to_opened():
    events = (shown(0, 1, kind="available"), shown(0, 1.5, kind="opened"), shown(0, 2, kind="opened"))

    assert only_case(study(events=events)).minutes_to_reader == 30


def test_without_available_they_run_from_the_alert_and_without_opened_to_the_display():
    events = (shown(1, 1, kind="notified"), shown(1, 0.5), shown(1, 1.25))

    assert only_case(study(events=events)).minutes_to_reader == 15


def test_without_events_there_are_no_minutes():
    assert only_case(study()).minutes_to_reader is None


# --- slices ------------------------------------------------------------------------------------------------------


def test_slices_take_the_run_before_the_study_and_name_what_is_unknown():
    facts = study(
        described={"study.patient_age_years": 93.0, "acquisition.view_position": "PA", "covariates.smoker": True},
        runs=(run(described={"acquisition": {"view_position": "AP"}}),),
    )

    assert only_case(facts).slices == {
        "site": "north", "scanner": "unknown", "sex": "unknown", "age_band": "90+", "view_position": "AP",
        "setting": "unknown", "month": "2026-03", "version": "1.0", "smoker": "true",
    }  # fmt: skip


def test_minutes_to_treatment_run_from_the_same_start():
    events = (
        shown(0, 1, kind="available"),
        shown(0, 0.5, kind="treatment_started"),  # before the study was there: of something else
        shown(0, 2.5, kind="treatment_started"),
    )

    assert only_case(study(events=events)).minutes_to_treatment == 90
    assert only_case(study()).minutes_to_treatment is None
