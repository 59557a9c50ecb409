"""Objects taken in: results are inferences, rejections corrections, images studies; the rest has a reason."""

import pytest

from inference.corrections.models import Correction
from inference.events.models import Event
from inference.imaging.models import ResultSource
from inference.imaging.taking import Arrival, take_object
from inference.intake.models import SetAside
from inference.registry.models import Site
from inference.results.models import Inference, Prediction
from inference.studies.models import StoredImage
from monitoring.cases.identity import identity_of
from monitoring.cases.loading import load_studies
from tests.factories import make_network
from tests.inference.imaging.objects import ct_slice, encoded, measurement_report, presentation_state, rejection_note

pytestmark = pytest.mark.django_db


@pytest.fixture
def arrival(settings, tmp_path, now):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    return Arrival(site=Site.objects.get(pk="north"), calling_ae="AI", origin="dicom:AI", now=now)


@pytest.fixture
def source(arrival, now):
    codes = {"SCT:27925004": "nodule", "LABEL:NODULE": "nodule"}
    return ResultSource.objects.create(
        site=arrival.site, deployment_id="cxr-north", manufacturer="CXR Maker", algorithm="Nodule Finder",
        findings=codes, created_at=now,
    )  # fmt: skip


def test_a_measurement_report_is_an_inference_with_score_decision_and_a_box(arrival, source):
    report = measurement_report(probability=0.83)
    for _ in range(2):
        taken = take_object(encoded(report), name="sr", arrival=arrival)
        assert taken.form == "measurement report" and taken.is_in

    prediction = Prediction.objects.get()
    assert (prediction.finding, prediction.score, prediction.decision) == ("nodule", pytest.approx(0.83), "positive")
    (mark,) = prediction.marks
    assert (mark["x"], mark["y"], mark["width"], mark["height"]) == (10, 20, 30, 40)
    assert Inference.objects.get().deployment_id == "cxr-north"


def test_a_report_that_finds_nothing_is_a_negative(arrival, source):
    take_object(encoded(measurement_report(probability=0.02, present=False)), name="sr", arrival=arrival)

    assert Prediction.objects.get().decision == "negative"


def test_an_algorithm_that_nobody_named_is_set_aside_with_its_name(arrival):
    taken = take_object(encoded(measurement_report()), name="sr", arrival=arrival)

    assert not taken.is_in and "CXR Maker, Nodule Finder" in SetAside.objects.get().reason
    assert not Inference.objects.exists()


def test_a_code_that_no_finding_has_is_named_and_the_run_is_still_counted(arrival, source):
    report = measurement_report(finding=("80891009", "SCT", "Heart structure"))
    take_object(encoded(report), name="sr", arrival=arrival)

    assert Inference.objects.count() == 1 and not Prediction.objects.exists()
    assert "SCT:80891009 Heart structure" in SetAside.objects.get().reason


def test_the_source_that_says_most_is_taken(arrival, source, now):
    ResultSource.objects.create(site=arrival.site, deployment_id="mammo-north", created_at=now)
    take_object(encoded(measurement_report()), name="sr", arrival=arrival)

    assert Inference.objects.get().deployment_id == "cxr-north"


def test_marks_of_a_presentation_state_are_a_prediction(arrival, source):
    taken = take_object(encoded(presentation_state(ct_slice())), name="pr", arrival=arrival)

    assert taken.form == "presentation state" and taken.is_in
    (mark,) = Prediction.objects.get().marks
    assert (mark["x"], mark["y"], mark["width"], mark["height"]) == (10, 15, 20, 10)


def test_an_image_is_stored_and_its_rejection_a_correction(arrival):
    image = ct_slice()
    assert take_object(encoded(image), name="ct", arrival=arrival).form == "image"
    assert StoredImage.objects.count() == Event.objects.count() == 1

    taken = take_object(encoded(rejection_note(image)), name="ko", arrival=arrival)
    assert taken.form == "rejection note" and taken.is_in
    correction = Correction.objects.get()
    assert correction.kind == "images_rejected" and correction.study_id == StoredImage.objects.get().study_id


@pytest.mark.parametrize(
    ("code", "reason", "rejects"),
    [
        ("113001", "rejected_for_quality", True),
        ("113037", "rejected_for_safety", True),
        ("113038", "wrong_worklist_entry", True),
        ("113039", "retention_expired", False),
    ],
)
def test_a_rejection_takes_its_images_from_estimates_unless_they_only_grew_old(arrival, source, code, reason, rejects):
    image = ct_slice()
    take_object(encoded(image), name="ct", arrival=arrival)
    take_object(encoded(measurement_report()), name="sr", arrival=arrival)
    take_object(encoded(rejection_note(image, code=code)), name="ko", arrival=arrival)

    assert Correction.objects.get().reason == reason
    (facts,) = load_studies([Correction.objects.get().study_id])
    assert bool(identity_of(facts, as_of=None).rejected) == rejects


def test_images_of_one_study_and_moment_that_were_made_differently_are_all_in_and_nothing_waits(arrival):
    for number, exposure in enumerate((100, 90, 80), start=1):
        image = ct_slice()
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        image.SeriesInstanceUID, image.Exposure = f"1.2.4.{number // 2}", exposure
        assert take_object(encoded(image), name="ct", arrival=arrival).outcome == "stored"

    assert StoredImage.objects.count() == 3 and not SetAside.objects.exists()
    assert [each.flags for each in Event.objects.all()] == [[], []]  # one of each series


def test_a_study_that_met_no_image_here_is_known_by_its_result(arrival, source):
    take_object(encoded(measurement_report()), name="sr", arrival=arrival)
    take_object(encoded(ct_slice()), name="ct", arrival=arrival)

    assert Inference.objects.get().study_id == StoredImage.objects.get().study_id


def test_hostile_bytes_are_set_aside_and_never_raise(arrival):
    image = encoded(ct_slice())
    for data in (
        b"",
        b"DICM",
        image[:200],
        image[:-1000],
        image[:132] + b"\xff" * 500,
        b"\x00" * 128 + b"DICM" + b"\xff" * 64,
    ):
        taken = take_object(data, name="hostile", arrival=arrival)
        assert taken.form == "set aside" and taken.reason


def test_nothing_that_identifies_is_left_in_the_rows(arrival, source):
    report = measurement_report()
    report.PatientName, report.PatientID = "Geheimrat^Goethe", "GEHEIM-1"
    take_object(encoded(report), name="sr", arrival=arrival)

    said = str([list(table.objects.values()) for table in (Inference, Prediction, SetAside, Event)])
    assert "GEHEIM" not in said.upper() and report.StudyInstanceUID not in said
