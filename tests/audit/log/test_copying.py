"""What a binary COPY writes is what Django reads back, and the log is the same whichever way entries went in."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import repeat

import pytest
from django.db import DataError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.log import actions
from audit.log.actions import EntryDraft, append_entries, entry_body, record_facts
from audit.log.copying import column, copy_columns, copy_rows, form_of, of_text
from audit.log.models import Act, Checkpoint, Entry, plain
from audit.log.queries import fact_tables
from audit.proofs.canonical import canonical_json
from audit.proofs.merkle import leaf_hash

EAST = datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=5)))
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)


def draft(number, **over):
    said = {
        "organisation": "north-group", "scope": "site/north", "kind": "test", "uid": f"uid-{number}", "actor": "test",
        "at": NOW, "record_sha256": bytes(32), "payload": {"number": number},
    }  # fmt: skip
    return EntryDraft(**said | over)


@pytest.mark.parametrize("table", list(fact_tables()), ids=lambda table: table.__name__)
def test_every_column_of_every_fact_table_has_a_form(table):
    for field in table._meta.concrete_fields:
        form_of(field)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(
    subject=texts,
    details=st.dictionaries(texts, texts | st.booleans() | st.none() | st.floats(-1e6, 1e6)),
    flags=st.lists(texts, max_size=3),
    moment=st.integers(-3 * 10**15, 7 * 10**15).map(lambda micros: EAST + timedelta(microseconds=micros)),
    known=st.booleans(),
)
def test_rows_copied_in_are_read_back_as_they_were(subject, details, flags, moment, known):
    with transaction.atomic():
        entry_id = append_entries([draft(1)])["site/north", "test", "uid-1"]
        known_at = moment if known else None
        said = {"subject": subject, "details": details, "flags": flags, "received_at": moment, "known_at": known_at}
        copy_rows(Act, [said | {"entry_id": entry_id, "organisation": "north-group"}])
        act = Act.objects.get()
        transaction.set_rollback(True)
    assert {name: getattr(act, name) for name in said} == said


@pytest.mark.django_db
def test_a_column_that_says_the_same_everywhere_is_written_once():
    form = {field.name: form_of(field) for field in Checkpoint._meta.concrete_fields}
    columns = {
        "organisation": repeat(of_text("north")), "note": repeat(of_text("n")),
        "signed_at": repeat(form["signed_at"](NOW)),
        "size": column(form["size"], range(3)), "root": column(form["root"], [bytes([n]) * 32 for n in range(3)]),
    }  # fmt: skip
    copy_columns("audit_checkpoint", columns, count=3)
    found = Checkpoint.objects.order_by("size").values_list("organisation", "size", "root", "signed_at")
    assert [(name, size, bytes(root), at) for name, size, root, at in found] == [
        ("north", number, bytes([number]) * 32, NOW) for number in range(3)
    ]


@pytest.mark.django_db
def test_an_error_of_a_copy_is_one_of_djangos():
    with pytest.raises(DataError), transaction.atomic():
        copy_rows(Act, [{"entry_id": 1, "organisation": "o" * 65, "subject": "s", "received_at": NOW}])


@settings(max_examples=100, deadline=None)
@given(
    uid=texts,
    scope=texts,
    actor=texts,
    payload=st.dictionaries(texts, texts | st.floats(allow_nan=False, allow_infinity=False), max_size=4),
)
def test_an_entry_is_the_canonical_form_of_what_it_says(uid, scope, actor, payload):
    said = draft(1, uid=uid, scope=scope, actor=actor, payload=payload, record_sha256=bytes(range(32)))
    assert entry_body(said) == canonical_json({
        "v": 1, "organisation": "north-group", "scope": scope, "kind": "test", "uid": uid, "actor": actor,
        "at": plain(NOW), "by_clock": "server", "record_sha256": bytes(range(32)).hex(), "payload": payload,
    })  # fmt: skip


def stored():
    found = Entry.objects.order_by("scope", "kind", "uid")
    return [(e.organisation, e.uid, e.actor, e.at, bytes(e.body), bytes(e.leaf_hash), e.position) for e in found]


@pytest.mark.django_db
@pytest.mark.parametrize("earlier", [[], [3], range(50, 70), range(200)])
@pytest.mark.parametrize("twice", [False, True])
def test_the_log_is_the_same_whether_entries_are_copied_or_inserted(monkeypatch, earlier, twice):
    drafts = [draft(number, uid=f'"\\{number}é') for number in range(100)] + ([draft(7, uid='"\\7é')] if twice else [])
    answers = []
    for from_count in (1, 1_000):
        monkeypatch.setattr(actions, "COPIED_FROM", from_count)
        with transaction.atomic():
            append_entries([draft(number, uid=f'"\\{number}é', actor="before") for number in earlier])
            fresh = append_entries(drafts)
            ids = dict(Entry.objects.values_list("uid", "id"))
            assert all(ids[uid] == pk for (_, _, uid), pk in fresh.items())
            answers.append((set(fresh), stored()))
            transaction.set_rollback(True)
    assert answers[0] == answers[1]
    assert len(answers[0][0]) == len(set(range(100)) - set(earlier))


@pytest.mark.django_db
def test_many_facts_are_stored_with_entries_that_prove_them():
    acts = [
        (Act(organisation="north-group", subject=f"s/{n}", details={"n": n}, received_at=NOW), f"{n}")
        for n in range(90)
    ]
    assert record_facts(acts, scope="organisation/north-group", kind="test", actor="test") == 90
    assert record_facts(acts, scope="organisation/north-group", kind="test", actor="test") == 0
    for act in Act.objects.select_related("entry"):
        assert act.entry.uid == str(act.details["n"])
        assert leaf_hash(bytes(act.entry.body)) == bytes(act.entry.leaf_hash)
