"""Attacks on the log by a database superuser, each named by verify_log."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint, Entry
from audit.log.sequencing import sequence
from inference.results.models import Inference, Prediction
from tests.factories import inference_row, make_network, read_row, send, truth_row

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def log(now):
    """Six runs with reads and truths, sequenced and signed; then some more, signed again."""
    make_network()
    send("inferences", *[inference_row(n) for n in range(1, 7)], now=now)
    settle(now)
    send("reads", *[read_row(n) for n in range(1, 7)], now=now + HOUR)
    send("truth", *[truth_row(n) for n in range(1, 7)], now=now + HOUR)
    settle(now + HOUR)


def settle(now):
    sequence(now=now)
    sign_checkpoints(now=now)


def verify(*arguments) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_log", *arguments, stdout=out, stderr=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def as_superuser(statement, *values):
    """Change what the triggers refuse, as whoever owns the database can. (Deferred checks are made now.)"""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'append_only%'"
        )
        triggers = cursor.fetchall()
        for table, name in triggers:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        cursor.execute(statement, values)
        count = cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in triggers:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        return count


def test_an_untouched_log_is_intact(log):
    code, said = verify()
    assert code == 0, said
    assert "Intact" in said


def test_an_edited_score_is_named_with_its_fact_and_position(log):
    prediction = Prediction.objects.order_by("id")[2]
    entry = prediction.inference.entry
    as_superuser("UPDATE inference_prediction SET score = .01 WHERE id = %s", prediction.pk)
    code, said = verify()
    assert code == 1
    assert f"inference_inference row {prediction.inference_id}" in said
    assert f"position {entry.position} of the log of north-group" in said
    assert "payload.predictions[0].score is 0.01 in the table, but 0.83 in the log" in said
    assert said.count("\n") == 2


ENTRY = "UPDATE audit_entry SET at = {} WHERE organisation = 'north-group' AND position = 3"
RUN = "UPDATE inference_inference SET {}"
ODD_EDITS = [
    ENTRY.format("at + interval '1 second'"),
    ENTRY.format("(at::timestamp::text || '+00 BC')::timestamptz"),
    ENTRY.format("'infinity'"),
    ENTRY.format("'12026-01-01'"),
    RUN.format("received_at = (received_at::timestamp::text || '+00 BC')::timestamptz"),
    RUN.format("received_at = '-infinity'"),
    RUN.format("known_at = 'infinity'"),
    RUN.format("flags = ARRAY[NULL]::varchar[]"),
    RUN.format("described = 'null'"),
    RUN.format("described = jsonb_build_object('a', 1e400::numeric)"),
    RUN.format("described = (repeat('[', 2000) || repeat(']', 2000))::jsonb"),
    "UPDATE inference_prediction SET score = 'NaN'",
    "UPDATE inference_prediction SET score = '-Infinity'",
]


@pytest.mark.parametrize("statement", ODD_EDITS)
def test_values_that_no_entry_can_hold_are_named_and_stop_nothing(log, statement):
    assert as_superuser(statement)
    code, said = verify()
    assert code == 1
    assert "The fact registration" in said if statement.startswith("UPDATE audit_entry") else "The fact inf" in said


def test_a_deleted_prediction_is_named(log):
    prediction = Prediction.objects.order_by("id").last()
    as_superuser("DELETE FROM inference_prediction WHERE id = %s", prediction.pk)
    code, said = verify()
    assert code == 1
    assert f"inference_inference row {prediction.inference_id}" in said


def test_a_deleted_fact_is_named(log):
    as_superuser("DELETE FROM inference_truth WHERE id = (SELECT max(id) FROM inference_truth)")
    code, said = verify()
    assert code == 1
    assert "truth" in said
    assert "has no fact: it was deleted" in said


def test_a_deleted_fact_with_its_entry_is_named(log):
    entry = Entry.objects.filter(kind="truth").first()
    as_superuser("DELETE FROM inference_truth WHERE entry_id = %s", entry.pk)
    as_superuser("DELETE FROM audit_entry WHERE id = %s", entry.pk)
    code, said = verify()
    assert code == 1
    assert f"position {entry.position} of the log of north-group is missing" in said


def test_fact_and_entry_edited_together_are_named(log):
    read = Entry.objects.filter(kind="read").first()
    as_superuser("UPDATE inference_read SET decision = 'negative' WHERE entry_id = %s", read.pk)
    body = bytes(read.body).replace(b'"decision":"positive"', b'"decision":"negative"')
    as_superuser(
        "UPDATE audit_entry SET body = %s, leaf_hash = sha256('\\x00'::bytea || %s) WHERE id = %s", body, body, read.pk
    )
    code, said = verify()
    assert code == 1
    assert f"position {read.position} of the log of north-group is not the leaf in the tree" in said


def test_two_entries_that_changed_places_are_named(log):
    first, second = Entry.objects.filter(kind="read").order_by("position")[:2]
    for entry, position in ((first, 10**6), (second, first.position), (first, second.position)):
        as_superuser("UPDATE audit_entry SET position = %s WHERE id = %s", position, entry.pk)
    code, said = verify()
    assert code == 1
    assert f"position {first.position} " in said
    assert f"position {second.position} " in said


def test_a_fact_without_entry_is_named(log):
    run = Inference.objects.first()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'inference_read'::regclass AND contype = 'f'"
            " AND conname LIKE '%entry%'"
        )
        cursor.execute(f'ALTER TABLE inference_read DROP CONSTRAINT "{cursor.fetchone()[0]}"')
    as_superuser("UPDATE inference_read SET entry_id = -1 WHERE id = (SELECT min(id) FROM inference_read)")
    code, said = verify()
    assert code == 1
    assert "inference_read row" in said
    assert "has no entry" in said
    assert run


def test_an_entry_put_in_later_with_a_past_time_is_named(log, now):
    record_act("test.act", organisation="north-group", subject="x", actor="test", at=now - timedelta(days=30))
    settle(now + 2 * HOUR)
    code, said = verify()
    assert code == 1
    assert "a clock was set back" in said


def test_a_cut_tail_is_found_by_the_checkpoint_in_the_database(log):
    cut_tail(keep_checkpoints=True)
    code, said = verify()
    assert code == 1
    assert "its end was cut off" in said


def test_a_cut_tail_is_found_by_an_older_checkpoint_file(log, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(Checkpoint.objects.filter(organisation="north-group").order_by("-size").first().note)
    cut_tail(keep_checkpoints=False)
    assert verify()[0] == 0
    code, said = verify("--checkpoint", str(kept))
    assert code == 1
    assert "kept.txt" in said
    assert "its end was cut off" in said


def cut_tail(*, keep_checkpoints):
    """Roll the log back to its first checkpoint, as a restored backup would be."""
    first = Checkpoint.objects.filter(organisation="north-group").order_by("size").first()
    tail = "SELECT id FROM audit_entry WHERE organisation = 'north-group' AND position >= %s"
    for table in ("inference_read", "inference_truth"):
        as_superuser(f"DELETE FROM {table} WHERE entry_id IN ({tail})", first.size)
    as_superuser("DELETE FROM audit_entry WHERE organisation = 'north-group' AND position >= %s", first.size)
    if not keep_checkpoints:
        as_superuser("DELETE FROM audit_checkpoint WHERE organisation = 'north-group' AND size > %s", first.size)
    rebuild_tree("north-group")


def rebuild_tree(organisation):
    """Make the tree anew over the entries there are, as an attacker with the sequencer's rights could."""
    as_superuser("DELETE FROM audit_tile WHERE organisation = %s", organisation)
    as_superuser("UPDATE audit_tree SET size = 0, frontier = '' WHERE organisation = %s", organisation)
    as_superuser("UPDATE audit_entry SET position = NULL WHERE organisation = %s", organisation)
    sequence(now=Entry.objects.latest("at").at)


def test_a_tree_rebuilt_and_signed_with_the_real_key_is_found_by_an_older_checkpoint(log, tmp_path, now):
    kept = tmp_path / "kept.txt"
    kept.write_text(Checkpoint.objects.filter(organisation="north-group").order_by("-size").first().note)
    entry = Entry.objects.filter(kind="read").first()
    as_superuser("UPDATE inference_read SET decision = 'negative' WHERE entry_id = %s", entry.pk)
    body = bytes(entry.body).replace(b'"decision":"positive"', b'"decision":"negative"')
    as_superuser(
        "UPDATE audit_entry SET body = %s, leaf_hash = sha256('\\x00'::bytea || %s) WHERE id = %s", body, body, entry.pk
    )
    as_superuser("DELETE FROM audit_checkpoint WHERE organisation = 'north-group'")
    rebuild_tree("north-group")
    sign_checkpoints(now=now + 2 * HOUR)
    assert verify()[0] == 0
    code, said = verify("--checkpoint", str(kept))
    assert code == 1
    assert "the log was rewritten" in said


def test_an_edited_checkpoint_is_named(log):
    as_superuser("UPDATE audit_checkpoint SET note = replace(note, %s, %s)", "north-group\n", "north-gruop\n")
    code, said = verify()
    assert code == 1
    assert "not signed as it stands" in said


def test_a_file_that_is_no_checkpoint_is_unreadable(log, tmp_path):
    (tmp_path / "x").write_text("hello")
    assert verify("--checkpoint", str(tmp_path / "x"))[0] == 2
    assert verify("--checkpoint", str(tmp_path / "absent"))[0] == 2


def test_a_waiting_entry_is_held_to_its_fact_too(log, now):
    send("truth", truth_row(1, value="negative", determined_at="2026-03-03T10:00:00Z"), now=now + 2 * HOUR)
    entry = Entry.objects.filter(position=None, kind="truth").get()
    as_superuser("UPDATE inference_truth SET value = 'positive' WHERE entry_id = %s", entry.pk)
    code, said = verify()
    assert code == 1
    assert "waiting" in said
