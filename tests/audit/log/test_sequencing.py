"""Committed entries get consecutive places, exactly once, after any crash."""

import threading

import pytest
from django.db import connection, connections

from audit.log import sequencing
from audit.log.actions import record_act
from audit.log.models import Entry, LogKey, Tile, Tree
from audit.log.queries import entries_after, tiled_tree
from audit.log.sequencing import sequence
from audit.proofs.merkle import frontier_root, leaf_hash, root
from audit.proofs.tiles import hashes_in

STEPS = ["take_lock", "tree_of", "give_positions", "read_edge", "grown", "write_tiles", "write_tree"]


def act(now, *, organisation="north-group", subject="x"):
    return record_act("test.act", organisation=organisation, subject=subject, actor="test", at=now)


def positions(organisation="north-group"):
    return list(Entry.objects.filter(organisation=organisation).order_by("id").values_list("position", flat=True))


def assert_tree_is_that_of_the_entries(organisation="north-group"):
    tree = Tree.objects.get(organisation=organisation)
    entries = list(entries_after(organisation=organisation, position=0, limit=10**6))
    leaves = [leaf_hash(bytes(entry.body)) for entry in entries]
    assert [entry.position for entry in entries] == list(range(tree.size))
    assert frontier_root(hashes_in(bytes(tree.frontier))) == root(leaves)
    assert tiled_tree(organisation, size=tree.size).root() == root(leaves)


@pytest.mark.django_db
def test_nothing_to_do_is_one_query(now, django_assert_num_queries):
    act(now)
    sequence(now=now)
    with django_assert_num_queries(1):
        assert sequence(now=now) == 0


@pytest.mark.django_db
def test_every_organisation_has_its_own_tree(now):
    for subject in "abc":
        act(now, organisation="north-group", subject=subject)
        act(now, organisation="south-clinic", subject=subject)
    assert sequence(now=now) == 8  # each log's first key is an act too
    for organisation in ("north-group", "south-clinic"):
        assert_tree_is_that_of_the_entries(organisation)
        assert Tree.objects.get(organisation=organisation).size == 4


@pytest.mark.django_db
def test_a_tree_that_grows_in_pieces_is_the_tree_of_the_whole(now, monkeypatch):
    monkeypatch.setattr(sequencing, "BATCH_ENTRIES", 100)
    for size in (1, 40, 300, 7, 260):
        for number in range(size):
            act(now, subject=str(number))
        sequence(now=now)
        assert_tree_is_that_of_the_entries()
    assert Tile.objects.filter(level=0).count() == 3
    assert Tile.objects.filter(level=1).count() == 1


@pytest.mark.django_db
def test_the_first_key_of_a_log_is_recorded_once(now):
    act(now)
    sequence(now=now)
    act(now)
    sequence(now=now)
    assert LogKey.objects.filter(organisation="north-group").count() == 1
    assert Entry.objects.filter(kind="key.created", organisation="north-group").count() == 1


class CrashError(Exception):
    pass


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_step_loses_and_doubles_nothing(committed_database, now, monkeypatch, step, after):
    for subject in "abc":
        act(now, subject=subject)
    sequence(now=now)
    for subject in "defgh":
        act(now, subject=subject)
    crash_at(monkeypatch, step, after=after)
    with pytest.raises(CrashError):
        sequence(now=now)
    monkeypatch.undo()

    assert positions()[-5:] == [None] * 5
    assert_tree_is_that_of_the_entries()
    assert sequence(now=now) == 5
    assert_tree_is_that_of_the_entries()


def crash_at(monkeypatch, step, *, after):
    real = getattr(sequencing, step)

    def crashing(*args, **named):
        if after:
            real(*args, **named)
        raise CrashError

    monkeypatch.setattr(sequencing, step, crashing)


def test_an_entry_that_commits_late_is_not_skipped(committed_database, now):
    late = connections.create_connection("default")
    with late.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "INSERT INTO audit_entry (organisation, scope, kind, uid, actor, at, record_sha256, leaf_hash, body)"
            " VALUES ('north-group', 's', 'k', 'late', 'a', now(), '', sha256('\\x00'::bytea || 'late'), 'late')"
        )
        act(now, subject="early")
        sequence(now=now)
        cursor.execute("COMMIT")
    late.close()
    assert sequence(now=now) == 1
    assert_tree_is_that_of_the_entries()


def test_two_sequencers_at_once_give_every_entry_one_place(committed_database, now):
    for number in range(500):
        act(now, subject=str(number))
    threads = [threading.Thread(target=sequence_in_thread, args=(now,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Tree.objects.get(organisation="north-group").size == 501
    assert_tree_is_that_of_the_entries()
    connection.close()


def sequence_in_thread(now):
    try:
        sequence(now=now)
    finally:
        connections.close_all()
