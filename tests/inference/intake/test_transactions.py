"""Fact and entry stand or fall together, whoever else writes and whenever the process dies."""

import json
import subprocess
import sys
import time
from threading import Barrier, Thread

import pytest
from django.db import Error, connection, connections, transaction

from audit.log.models import Entry
from inference.intake import storing
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Source
from inference.intake.models import SetAside
from inference.results.kind import INFERENCE
from inference.results.models import Inference, Prediction
from inference.studies.models import Link, Person, Study
from inference.truth.models import Truth
from tests.factories import NOON, inference_row, make_network, read_row, send, study_part, truth_row


class BrokenError(Exception):
    pass


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["append_entries", "store_descriptions", "write_facts", "keep_secrets"])
def test_a_batch_that_breaks_in_the_middle_leaves_nothing(monkeypatch, step):
    make_network()
    entries = Entry.objects.count()
    done = getattr(storing, step)

    def breaks(*args, **kwargs):
        done(*args, **kwargs)
        raise BrokenError

    monkeypatch.setattr(storing, step, breaks)
    with pytest.raises(BrokenError):
        send("inferences", inference_row(1), inference_row(2) | {"status": "odd"})

    for table in (Inference, Prediction, Study, Person, Link, SetAside):
        assert table.objects.count() == 0, table
    assert Entry.objects.count() == entries


@pytest.mark.django_db
def test_every_fact_has_its_entry_and_every_entry_its_fact():
    make_network()
    send("inferences", *[inference_row(number) for number in range(5)])
    send("truth", *[truth_row(number) for number in range(5)])

    for kind, table in (("inference", Inference), ("truth", Truth)):
        entries = set(Entry.objects.filter(kind=kind).values_list("id", flat=True))
        assert entries == set(table.objects.values_list("entry_id", flat=True))
        assert len(entries) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET flags = '{{}}'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", [Inference, Truth, Entry])
def test_the_database_refuses_every_other_change(statement, table):
    make_network()
    send("inferences", inference_row(1))
    send("truth", truth_row(1))
    name = table._meta.db_table
    sql = statement.format(name).replace("flags = '{}'", "kind = ''" if table is Entry else "flags = '{}'")

    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def together(*jobs):
    """Run jobs at once, each in a thread with a connection of its own; raise what any of them raised."""
    start, problems = Barrier(len(jobs)), []

    def run(job):
        try:
            start.wait(timeout=20)
            job()
        except BaseException as error:  # noqa: BLE001  # handed to the test
            problems.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if problems:
        raise problems[0]


def tally(found, receipts):
    for receipt in receipts:
        found[receipt.status] = found.get(receipt.status, 0) + 1


def test_two_writers_of_the_same_rows_store_each_once(committed_database):
    make_network()
    rows = [inference_row(number, study=study_part(number, patient_id=f"P{number % 7}")) for number in range(200)]
    found = {}

    together(
        lambda: tally(found, send("inferences", *rows)),
        lambda: tally(found, send("inferences", *reversed(rows))),
        lambda: tally(found, send("truth", *[truth_row(number) for number in range(200)])),
    )

    assert found == {"stored": 400, "duplicate": 200}
    assert (Inference.objects.count(), Prediction.objects.count(), Truth.objects.count()) == (200, 200, 200)
    assert Study.objects.count() == 200
    assert Link.objects.filter(type="patient").count() == 7
    assert set(Truth.objects.values_list("study_id", flat=True)) == set(Study.objects.values_list("id", flat=True))


def test_two_writers_with_other_content_make_one_conflict(committed_database):
    make_network()
    found = {}

    together(
        lambda: tally(found, send("inferences", inference_row(1, score=0.1))),
        lambda: tally(found, send("inferences", inference_row(1, score=0.9))),
    )

    assert found == {"stored": 1, "conflict": 1}
    assert (Inference.objects.count(), SetAside.objects.count()) == (1, 1)


def test_writers_who_describe_the_same_studies_do_not_block_each_other_for_good(committed_database):
    make_network()
    numbers = list(range(100))
    turned = numbers[50:] + numbers[:50]

    def described(number, **study):
        return read_row(number, study=study)

    together(
        lambda: send("reads", *[described(n, modality="DX") for n in numbers]),
        lambda: send("reads", *[described(n, patient_id=f"P{n}") | {"reader": "R2"} for n in reversed(numbers)]),
        lambda: send("reads", *[described(n, body_part="CHEST") | {"reader": "R3"} for n in turned]),
    )

    assert Study.objects.filter(modality="DX", body_part__in=["", "CHEST"], has_patient=True).count() == 100
    assert Study.objects.filter(body_part="CHEST").count() == 100


def test_an_import_that_is_killed_and_run_again_stores_exactly_its_rows(committed_database, tmp_path):
    make_network()
    connection.close()
    path = tmp_path / "runs.ndjson"
    count = 7_000  # two batches
    path.write_text("".join(json.dumps(inference_row(number)) + "\n" for number in range(count)))
    command = [sys.executable, "manage.py", "import_inferences", str(path), "--deployment", "cxr-north"]
    options = {"env": committed_database.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

    first = subprocess.Popen(command, **options)
    deadline = time.monotonic() + 60
    while Inference.objects.count() == 0 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    first.kill()
    first.communicate()
    stored = Inference.objects.count()
    second = subprocess.run(command, **options, check=False, timeout=120)

    assert 0 < stored < count
    assert second.returncode == 0, second.stderr.decode()
    assert f"{stored} duplicate" in second.stdout.decode()
    assert (Inference.objects.count(), Prediction.objects.count(), Study.objects.count()) == (count,) * 3
    assert Entry.objects.filter(kind="inference").count() == count


@pytest.mark.django_db
def test_a_batch_is_five_thousand_rows_and_more_take_several():
    make_network()
    source = Source(site_key="north", actor="token:test", origin="test")
    rows = (RawRow(number=number, value=inference_row(number)) for number in range(5_003))

    receipts = accept(rows=rows, kind=INFERENCE, source=source, now=NOON)

    assert [receipt.row for receipt in receipts] == list(range(5_003))
    assert Inference.objects.count() == 5_003
