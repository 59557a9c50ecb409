"""Writers who meet the same study at once, each knowing other names of it, agree on one study."""

import time
from threading import Thread

import pytest
from django.db import connection, connections, transaction

from inference.reads.models import Read
from inference.results.models import Inference
from inference.studies.models import Link, Person, SharedOrder, Study, VaultValue
from inference.truth.models import Truth
from tests.factories import inference_row, make_network, read_row, send, study_part, truth_row

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"

EARLIER = study_part(9, patient_id="P1", acquired_at="2026-01-02T08:15:00+01:00")


def after_the_first(first, second):
    """Run `first`, and `second` beside it until it waits for the first to commit; return what the second gave."""
    answers, problems = [], []

    def run():
        try:
            answers.append(second())
        except BaseException as error:  # noqa: BLE001  # handed to the test
            problems.append(error)
        finally:
            connections.close_all()

    beside = Thread(target=run)
    with transaction.atomic():
        first()
        beside.start()
        wait_until_it_waits(beside)
    beside.join(timeout=60)
    if problems:
        raise problems[0]
    return answers[0]


def wait_until_it_waits(beside):
    deadline = time.monotonic() + 20
    while beside.is_alive() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)


def named_by(text, *rows):
    """Return rows that name their study by its accession number alone."""
    return [{name: value for name, value in row.items() if name != "study_uid"} | text for row in rows]


def test_a_writer_who_loses_the_study_uid_keeps_no_study_under_the_accession_number(committed_database):
    make_network()

    after_the_first(
        lambda: send("truth", truth_row(1), truth_row(2)),
        lambda: send("inferences", inference_row(1), inference_row(2)),
    )

    assert Study.objects.count() == 2
    assert set(Link.objects.filter(type="accession").values_list("target", flat=True)) == set(
        Study.objects.values_list("id", flat=True)
    )
    (read,) = named_by({"accession_number": "A1"}, read_row(1))
    send("reads", read)
    assert Read.objects.get().study_id == Inference.objects.order_by("id").first().study_id
    assert Truth.objects.filter(study_id=Read.objects.get().study_id).count() == 1
    assert set(VaultValue.objects.values_list("subject", flat=True)) <= {str(key) for key in targets()}
    assert Person.objects.count() == len(set(Study.objects.values_list("person_id", flat=True))) + 2


def targets():
    return Link.objects.values_list("target", flat=True)


@pytest.mark.parametrize("late", ["inferences", "truth"])
def test_a_truth_by_patient_and_day_beside_its_inference_meets_it_in_one_study(committed_database, late):
    make_network()
    send("inferences", inference_row(9, study=EARLIER))
    (truth,) = named_by({"patient_id": "P1", "acquired_on": "2026-03-02"}, truth_row(1))
    jobs = [lambda: send("inferences", inference_row(1)), lambda: send("truth", truth)]

    after_the_first(*(reversed(jobs) if late == "inferences" else jobs))

    assert Study.objects.count() == 2
    assert Truth.objects.get().study_id == Inference.objects.order_by("id").last().study_id


def test_two_studies_that_claim_one_order_at_once_stay_two(committed_database):
    make_network()
    (read,) = named_by({"accession_number": "A1"}, read_row(1))
    send("inferences", inference_row(9, study=EARLIER))
    send("reads", read)

    after_the_first(
        lambda: send("inferences", inference_row(1)),
        lambda: send("inferences", inference_row(2, study=study_part(2, patient_id="P1", accession_number="A1"))),
    )

    assert Inference.objects.values("study_id").distinct().count() == 3
    assert Study.objects.count() == 3
    assert send("reads", read | {"reader": "R2"})[0].status == "stored"
    said = Read.objects.get(reader="R2")
    shared = SharedOrder.objects.filter(first=said.study_id).values_list("other", flat=True)
    earlier = Inference.objects.earliest("acquired_at").study_id
    assert {said.study_id, *shared} == set(Study.objects.values_list("pk", flat=True)) - {earlier}
