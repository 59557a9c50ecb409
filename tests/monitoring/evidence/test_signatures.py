"""Signatures travel in a package with the keys that made them, and each way of forging one is named offline."""

import json
from datetime import UTC, date, datetime

import pytest

from audit.access.models import User
from audit.signatures.actions import Components, Intent, sign
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.signing import signable_signal
from tests.factories import make_user
from tests.monitoring.evidence.conftest import Exported, export, fill_log
from tests.monitoring.evidence.test_attacks import edited

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
LIST, ENTRIES = "data/signatures.json", "data/logs/north-group/entries.ndjson"


def a_signal():
    monitor = Monitor.objects.create(
        key="cxr-north:flagged", organisation="north-group", site_id="north", product_id="cxr",
        deployment_id="cxr-north", kind="flagged", design={}, designed_at=NOW,
    )  # fmt: skip
    return Signal.objects.create(
        uid="s1", monitor=monitor, status="act", title="A signal", began_on=date(2026, 2, 1),
        alarm_on=date(2026, 2, 2), last_alarm_on=date(2026, 2, 3), raised_at=NOW, evidence={"method": "counted"},
    )  # fmt: skip


def signed_by(user: User, signal):
    user.set_password("correct horse battery")
    record = signable_signal(user, signal.uid)
    given = Components(username=user.username, password="correct horse battery")
    return sign(record, intent=Intent(shown_sha256=record.digest, meaning="review"), signer=user, given=given, now=NOW)


@pytest.fixture
def signed_package(db, now, tmp_path):
    fill_log(now)
    signed_by(make_user(role="quality_officer", organisation="north-group", username="anna"), a_signal())
    path = tmp_path / "signed.zip"
    return Exported(path=path, keys=export(path, "--site", "north"), folder=tmp_path)


def test_a_signed_signal_travels_with_its_signature_and_verifies(signed_package):
    code, said = signed_package.check()

    assert code == 0, said


def test_a_changed_list_of_signatures_is_named(signed_package):
    for change in (
        lambda data: b"[]\n",
        lambda data: data.replace(b"review", b"approval"),
        lambda data: json.dumps(json.loads(data) * 2).encode(),
    ):
        code, said = signed_package.check(signed_package.changed(edited(LIST, change)))
        assert code == 1 and "The list of signatures is not that of the logs" in said


def test_a_signature_reworded_in_its_entry_is_no_leaf_of_the_log(signed_package):
    code, said = signed_package.check(
        signed_package.changed(
            edited(ENTRIES, lambda data: data.replace(b'"meaning":"review"', b'"meaning":"release"'))
        )
    )

    assert code == 1 and "The list of signatures is not that of the logs" in said and "position" in said
