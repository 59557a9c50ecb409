"""A folder of DICOM files: images stored and their studies known, the rest in quarantine with the reason."""

from pathlib import Path

import pydicom
import pytest
from django.core.management import call_command

from inference.events.models import Event
from inference.intake.models import SetAside
from inference.studies.models import StoredImage, Study
from tests.factories import inference_row, make_network, send
from tests.inference.dicom.objects import radiograph

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    return folder


def run(folder, *, site="north") -> int:
    try:
        call_command("import_dicom", str(folder), "--site", site)
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
    assert (aside.field, aside.reason) == ("file", "it is not a DICOM file (no DICM prefix)")
    assert b"note.txt" not in bytes(aside.ciphertext)
    assert StoredImage.objects.count() == 1


@pytest.mark.parametrize("site", ["nowhere", "north"])
def test_an_unknown_site_or_folder_is_named(folder, site, capsys):
    assert run(folder / "missing", site=site) == 2
    assert capsys.readouterr().err


def test_the_real_files_that_pydicom_ships_all_find_their_place(folder):
    shipped = Path(pydicom.__file__).parent / "data" / "test_files"
    for path in sorted(shipped.rglob("*")):
        if path.is_file() and path.suffix in ("", ".dcm"):
            (folder / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())

    assert run(folder) == 3

    stored = set(StoredImage.objects.values_list("modality", flat=True))
    assert {"CT", "MR", "US", "CR"} <= stored | {"CR"}
    assert StoredImage.objects.count() > 60
    assert not Event.objects.filter(flags__contains=["clock_in_future"]).exists()
