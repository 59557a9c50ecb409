import json

import pytest
from django.utils import timezone

from audit.log.models import Entry
from inference.connectors import side_by_side
from inference.connectors.importing import import_file
from inference.connectors.kinds import KINDS
from inference.intake.kinds import Source
from inference.results.models import Inference
from tests.factories import inference_row, make_network

SOURCE = Source(site_key="north", deployment_key="cxr-north", actor="test", origin="test", refuses_foreign=False)


def import_side_by_side(path):
    return import_file(
        path, kind=KINDS["inferences"], source=SOURCE, clock=timezone.now, advanced=lambda _: None, processes=2
    )


@pytest.fixture
def file(tmp_path, monkeypatch, committed_database):
    """A file of several batches in which every patient and every run comes twice."""
    from inference.intake import actions

    monkeypatch.setattr(actions, "BATCH_ROWS", 7)
    make_network()
    path = tmp_path / "runs.ndjson"
    path.write_text("\n".join(json.dumps(inference_row(number % 40 + 1)) for number in range(80)))
    return path


def test_every_row_is_in_once_with_its_entry_whoever_stored_it(file):
    report = import_side_by_side(file)

    assert report.counts == {"stored": 40, "duplicate": 40}
    assert Inference.objects.count() == Entry.objects.filter(kind="inference").count() == 40


def test_a_second_run_stores_nothing_more(file):
    import_side_by_side(file)

    assert import_side_by_side(file).counts == {"duplicate": 80}
    assert Inference.objects.count() == 40


def test_the_answers_keep_the_order_of_the_batches(file):
    from inference.connectors.files import read_rows
    from inference.intake.actions import batches

    dated = ((batch, timezone.now()) for batch in batches(read_rows(file, KINDS["inferences"])))
    answers = side_by_side.taken_in(dated, kind=KINDS["inferences"], source=SOURCE, processes=2)

    assert [receipt.row for receipts in answers for receipt in receipts] == list(range(1, 81))
