"""Reads, truth and events find their study whether they come before, after or without its inference."""

import itertools

import pytest

from inference.corrections.models import Correction
from inference.events.models import Event
from inference.intake.models import SetAside
from inference.reads.models import Read, Response
from inference.results.models import Inference
from inference.studies.models import Link, Study
from inference.truth.models import Truth
from tests.factories import (
    correction_row,
    event_row,
    inference_row,
    make_network,
    read_row,
    response_row,
    send,
    study_part,
    truth_row,
)

pytestmark = pytest.mark.django_db

BY_UID = {"study_uid": "1.2.826.0.1.1"}
BY_ACCESSION = {"study_uid": None, "accession_number": "A1"}
BY_DAY = {"study_uid": None, "patient_id": "P1", "acquired_on": "2026-03-02"}


@pytest.fixture(autouse=True)
def network():
    make_network()


@pytest.mark.parametrize("named", [BY_UID, BY_ACCESSION, BY_DAY], ids=["uid", "accession", "day"])
@pytest.mark.parametrize("order", list(itertools.permutations(["run", "read", "truth"])), ids="-".join)
def test_whatever_comes_first_all_meet_in_one_study(named, order):
    send_one = {
        "run": lambda: send("inferences", inference_row(1)),
        "read": lambda: send("reads", read_row(1) | named),
        "truth": lambda: send("truth", truth_row(1) | named),
    }
    statuses = [send_one[step]()[0].status for step in order]

    assert statuses == ["stored"] * 3
    studies = {table.objects.get().study_id for table in (Inference, Read, Truth)}
    assert len(studies) == Study.objects.count() == 1


@pytest.mark.parametrize("named", [BY_UID, BY_ACCESSION, BY_DAY], ids=["uid", "accession", "day"])
def test_resending_after_the_study_became_known_is_a_duplicate(named):
    truth = truth_row(1) | named
    send("truth", truth)
    send("inferences", inference_row(1))

    assert send("truth", truth)[0].status == "duplicate"
    assert Truth.objects.count() == 1


def test_a_patient_with_two_studies_that_day_needs_more_than_the_day():
    send("inferences", inference_row(1), inference_row(2, study=study_part(2, patient_id="P1")))

    (receipt,) = send("truth", truth_row(1) | BY_DAY)

    assert (receipt.status, receipt.field) == ("quarantined", "study_uid")
    assert "several studies" in SetAside.objects.get().reason


def test_a_truth_by_day_stays_a_duplicate_when_a_second_study_appears():
    send("inferences", inference_row(1))
    send("truth", truth_row(1) | BY_DAY)
    send("inferences", inference_row(2, study=study_part(2, patient_id="P1")))

    assert send("truth", truth_row(1) | BY_DAY)[0].status == "duplicate"
    assert send("truth", truth_row(1, value="negative", standard="panel") | BY_DAY)[0].status == "quarantined"


def test_the_day_is_that_of_the_sites_zone():
    late = study_part(1, acquired_at="2026-03-01T23:30:00Z")  # half past midnight in Berlin
    send("inferences", inference_row(1, study=late))
    send("truth", truth_row(1) | BY_DAY)

    assert Truth.objects.get().study_id == Inference.objects.get().study_id


def test_a_second_study_of_one_order_is_a_study_of_its_own():
    send("inferences", inference_row(1), inference_row(2, study=study_part(2, accession_number="A1")))

    assert Study.objects.count() == 2


@pytest.mark.parametrize("together", [True, False])
def test_an_order_of_several_studies_does_not_silently_mean_its_first_for_what_is_about_one(together):
    rows = inference_row(1), inference_row(2, study=study_part(2, accession_number="A1"))
    for batch in [rows] if together else [[row] for row in rows]:
        send("inferences", *batch)

    cancelled = {"kind": "study_cancelled", "at": "2026-03-02T10:00:00Z"}
    (receipt,) = send("corrections", cancelled | BY_ACCESSION)
    (named,) = send("corrections", cancelled | {"study_uid": "1.2.826.0.1.2", "accession_number": "A1"})

    assert (receipt.status, receipt.field, named.status) == ("quarantined", "study_uid", "stored")
    assert "covers several studies" in SetAside.objects.get().reason
    assert Correction.objects.get().study_id == Inference.objects.order_by("id").last().study_id


def test_a_report_of_an_order_is_one_read_before_and_after_the_order_gets_a_second_study():
    send("inferences", inference_row(1))
    send("reads", read_row(1) | BY_ACCESSION)
    send("inferences", inference_row(2, study=study_part(2, accession_number="A1")))

    assert send("reads", read_row(1) | BY_ACCESSION)[0].status == "duplicate"
    assert send("reads", read_row(1, reader="R2") | BY_ACCESSION)[0].status == "stored"
    assert {each.study_id for each in Read.objects.all()} == {Inference.objects.order_by("id").first().study_id}


def test_rows_of_one_batch_by_uid_and_by_day_meet_in_one_study():
    by_uid = read_row(1, study=study_part(1))

    send("reads", by_uid, read_row(1, reader="R2") | BY_DAY)

    assert Study.objects.count() == 1


def test_a_study_that_never_met_a_product_may_be_read_and_is_described():
    row = read_row(7, study=study_part(7), scanner={"manufacturer": "GE", "model": "DR"})
    send("reads", row)

    study = Study.objects.get()
    assert (study.modality, study.described["study.patient_sex"], study.has_patient) == ("DX", "F", True)
    assert Read.objects.get().described["scanner"]["model"] == "DR"


def test_an_event_after_its_run_gets_its_study():
    send("inferences", inference_row(1))
    send("events", event_row(1))
    send("responses", response_row(1))

    run = Inference.objects.get()
    assert Event.objects.get().study_id == Response.objects.get().study_id == run.study_id
    assert Event.objects.get().inference_uid == run.entry.uid


def test_an_event_before_its_run_can_be_joined_by_uid_and_its_resend_is_a_duplicate():
    send("events", event_row(1))
    send("inferences", inference_row(1))

    event, run = Event.objects.get(), Inference.objects.get()
    assert (event.study_id, event.inference_uid, event.deployment_id) == (None, run.entry.uid, run.deployment_id)
    assert send("events", event_row(1))[0].status == "duplicate"


def test_two_deployments_may_use_the_same_inference_uid():
    send("inferences", inference_row(1), inference_row(1, deployment="mammo-north", predictions=[]))
    send("events", event_row(1), event_row(1, deployment="mammo-north"))

    assert Inference.objects.count() == 2
    assert {event.deployment_id for event in Event.objects.all()} == {"cxr-north", "mammo-north"}


def test_an_event_without_its_deployment_at_a_site_with_several_is_not_understood():
    (receipt,) = send("events", event_row(1, deployment=None))

    assert (receipt.status, receipt.field) == ("quarantined", "deployment")


def test_at_a_site_with_one_deployment_nothing_needs_to_name_it():
    send("inferences", inference_row(1, deployment=None), site="east")
    send("events", event_row(1, deployment=None), site="east")

    assert Event.objects.get().deployment_id == Inference.objects.get().deployment_id == "cxr-east"


def test_a_study_met_without_its_patient_gets_the_one_named_first():
    anonymous = {"study_uid": "1.2.826.0.1.1"}
    run = inference_row(1, study=anonymous)
    send("inferences", run)
    before = Study.objects.get()
    send("reads", read_row(1, study={"patient_id": "P1"}))
    after = Study.objects.get()

    assert (before.has_patient, after.has_patient) == (False, True)
    assert before.person_id != after.person_id
    assert send("inferences", run)[0].status == "duplicate"
    assert send("reads", read_row(1, reader="R2", study={"patient_id": "P2"}))[0].flags == ("study_differs:patient",)
    assert Study.objects.get().person_id == after.person_id


@pytest.mark.parametrize("step", [1, 2])
def test_a_patient_named_by_a_later_row_of_the_batch_is_the_studys(step):
    rows = [read_row(1), read_row(1, reader="R2", study=study_part(1))]
    receipts = [receipt for place in range(0, 2, step) for receipt in send("reads", *rows[place : place + step])]

    study, patient = Study.objects.get(), Link.objects.get(type="patient")
    assert [receipt.status for receipt in receipts] == ["stored"] * 2
    assert (study.has_patient, study.person_id) == (True, patient.target)
    assert set(Link.objects.values_list("person_id", flat=True)) == {patient.target}


def test_a_wrong_patient_names_the_right_one_and_leaves_the_study_as_it_was():
    send("inferences", inference_row(1))
    row = correction_row(kind="wrong_patient", patient_id="P9", study_uid="1.2.826.0.1.1")
    receipts = send("corrections", row) + send("corrections", row)

    correction, study = Correction.objects.get(), Study.objects.get()
    assert [(each.status, each.flags) for each in receipts] == [("stored", ()), ("duplicate", ())]
    assert correction.study_id == study.pk
    assert correction.person_id != study.person_id


def test_a_merge_names_two_persons():
    send("inferences", inference_row(1), inference_row(2))
    send("corrections", correction_row(kind="merge", patient_id="P1", other_patient_id="P2"))

    persons = list(Study.objects.order_by("created_at", "id").values_list("person_id", flat=True))
    correction = Correction.objects.get()
    assert {correction.person_id, correction.other_person_id} == set(persons)


def test_rejected_images_are_named_by_their_random_ids():
    place = {"series_uid": "1.9.1", "sop_instance_uid": "1.9.1.1"}
    send("inferences", inference_row(1, inputs=[{"kind": "dicom", **place}]))
    send("corrections", {"kind": "images_rejected", "at": "2026-03-02T10:00:00Z", "series_uid": "1.9.1"})

    assert str(Correction.objects.get().series_uid) == Inference.objects.get().inputs[0]["series_uid"]
