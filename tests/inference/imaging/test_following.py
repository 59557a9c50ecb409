"""A real Orthanc followed over DICOMweb: everything is there once, whoever dies when."""

import io
from datetime import timedelta

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from inference.events.models import Event
from inference.imaging.archive_web import ArchiveAwayError, ArchiveServer, OrthancChanges
from inference.imaging.archived_studies import Settling
from inference.imaging.following import Follower, Pace
from inference.imaging.models import Archive, ArchivedObject, ArchivedStudy, ResultSource
from inference.registry.models import Site
from inference.results.models import Inference
from inference.studies.models import StoredImage
from tests.factories import make_network
from tests.inference.imaging.objects import encoded, measurement_report
from tests.inference.imaging.orthanc import Orthanc, needs_orthanc

FILES = ("CT_small.dcm", "MR_small.dcm", "examples_ybr_color.dcm", "liver_1frame.dcm", "reportsi.dcm")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    needs_orthanc()
    archive = Orthanc(tmp_path_factory.mktemp("orthanc")).start()
    yield archive
    archive.stop()


@pytest.fixture
def orthanc(running):
    yield running
    for study in running.studies():
        running.delete_study({"ParentStudy": study})


def study_file(name, *, study_on=None):
    """Return a file of pydicom as one study of its own."""
    dataset = dcmread(get_testdata_file(name))
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = (generate_uid() for _ in range(3))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if study_on:
        dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = dataset.AcquisitionDate = study_on
    return encoded(dataset)


def follower(orthanc, now, *, url="", with_changes=True, stopped=lambda: False, **more):
    make_network()
    server = ArchiveServer(url=url or orthanc.url, pause=lambda _: None, timeout_seconds=20, tries=2)
    archive, _ = Archive.objects.get_or_create(site=Site.objects.get(pk="north"), url=orthanc.url)
    settling = Settling(archive=archive, server=server, clock=lambda: now, **more)
    changes = OrthancChanges.of(server) if with_changes else None
    return Follower(settling=settling, pace=Pace(), clock=lambda: now, changes=changes, stopped=stopped)


def follow(each, *, most=80):
    """Take turns until everything was compared."""
    for _ in range(most):
        each.turn()
        if not each.is_comparing:
            return
    pytest.fail("the comparison did not end")


pytestmark = pytest.mark.django_db


def test_everything_an_archive_holds_becomes_a_study_once(orthanc, now):
    for name in FILES:
        orthanc.store(study_file(name))
    follow(follower(orthanc, now))

    assert ArchivedStudy.objects.filter(settled_at__isnull=False).count() == len(FILES)
    assert Event.objects.filter(kind__in=("acquired", "available")).count() == len(FILES)
    assert {"CT", "MR", "US", "CR", "SEG"} >= set(ArchivedStudy.objects.values_list("study__modality", flat=True)) - {
        ""
    }

    later = follower(orthanc, now + timedelta(days=2))
    follow(later)
    assert Event.objects.filter(kind__in=("acquired", "available")).count() == len(FILES)


def test_the_header_comes_without_the_pixels(orthanc, now):
    orthanc.store(study_file("CT_small.dcm"))
    follow(follower(orthanc, now))

    (event,) = Event.objects.all()
    assert event.described["acquisition"]["kvp"] == 120
    assert event.described["scanner"]["manufacturer"] == "GE MEDICAL SYSTEMS"
    assert not StoredImage.objects.exists()
    assert not ArchivedObject.objects.exists()


def test_pixels_come_where_the_site_asks_for_them(orthanc, now):
    orthanc.store(study_file("CT_small.dcm"))
    follow(follower(orthanc, now, with_pixels=True))
    assert StoredImage.objects.count() == 1


def test_a_result_becomes_a_prediction_once(orthanc, now):
    report = measurement_report()
    orthanc.store(encoded(report))
    each = follower(orthanc, now)
    ResultSource.objects.create(
        site_id="north", deployment_id="cxr-north", algorithm="Nodule Finder", created_at=now,
        findings={"SCT:27925004": "effusion"},
    )  # fmt: skip
    follow(each)
    follow(follower(orthanc, now + timedelta(days=2)))
    assert Inference.objects.count() == 1
    assert ArchivedObject.objects.get().is_in


def test_an_object_without_a_source_is_noted_and_fetched_again_on_demand(orthanc, now):
    orthanc.store(encoded(measurement_report()))
    follow(follower(orthanc, now))
    noted = ArchivedObject.objects.get()
    assert not noted.is_in and "result source" in noted.reason


def test_a_study_of_2004_that_is_stored_today_is_found_by_comparing(orthanc, now):
    without_changes = follower(orthanc, now, with_changes=False)
    follow(without_changes)
    orthanc.store(study_file("CT_small.dcm", study_on="20040119"))
    follow(follower(orthanc, now + timedelta(days=1), with_changes=False))
    assert ArchivedStudy.objects.get().study_on.year == 2004


def test_a_study_without_a_date_is_found(orthanc, now):
    data = dcmread(io.BytesIO(study_file("CT_small.dcm")))
    data.StudyDate = ""
    orthanc.store(encoded(data))
    follow(follower(orthanc, now, with_changes=False))
    assert ArchivedStudy.objects.get().study_on is None


def test_changes_are_followed_without_comparing(orthanc, now):
    follow(follower(orthanc, now))
    orthanc.store(study_file("CT_small.dcm", study_on="20040119"))
    soon = follower(orthanc, now + timedelta(minutes=1))
    soon.turn()
    assert ArchivedStudy.objects.count() == 1
    assert soon.archive.behind == 0


def test_what_the_archive_no_longer_holds_is_noted(orthanc, now):
    stored = orthanc.store(study_file("CT_small.dcm"))
    follow(follower(orthanc, now))
    orthanc.delete_study(stored)
    follow(follower(orthanc, now + timedelta(days=2)))
    assert ArchivedStudy.objects.get().gone_at is not None


def test_a_follower_that_is_stopped_goes_on_where_it_was(orthanc, now):
    for name in FILES:
        orthanc.store(study_file(name))
    for _ in range(60):
        stops = iter([False] * 2 + [True] * 50)
        each = follower(orthanc, now, stopped=lambda stops=stops: next(stops, True))
        each.turn()
    follow(follower(orthanc, now))
    assert ArchivedStudy.objects.filter(settled_at__isnull=False).count() == len(FILES)
    assert Event.objects.filter(kind__in=("acquired", "available")).count() == len(FILES)


def test_an_archive_that_is_away_is_said_and_asked_again(orthanc, now):
    each = follower(orthanc, now)
    server = ArchiveServer(url="http://127.0.0.1:9/dicom-web", pause=lambda _: None, tries=2)
    away = Settling(archive=each.archive, server=server, clock=lambda: now)
    with pytest.raises(ArchiveAwayError):
        Follower(settling=away, pace=Pace(), clock=lambda: now).turn()
    assert "does not answer" in Archive.objects.get().last_error
    follow(each)
    assert Archive.objects.get().last_error == ""
