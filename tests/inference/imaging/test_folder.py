"""A folder of DICOM files: images stored and their studies known, the rest in quarantine with the reason."""

import itertools
import os
from datetime import timedelta
from pathlib import Path

import pydicom
import pytest
from django.core.management import call_command

from inference.corrections.models import Correction
from inference.events.models import Event
from inference.imaging.folder import files_in, import_folder
from inference.imaging.models import ResultSource
from inference.intake.models import SetAside
from inference.reads.models import Response
from inference.registry.models import Site
from inference.results.models import Inference
from inference.studies.models import StoredImage, Study
from tests.factories import NOON, inference_row, make_network, send
from tests.inference.dicom.objects import radiograph
from tests.inference.imaging.objects import (
    assessment,
    ct_slice,
    encoded,
    measurement_report,
    presentation_state,
    rejection_note,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    return folder


def run(folder, *, site="north", more=()) -> int:
    try:
        call_command("import_dicom", str(folder), "--site", site, *more)
    except SystemExit as end:
        return int(str(end.code))
    return 0


def test_images_are_stored_and_their_study_is_known(folder):
    (folder / "a.dcm").write_bytes(radiograph(1, kvp=110.0))
    (folder / "deeper" / "b.dcm").write_bytes(radiograph(1, sop_instance_uid="1.2.3.4"))

    assert run(folder) == 0

    study = Study.objects.get()
    assert StoredImage.objects.filter(study=study).count() == 2
    assert (study.modality, study.body_part) == ("DX", "CHEST")
    assert study.described["acquisition.kvp"] == 110.0
    assert Event.objects.get().kind == "acquired"


def test_a_run_that_comes_later_finds_the_study(folder):
    (folder / "a.dcm").write_bytes(radiograph(1))
    run(folder)

    [receipt] = send("inferences", inference_row(1))

    assert receipt.is_in
    assert Study.objects.count() == 1


def test_running_it_again_changes_nothing(folder, capsys):
    (folder / "a.dcm").write_bytes(radiograph(1))
    run(folder)

    assert run(folder) == 0

    assert "1 duplicate" in capsys.readouterr().out
    assert (StoredImage.objects.count(), Event.objects.count()) == (1, 1)


def test_what_is_no_image_is_set_aside_with_the_reason(folder):
    (folder / "a.dcm").write_bytes(radiograph(1))
    (folder / "note.txt").write_text("not dicom")

    assert run(folder) == 3

    aside = SetAside.objects.get()
    assert (aside.field, aside.reason) == ("object", "it is not a DICOM file (no DICM prefix)")
    assert b"note.txt" not in bytes(aside.ciphertext)
    assert StoredImage.objects.count() == 1


@pytest.mark.parametrize("site", ["nowhere", "north"])
def test_an_unknown_site_or_folder_is_named(folder, site, capsys):
    assert run(folder / "missing", site=site) == 2
    assert capsys.readouterr().err


def test_the_objects_of_an_ai_and_of_its_readers_come_from_a_folder_as_from_the_network(folder, now, capsys):
    ResultSource.objects.create(
        site_id="north", deployment_id="cxr-north", calling_ae="AI", manufacturer="CXR Maker", created_at=now,
        findings={"SCT:27925004": "nodule", "LABEL:NODULE": "nodule"},
    )  # fmt: skip
    report, image = measurement_report(), ct_slice()
    objects = {"1": image, "2": report, "3": presentation_state(image), "4": rejection_note(image)}
    objects["5"] = assessment(report, answer="Rejected")
    for name, each in objects.items():
        (folder / name).write_bytes(encoded(each))

    assert run(folder, more=("--calling-ae", "AI")) == 0

    assert "5 stored" in (said := capsys.readouterr().out)
    for form in ("image", "measurement report", "presentation state", "rejection note", "assessment"):
        assert f"1 {form}" in said
    assert (Inference.objects.count(), Correction.objects.get().kind) == (2, "images_rejected")
    assert Response.objects.get().response == "reject_ai_positive"
    assert run(folder, more=("--calling-ae", "AI")) == 0
    assert "5 duplicate" in capsys.readouterr().out
    assert run(folder, more=("--calling-ae", "OTHER")) == 3  # results of an algorithm that nobody named wait
    assert "add a result source" in capsys.readouterr().err


@pytest.mark.slow
def test_every_real_file_is_taken_in_or_set_aside_with_its_reason(folder, tmp_path):
    """Those that pydicom ships, and those of `RADVIGIL_DICOM_FILES` (such as pydicom-data's)."""
    more = os.environ.get("RADVIGIL_DICOM_FILES")
    for number, root in enumerate([Path(pydicom.__file__).parent / "data", *([Path(more)] if more else [])]):
        (tmp_path / "real").mkdir(exist_ok=True)
        (tmp_path / "real" / str(number)).symlink_to(root, target_is_directory=True)
    files = [path for each in (tmp_path / "real").iterdir() for path in files_in(each.resolve())]
    moments = itertools.count()
    report = import_folder(
        files, site=Site.objects.get(pk="north"), clock=lambda: NOON + timedelta(seconds=next(moments)),
        advanced=lambda _: None,
    )  # fmt: skip

    assert sum(report.outcomes.values()) == len(files) > 200
    assert report.outcomes["stored"] == StoredImage.objects.count() > 60
    assert SetAside.objects.exclude(reason="").count() == SetAside.objects.count() >= report.outcomes["quarantined"]
    stored = set(StoredImage.objects.values_list("modality", flat=True))
    assert {"CT", "MR", "US"} <= stored
    assert not Event.objects.filter(flags__contains=["clock_in_future"]).exists()
