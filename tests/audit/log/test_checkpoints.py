"""Checkpoints: signed when due, verifiable by anybody, never against what was signed before."""

from datetime import timedelta

import pytest
from django.db import connection

from audit.errors import ForkedLogError
from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint, LogKey, Tree
from audit.log.sequencing import sequence
from audit.proofs.notes import PublicKey, open_checkpoint

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def grow(now, *, count=1, organisation="north-group"):
    for number in range(count):
        record_act("test.act", organisation=organisation, subject=str(number), actor="test", at=now)
    sequence(now=now)


def key_of(organisation="north-group"):
    key = LogKey.objects.get(organisation=organisation)
    return PublicKey(name=key.origin, key=bytes(key.public_key))


def test_a_checkpoint_opens_with_the_logs_key(now):
    grow(now, count=5)
    assert sign_checkpoints(now=now) == 1
    checkpoint = Checkpoint.objects.get()
    opened = open_checkpoint(checkpoint.note.encode(), keys=[key_of()])
    assert (opened.size, opened.root) == (6, bytes(checkpoint.root))
    assert opened.origin.endswith("/log/north-group")


def test_a_log_is_signed_again_after_a_minute_and_only_when_it_grew(now):
    grow(now)
    sign_checkpoints(now=now)
    assert sign_checkpoints(now=now + 2 * MINUTE) == 0
    grow(now)
    assert sign_checkpoints(now=now + MINUTE / 2) == 0
    assert sign_checkpoints(now=now + MINUTE / 2, interval=timedelta(0)) == 1
    grow(now)
    assert sign_checkpoints(now=now + 2 * MINUTE) == 1


def test_nothing_new_is_one_query(now, django_assert_num_queries):
    grow(now)
    grow(now, organisation="south-clinic")
    sign_checkpoints(now=now)
    with django_assert_num_queries(1):
        assert sign_checkpoints(now=now + MINUTE) == 0


def test_a_tree_that_shrank_is_not_signed(now):
    grow(now, count=9)
    sign_checkpoints(now=now)
    Tree.objects.update(size=3)
    with pytest.raises(ForkedLogError, match="north-group"):
        sign_checkpoints(now=now + MINUTE)


def test_a_tree_with_another_past_is_not_signed_and_the_others_are(now):
    grow(now, count=300)
    grow(now, count=2, organisation="south-clinic")
    sign_checkpoints(now=now)
    grow(now, count=5)
    grow(now, organisation="south-clinic")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_tile SET hashes = overlay(hashes PLACING sha256('x') FROM 1)"
            " WHERE organisation = 'north-group' AND level = 0 AND index = 1"
        )
    with pytest.raises(ForkedLogError, match="north-group"):
        sign_checkpoints(now=now + MINUTE)
    assert Checkpoint.objects.filter(organisation="south-clinic").count() == 2
    assert Checkpoint.objects.filter(organisation="north-group").count() == 1
