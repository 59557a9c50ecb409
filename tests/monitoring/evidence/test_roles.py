"""With the three real roles, committed: from a row sent to a package that verifies, and the owner's edit named."""

import subprocess
import sys

import pytest
from django.db import connections

from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint
from audit.log.sequencing import sequence
from audit.log.verifying import facts_sharing_an_entry, facts_without_entry, verify_log
from tests.monitoring.evidence.conftest import export, fill_log, run_verifier

pytestmark = pytest.mark.slow


def manage(database, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=database.environment, check=False, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_the_roles_sequence_sign_verify_and_export(committed_database, now, tmp_path):
    fill_log(now)
    sequence(now=now)
    assert sign_checkpoints(now=now) == 4
    assert Checkpoint.objects.count() == 4
    assert list(verify_log("north-group")) == []
    assert [*facts_without_entry(), *facts_sharing_an_entry()] == []
    keys = export(tmp_path / "package.zip")
    pins = [part for key in keys.values() for part in ("--key", key)]
    assert run_verifier(str(tmp_path / "package.zip"), *pins)[0] == 0


def test_a_score_edited_by_the_owner_is_named_by_the_command(committed_database, now):
    fill_log(now)
    sequence(now=now)
    sign_checkpoints(now=now)
    with connections["owner"].cursor() as cursor:  # whoever owns the table can do what a superuser can
        cursor.execute("ALTER TABLE inference_prediction DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE inference_prediction SET score = .001 WHERE id = (SELECT min(id) FROM inference_prediction)"
        )
        cursor.execute("ALTER TABLE inference_prediction ENABLE ALWAYS TRIGGER append_only_rows")
    code, said = manage(committed_database, "verify_log")
    assert code == 1
    assert "payload.predictions[0].score is 0.001 in the table" in said
    assert "position" in said
