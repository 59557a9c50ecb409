"""The pixel store: the same studies as intake, nothing that identifies in the file, and stored once."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from inference.dicom.errors import UnreadableFileError
from inference.registry.models import Site
from inference.results.models import Inference
from inference.studies.errors import PixelsChangedError, PixelsMissingError
from inference.studies.models import StoredImage, VaultValue
from inference.studies.pixel_files import write_file
from inference.studies.pixel_sweeping import sweep_pixels
from inference.studies.pixels import image_png, read_bytes, read_for_network, read_image, store_dicom
from tests.factories import inference_row, make_network, send
from tests.inference.dicom.objects import radiograph, ramp

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings, tmp_path):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    return Site.objects.get(pk="north")


def path_of(image: StoredImage, settings) -> Path:
    return Path(settings.RADVIGIL_PIXELS) / image.path


def test_an_object_belongs_to_the_study_that_intake_knows(site, now):
    send("inferences", inference_row(1, inputs=[{"kind": "dicom", "sop_instance_uid": "1.2.826.0.1.1.1.1"}]))

    image = store_dicom(radiograph(1), site=site, now=now)

    run = Inference.objects.get()
    assert image.study_id == run.study_id
    assert run.inputs[0]["sop_instance_uid"] == str(image.instance)


def test_intake_finds_the_study_that_an_object_brought(site, now):
    image = store_dicom(radiograph(1), site=site, now=now)

    send("inferences", inference_row(1))

    assert Inference.objects.get().study_id == image.study_id


def test_an_object_is_stored_once(site, now, settings):
    first = store_dicom(radiograph(1), site=site, now=now)
    second = store_dicom(radiograph(1), site=site, now=now)

    assert second.pk == first.pk
    assert len(list(Path(settings.RADVIGIL_PIXELS).rglob("*.dcm"))) == 1


def test_nothing_that_identifies_is_in_the_file(site, now):
    data = read_bytes(store_dicom(radiograph(1), site=site, now=now))

    for value in (b"Muster", b"P1\x00", b"A1\x00", b"SN-4711", b"1.2.826.0.1.1", b"20260302"):
        assert value not in data


def test_the_accession_number_is_in_the_vault_encrypted(site, now):
    image = store_dicom(radiograph(1, accession_number="ACC-77"), site=site, now=now)

    value = VaultValue.objects.get(name="accession", subject=str(image.study_id))
    assert b"ACC-77" not in bytes(value.ciphertext)


def test_a_file_is_its_owners_alone(site, now, settings):
    image = store_dicom(radiograph(1), site=site, now=now)

    assert stat.S_IMODE(os.stat(path_of(image, settings)).st_mode) == 0o600


def test_pixels_come_back_as_they_went_in(site, now):
    image = store_dicom(radiograph(1), site=site, now=now)

    assert np.allclose(read_image(image).values, ramp() / 4095, atol=1e-6)
    assert np.allclose(read_for_network(image), ramp() / 4095, atol=1e-6)
    assert image_png(image, width=12).startswith(b"\x89PNG")


def test_a_changed_file_is_not_read(site, now, settings):
    image = store_dicom(radiograph(1), site=site, now=now)
    path = path_of(image, settings)
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")

    with pytest.raises(PixelsChangedError):
        read_image(image)


def test_a_lost_file_is_said_to_be_lost(site, now, settings):
    image = store_dicom(radiograph(1), site=site, now=now)
    path_of(image, settings).unlink()

    with pytest.raises(PixelsMissingError):
        read_image(image)


def test_an_unreadable_object_leaves_nothing_behind(site, now):
    with pytest.raises(UnreadableFileError, match="not a DICOM file"):
        store_dicom(b"no dicom", site=site, now=now)

    assert not StoredImage.objects.exists()


def test_a_file_that_no_row_names_goes_after_a_day_and_every_other_stays(site, settings, now):
    folder = Path(settings.RADVIGIL_PIXELS)
    image = store_dicom(radiograph(1), site=site, now=now)
    left, young = (write_file(folder, b"left by a crash") for _ in range(2))
    os.utime(folder / young, ((now + timedelta(days=9)).timestamp(),) * 2)
    for name in (image.path, left):
        os.utime(folder / name, (now.timestamp(), now.timestamp()))

    removed = [sweep_pixels(folder, now=now + timedelta(days=2, hours=each)) for each in range(24)]

    assert sum(removed) == 1
    assert [(folder / name).exists() for name in (image.path, left, young)] == [True, False, True]
