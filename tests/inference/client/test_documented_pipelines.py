"""The three pipelines of docs/recorder.md, run as they stand there; MONAI and ONNX Runtime are stood in for."""

import re
from pathlib import Path

import pytest

from inference.client import Recorder
from tests.inference.client.servers import Receiver, serving

torch = pytest.importorskip("torch")
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "recorder.md"
STUDY = {"study_uid": "1.2.3", "patient_id": "P1"}
LIBRARIES = re.compile(r"^(from monai|import onnxruntime|session = onnxruntime).*\n", re.MULTILINE)


class Header:
    StudyInstanceUID, PatientID, AccessionNumber, KVP = "1.2.3", "P1", "A1", 110.0


class Session:
    """What an ONNX session gives back for two findings."""

    def run(self, names, inputs):
        return [[[0.25, 0.75]]]


def pipeline(library):
    """Return the block of code that names a library."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (found,) = [block for block in blocks if re.search(rf"^(from|import) {library}", block, re.MULTILINE)]
    body = [line for line in found.splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(body) <= 12
    return LIBRARIES.sub("", found)


@pytest.fixture
def device(tmp_path):
    receiver = Receiver()
    with serving(receiver) as url, Recorder(url, "t", spool=tmp_path) as recorder:

        def run(library, call, **names):
            space = {"recorder": recorder} | names
            exec(compile(pipeline(library), str(DOCUMENT), "exec"), space)
            call(space)
            assert recorder.flush()
            (row,) = receiver.rows.values()
            return row

        yield run


def test_the_torch_pipeline_logs_its_score_and_header(device):
    row = device(
        "torch",
        lambda space: space["classify"](Header, torch.nn.Identity()),
        to_tensor=lambda dataset: torch.zeros((1, 1)),
    )

    assert row["predictions"] == [{"finding": "nodule", "score": 0.5}]
    assert (row["study"]["accession_number"], row["acquisition"], row["status"]) == ("A1", {"kvp": 110.0}, "ok")
    assert row["started_at"] <= row["finished_at"]


def test_the_monai_pipeline_logs_the_volume_of_its_mask(device):
    network = torch.nn.Identity()
    row = device(
        "monai",
        lambda space: space["segment"](torch.eye(2).reshape(1, 2, 1, 2), STUDY),
        network=network,
        sliding_window_inference=lambda image, size, batch, model: model(image),
    )

    assert row["predictions"] == [{"finding": "liver_volume", "measurement": pytest.approx(0.001), "unit": "mL"}]
    assert row["study"] == STUDY


def test_the_onnx_pipeline_logs_every_finding(device):
    row = device(
        "onnxruntime",
        lambda space: space["classify"]([[0.0]], STUDY),
        session=Session(),
        FINDINGS=("nodule", "effusion"),
    )

    assert row["predictions"] == [{"finding": "nodule", "score": 0.25}, {"finding": "effusion", "score": 0.75}]
