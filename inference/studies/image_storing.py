"""Storing DICOM objects: their studies and ids through the identities, a de-identified file each, one row each.

An object whose instance is stored already is left as it is. Files are on disk
before their rows are written.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from inference.dicom.deidentify import NewNames
from inference.dicom.headers import StudyHeader
from inference.dicom.objects import ImageObject, read_image_object
from inference.registry.models import Site
from inference.studies.identities import Identifier, Identities, Owner
from inference.studies.matching import StudyQuestion, match_studies
from inference.studies.models import Link, StoredImage
from inference.studies.pixel_files import digest_of, flush_folders, remove_file, write_file
from inference.studies.pseudonyms import keyring_of, normalised


def store_dicom(data: bytes, *, site: Site, now: datetime, name: str = "object") -> StoredImage:
    """Store one object and return its row; stored before, the row that stands.

    Raises:
        UnreadableFileError: it is no DICOM image that can be shown; nothing is stored.
    """
    return store_objects([read_image_object(data, name=name)], site=site, now=now)[0]


@transaction.atomic
def store_objects(objects: Sequence[ImageObject], *, site: Site, now: datetime) -> list[StoredImage]:
    """Store objects read by `read_image_object` and return their rows in order."""
    organisation = site.organisation_id
    identities = Identities(organisation=organisation, keyring=keyring_of(organisation), now=now)
    questions = [study_question(each.header, site=site) for each in objects]
    match_studies(questions, identities=identities)
    name_objects(objects, questions=questions, identities=identities)
    named = [
        (each, names_of(each.header, question=question, identities=identities))
        for each, question in zip(objects, questions, strict=True)
    ]
    write_missing(named, now=now)
    stored = {row.instance: row for row in StoredImage.objects.filter(instance__in=[n.instance for _, n in named])}
    return [stored[names.instance] for _, names in named]


def study_question(header: StudyHeader, *, site: Site) -> StudyQuestion:
    """Return which study the object belongs to, in the words of intake."""
    patient_issuer = header.patient_id_issuer or site.patient_id_issuer or site.organisation_id
    accession_issuer = header.accession_issuer or site.accession_issuer or site.pk
    patient, accession = normalised(header.patient_id), normalised(header.accession_number)
    return StudyQuestion(
        site_key=site.pk,
        study_uid=Identifier(Link.Type.STUDY_UID, "", header.study_uid),
        accession=Identifier(Link.Type.ACCESSION, accession_issuer, accession) if accession else None,
        patient=Identifier(Link.Type.PATIENT, patient_issuer, patient) if patient else None,
        acquired_on=local_moment(header, site=site).date() if patient and header.acquired_at else None,
    )


def local_moment(header: StudyHeader, *, site: Site) -> datetime:
    """Return when the object was acquired, in the site's zone; a time without offset is the site's own."""
    if header.acquired_at is None:
        raise ValueError("the header names no time")
    zone = ZoneInfo(site.timezone)
    return header.acquired_at.astimezone(zone) if header.acquired_at.tzinfo else header.acquired_at.replace(tzinfo=zone)


def identifiers(header: StudyHeader) -> tuple[Identifier, Identifier]:
    series = Identifier(Link.Type.SERIES_UID, "", header.series_uid)
    return series, Identifier(Link.Type.INSTANCE_UID, "", header.sop_instance_uid)


def name_objects(objects: Sequence[ImageObject], *, questions: Sequence[StudyQuestion], identities: Identities) -> None:
    """Give every series and instance its random id."""
    owners = {
        each: Owner(person_id=question.person_id, target=uuid.uuid4())
        for found, question in zip(objects, questions, strict=True)
        for each in identifiers(found.header)
        if question.person_id
    }
    identities.look_up(owners)
    identities.ensure(owners)


def names_of(header: StudyHeader, *, question: StudyQuestion, identities: Identities) -> NewNames:
    series, instance = (identities.known[each].target for each in identifiers(header))
    if question.study_id is None or question.person_id is None:
        raise ValueError("an object names a study")
    return NewNames(patient=question.person_id, study=question.study_id, series=series, instance=instance)


def write_missing(named: Sequence[tuple[ImageObject, NewNames]], *, now: datetime) -> None:
    """Write the files and rows of the objects that are not stored yet."""
    wanted = [names.instance for _, names in named]
    met = set(StoredImage.objects.filter(instance__in=wanted).values_list("instance", flat=True))
    fresh = {names.instance: (found, names) for found, names in named if names.instance not in met}
    if not fresh:
        return
    folder = Path(settings.RADVIGIL_PIXELS)
    rows = [image_row(found, names=names, folder=folder, now=now) for found, names in fresh.values()]
    flush_folders(folder, [row.path for row in rows])
    StoredImage.objects.bulk_create(rows, ignore_conflicts=True)
    keep_own(rows, folder=folder)


def image_row(found: ImageObject, *, names: NewNames, folder: Path, now: datetime) -> StoredImage:
    data = found.deidentified(names)
    return StoredImage(
        study_id=names.study,
        series=names.series,
        instance=names.instance,
        path=write_file(folder, data),
        sha256=digest_of(data),
        modality=found.header.modality[:16],
        laterality=found.header.laterality[:16],
        view_position=found.view_position,
        turn=found.turn.code,
        rows=found.rows,
        columns=found.columns,
        frames=found.header.frames,
        may_show_text=found.may_show_text,
        stored_at=now,
    )


def keep_own(rows: Sequence[StoredImage], *, folder: Path) -> None:
    """Remove the files of objects that another writer stored meanwhile."""
    stands = set(StoredImage.objects.filter(path__in=[row.path for row in rows]).values_list("path", flat=True))
    for row in rows:
        if row.path not in stands:
            remove_file(folder, row.path)
