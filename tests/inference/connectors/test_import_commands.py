import json
from io import StringIO

import pytest
from django.core.management import call_command

from inference.intake.models import SetAside
from inference.results.models import Inference, Prediction
from inference.truth.models import Truth
from tests.factories import inference_row, make_network, truth_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network():
    make_network()


def run(name, path, **options):
    """Return the exit status, and what was printed to stdout and stderr."""
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command(name, str(path), stdout=out, stderr=err, **options)
    except SystemExit as stop:
        status = stop.code
    return status, out.getvalue(), err.getvalue()


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_goes_in_and_a_second_run_changes_nothing(tmp_path):
    path = write(tmp_path / "runs.ndjson", inference_row(1), inference_row(2))

    first = run("import_inferences", path, deployment="cxr-north")
    second = run("import_inferences", path, deployment="cxr-north")

    assert first[:2] == (0, "2 inferences: 2 stored.\n")
    assert second[:2] == (0, "2 inferences: 2 duplicate.\n")
    assert (Inference.objects.count(), Prediction.objects.count()) == (2, 2)


def test_some_set_aside_ends_with_three_and_the_others_go_in(tmp_path):
    path = write(tmp_path / "truth.ndjson", truth_row(1), truth_row(2) | {"standard": "hearsay"})

    status, out, err = run("import_truth", path, site="north")

    assert (status, out) == (3, "2 truth: 1 quarantined, 1 stored.\n")
    assert err.startswith("row 2 quarantined: standard: is not one of")
    assert (Truth.objects.count(), SetAside.objects.get().field) == (1, "standard")


def test_a_conflict_ends_with_three_and_is_kept(tmp_path):
    run("import_inferences", write(tmp_path / "a.ndjson", inference_row(1)), deployment="cxr-north")
    status, out, _ = run(
        "import_inferences", write(tmp_path / "b.ndjson", inference_row(1, score=0.1)), deployment="cxr-north"
    )

    assert (status, out) == (3, "1 inferences: 1 conflict.\n")
    assert SetAside.objects.get().outcome == "conflict"


@pytest.mark.parametrize(
    ("name", "options"), [("import_truth", {"site": "nowhere"}), ("import_inferences", {"deployment": "nothing"})]
)
def test_an_unregistered_owner_ends_with_two(tmp_path, name, options):
    assert run(name, write(tmp_path / "a.ndjson"), **options)[0] == 2


def test_a_file_that_cannot_be_read_ends_with_two(tmp_path):
    status, _, err = run("import_truth", tmp_path / "none.csv", site="north")

    assert (status, err) == (2, "none.csv cannot be read: No such file or directory.\n")


def test_a_row_of_another_deployment_is_set_aside_and_the_rest_goes_in(tmp_path):
    path = write(tmp_path / "a.ndjson", inference_row(1), inference_row(2, deployment="cxr-south"))

    status, out, _ = run("import_inferences", path, deployment="cxr-north")

    assert (status, out) == (3, "2 inferences: 1 quarantined, 1 stored.\n")


def test_csv_of_one_row_a_prediction_gives_one_run(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(
        "inference_uid,version,status,study.study_uid,finding,score\n"
        "r1,1.0,ok,1.2.3,nodule,0.7\nr1,1.0,ok,1.2.3,effusion,0.1\nr2,1.0,failed,1.2.4,,\n"
    )

    status, out, _ = run("import_inferences", path, deployment="cxr-north")

    assert (status, out) == (0, "2 inferences: 2 stored.\n")
    assert list(Prediction.objects.order_by("id").values_list("finding", "score", "decision")) == [
        ("nodule", 0.7, "positive"),
        ("effusion", 0.1, "negative"),
    ]
