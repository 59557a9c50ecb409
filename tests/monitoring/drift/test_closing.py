"""A drift report ends with the signed state of the log it was made beside."""

import pytest

from audit.log.checkpoints import sign_checkpoints
from audit.log.queries import latest_checkpoint
from audit.log.sequencing import sequence
from monitoring.drift.closing import with_checkpoint
from tests.factories import make_network

REPORT = b"<html><body><h1>Drift</h1></body></html>"


@pytest.mark.django_db
def test_the_checkpoint_stands_at_the_end_as_text_and_as_a_code(now):
    make_network()
    sequence(now=now)
    sign_checkpoints(now=now)
    checkpoint = latest_checkpoint("north-group")
    found = with_checkpoint(REPORT, checkpoint=checkpoint).decode()
    assert found.startswith("<html><body><h1>Drift</h1>")
    assert found.endswith("</body></html>")
    assert found.index("<svg") < found.index(checkpoint.note.splitlines()[0])


def test_a_report_beside_a_log_without_a_checkpoint_stays_as_it_is():
    assert with_checkpoint(REPORT, checkpoint=None) == REPORT
