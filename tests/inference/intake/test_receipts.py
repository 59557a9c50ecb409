from datetime import timedelta

import pytest

from audit.log.models import Entry
from inference.intake.models import SetAside
from inference.results.models import Inference
from inference.studies.models import Study
from inference.truth.models import Truth
from tests.factories import (
    NOON,
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

EVERY_KIND = {
    "inferences": inference_row,
    "events": event_row,
    "reads": read_row,
    "responses": response_row,
    "truth": truth_row,
    "corrections": lambda number=1, **over: correction_row(**{"patient_id": f"P{number}"} | over),
}


@pytest.fixture(autouse=True)
def network():
    make_network()


@pytest.mark.parametrize("plural", ["inferences", "events"])
def test_a_deployments_token_need_not_name_it_to_send_the_same_row_again(plural):
    send("inferences", inference_row(1))
    row = EVERY_KIND[plural](1)
    send(plural, row)
    unnamed = {name: value for name, value in row.items() if name != "deployment"}

    assert statuses(send(plural, unnamed, deployment="cxr-north")) == ["duplicate"]


def test_the_same_study_named_at_another_place_or_in_another_case_is_the_same_row():
    row = read_row(1) | {"accession_number": "A1"}
    send("reads", row)
    moved = {name: value for name, value in row.items() if name != "study_uid"}
    moved |= {"accession_number": "a1", "study": {"study_uid": row["study_uid"]}}

    assert statuses(send("reads", moved)) == ["duplicate"]


@pytest.mark.parametrize("over", [{"unit": "m" * 33, "measurement": 1}, {"priority": "p" * 33}])
def test_a_value_too_long_for_its_column_sets_its_row_aside_and_no_other(over):
    odd = inference_row(1, predictions=[{"finding": "nodule", **over}])

    assert statuses(send("inferences", odd, inference_row(2))) == ["quarantined", "stored"]


@pytest.mark.parametrize("first", [{}, {"study": {"study_uid": "1.2.826.0.1.1"}}])
def test_a_modality_longer_than_dicoms_is_stored_and_stands_whole_in_the_description(first):
    if first:
        send("reads", read_row(1) | first)
    said = "Computed Tomography of the chest"

    assert send("inferences", inference_row(1, study=study_part(1, modality=said)))[0].is_in
    study = Study.objects.get()
    assert (study.modality, study.described["study.modality"]) == (said[:16], said)


def statuses(receipts):
    return [receipt.status for receipt in receipts]


def test_receipts_come_in_order_whatever_becomes_of_the_rows():
    send("truth", truth_row(3))
    rows = [truth_row(1), "no object", truth_row(3), truth_row(2, finding="unheard_of"), truth_row(3, value="negative")]

    receipts = send("truth", *rows)

    assert [receipt.row for receipt in receipts] == [1, 2, 3, 4, 5]
    assert statuses(receipts) == ["stored", "quarantined", "duplicate", "stored_flagged", "conflict"]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_row_of_every_kind_is_stored_with_its_entry_and_a_resend_changes_nothing(kind):
    row = EVERY_KIND[kind]()
    (first,) = send(kind, row)
    (second,) = send(kind, row, now=NOON + timedelta(days=1))

    entry = Entry.objects.exclude(kind="registered").order_by("-id").first()
    assert (first.status, first.flags, second.status) == ("stored", (), "duplicate")
    assert entry.record_sha256.hex() == first.record_sha256 == second.record_sha256
    assert (entry.organisation, entry.actor) == ("north-group", "token:test")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_same_uid_with_other_content_is_a_conflict_kept_and_not_stored(kind):
    uid = {f"{kind.rstrip('s')}_uid": "u1"} if kind != "inferences" else {}
    row = EVERY_KIND[kind](**uid)
    changed = {"inferences": {"version": "2.0"}, "corrections": {"at": "2026-03-01T00:00:00+01:00"}}
    other = row | changed.get(kind, {"known_at": "2026-03-01T00:00:00+01:00"})

    receipts = send(kind, row) + send(kind, other)

    assert statuses(receipts) == ["stored", "conflict"]
    assert receipts[0].record_sha256 != receipts[1].record_sha256
    assert SetAside.objects.get().outcome == "conflict"


def test_rows_repeated_in_one_batch_are_stored_once():
    receipts = send("inferences", inference_row(1, version="9"), inference_row(1, version="9"), inference_row(1))

    assert statuses(receipts) == ["stored_flagged", "duplicate", "conflict"]
    assert receipts[1].flags == ("unregistered_version",)
    assert Inference.objects.count() == 1


def test_the_same_quarantined_row_is_kept_once_while_it_waits():
    send("truth", truth_row(1, value="perhaps"), truth_row(1, value="perhaps"))
    send("truth", truth_row(1, value="perhaps"))

    assert SetAside.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "over", "field"),
    [
        ("inferences", {"inference_uid": None}, "inference_uid"),
        ("inferences", {"study": {}}, "study_uid"),
        ("inferences", {"status": "fine"}, "status"),
        ("inferences", {"predictions": [{"finding": "nodule", "score": "0.5"}]}, "predictions[0].score"),
        ("inferences", {"predictions": [{"score": 0.5}]}, "predictions[0].finding"),
        ("inferences", {"predictions": [{"finding": "nodule"}] * 2}, "predictions[1]"),
        ("inferences", {"study": study_part(1, patient_age_years="old")}, "study.patient_age_years"),
        ("inferences", {"deployment": ""}, "deployment"),
        ("events", {"kind": "seen"}, "kind"),
        ("events", {"at": "yesterday"}, "at"),
        ("events", {"inference_uid": None}, "inference_uid"),
        ("reads", {"decision": None}, "decision"),
        ("reads", {"stage": "fourth"}, "stage"),
        ("responses", {"response": "maybe"}, "response"),
        ("truth", {"value": None}, "value"),
        ("truth", {"study_uid": None}, "study_uid"),
        ("truth", {"study_uid": None, "patient_id": "P1"}, "study_uid"),
        ("truth", {"attributes": {"Size": 1}}, "attributes"),
        ("corrections", {"kind": "merge"}, "other_patient_id"),
        ("corrections", {"kind": "study_cancelled"}, "study_uid"),
        ("corrections", {"kind": "images_rejected", "series_uid": "1.9", "patient_id": None}, "series_uid"),
    ],
)
def test_what_cannot_be_understood_waits_in_quarantine_with_its_field(kind, over, field):
    (receipt,) = send(kind, EVERY_KIND[kind]() | over)

    assert (receipt.status, receipt.field) == ("quarantined", field)
    assert receipt.reason.startswith(field)
    assert SetAside.objects.get().field == field


def test_amending_names_the_uid_that_is_replaced_and_keeps_the_old_value():
    (old,) = send("truth", truth_row(1))
    send("truth", truth_row(1, value="negative", amends=old.uid))

    first, second = Truth.objects.order_by("id")
    assert (first.value, second.value) == ("positive", "negative")
    assert second.amends == first.entry.uid


@pytest.mark.parametrize(
    ("kind", "same", "other"),
    [
        ("reads", {"read_at": "2026-03-02T09:00:00+01:00"}, {"reader": "R2"}),
        ("reads", {}, {"stage": "first"}),
        ("responses", {}, {"reader": "R2"}),
        ("truth", {"level": "study"}, {"standard": "surgery"}),
        ("truth", {"determined_at": "2026-03-02T09:00:00Z"}, {"determined_at": "2026-03-03T09:00:00Z"}),
        ("events", {"at": "2026-03-02T07:30:00Z"}, {"at": "2026-03-02T07:31:00Z"}),
        ("corrections", {}, {"kind": "opted_out"}),
    ],
)
def test_an_absent_uid_is_made_from_what_identifies_the_fact(kind, same, other):
    row = EVERY_KIND[kind]()
    first, again, different = (send(kind, each)[0] for each in (row, row | same, row | other))

    assert first.uid == again.uid
    assert first.uid != different.uid
