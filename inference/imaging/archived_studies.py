"""Studies that an archive lists, settled one by one: described by an event, their results and images fetched once.

A study is settled when every object that is wanted was looked at. An object and
its row are one transaction, so whoever dies in between only looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import Dataset
from inference.dicom.headers import header_of
from inference.dicom.values import number_of, parse_datetime, text_of
from inference.imaging.archive_web import ArchiveRefusedError, ArchiveServer
from inference.imaging.models import Archive, ArchivedObject, ArchivedStudy
from inference.imaging.study_rows import acquired_row, study_row
from inference.imaging.taking import Arrival, TakenObject, taken
from inference.studies.identities import Identifier, Identities
from inference.studies.models import Link, Study
from inference.studies.pseudonyms import keyring_of

RESULT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.88.",
    "1.2.840.10008.5.1.4.1.1.11.",
    "1.2.840.10008.5.1.4.1.1.66.",
    "1.2.840.10008.5.1.4.1.1.30",
)
RESULT_MODALITIES = frozenset({"SR", "SEG", "PR", "KO", "DOC", "PLAN", "REG", "FID", "RWV", "AU"})
SCOUTS_LOOKED_AT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One study as a search lists it."""

    uid: str
    said: Dataset

    @classmethod
    def of(cls, said: Dataset) -> Listed | None:
        uid = text_of(said, "StudyInstanceUID")
        return cls(uid=uid, said=said) if uid else None

    @property
    def study_on(self) -> date | None:
        moment = parse_datetime(text_of(self.said, "StudyDate").replace(".", "")[:8])
        return moment.date() if moment else None

    @property
    def modalities(self) -> list[str]:
        return sorted({each[:16] for each in text_of(self.said, "ModalitiesInStudy").split("\\") if each})

    def count(self, level: str) -> int | None:
        number = number_of(self.said, f"NumberOfStudyRelated{level}")
        return None if number is None else int(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One object as a search lists it."""

    series_uid: str
    uid: str
    sop_class: str
    modality: str
    order: tuple[float, float]

    @property
    def is_result(self) -> bool:
        if self.sop_class:
            return self.sop_class.startswith(RESULT_CLASSES)
        return self.modality in RESULT_MODALITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Whose studies are settled, and what is wanted of them."""

    archive: Archive
    server: ArchiveServer
    clock: Callable[[], datetime]
    with_pixels: bool = False
    again: bool = False

    @property
    def origin(self) -> str:
        return f"dicomweb:{self.archive.site_id}"

    def arrival(self) -> Arrival:
        return Arrival(site=self.archive.site, calling_ae="", origin=self.origin, now=self.clock())

    def settle(self, listed: Sequence[Listed], *, force: bool = False) -> int:
        """Settle what a page of a search lists and return how many studies were looked into.

        Raises:
            ArchiveAwayError: the archive went away; what was done stands.
        """
        looked = 0
        known = self.known(listed)
        for each in listed:
            row = known.get(each.uid)
            if row is not None and not force and is_unchanged(row, each):
                continue
            self.settle_one(each, row=row)
            looked += 1
        ids = [row.pk for row in known.values()]
        ArchivedStudy.objects.filter(pk__in=ids).update(seen_at=self.clock(), gone_at=None)
        return looked

    def known(self, listed: Sequence[Listed]) -> dict[str, ArchivedStudy]:
        targets = self.targets([each.uid for each in listed])
        rows = ArchivedStudy.objects.filter(archive=self.archive, study_id__in=targets.values())
        by_study = {row.study_id: row for row in rows}
        return {uid: by_study[target] for uid, target in targets.items() if target in by_study}

    def targets(self, uids: Sequence[str]) -> dict[str, UUID]:
        """Return the random ids of the studies that are known, by UID."""
        organisation = self.archive.site.organisation_id
        identities = Identities(organisation=organisation, keyring=keyring_of(organisation), now=self.clock())
        asked = {Identifier(Link.Type.STUDY_UID, "", uid): uid for uid in uids}
        identities.look_up(asked)
        return {uid: identities.known[each].target for each, uid in asked.items() if each in identities.known}

    def settle_one(self, listed: Listed, *, row: ArchivedStudy | None) -> None:
        try:
            instances = list(self.instances(listed.uid))
            row = self.describe(listed, instances, row=row)
            problem = self.fetch(instances, row=row, uid=listed.uid)
        except ArchiveRefusedError as error:
            row, problem = row or self.describe(listed, [], row=None), str(error)
        note_seen(row, listed, problem=problem, now=self.clock())

    def instances(self, uid: str) -> Iterator[Instance]:
        for page in self.server.search(f"studies/{uid}/series"):
            for series in page:
                yield from self.instances_of(uid, series)

    def instances_of(self, uid: str, series: Dataset) -> Iterator[Instance]:
        series_uid, modality = text_of(series, "SeriesInstanceUID"), text_of(series, "Modality")
        place = number_of(series, "SeriesNumber") or 0.0
        for page in self.server.search(f"studies/{uid}/series/{series_uid}/instances", includefield="00080016"):
            for each in page:
                if name := text_of(each, "SOPInstanceUID"):
                    order = (place, number_of(each, "InstanceNumber") or 0.0)
                    sop_class = text_of(each, "SOPClassUID")
                    yield Instance(series_uid=series_uid, uid=name, sop_class=sop_class, modality=modality, order=order)

    def describe(self, listed: Listed, instances: Sequence[Instance], *, row: ArchivedStudy | None) -> ArchivedStudy:
        """Say what the study is, once: by the header of its first image, else by what the search lists of it."""
        if row is not None and row.is_described:
            return row
        header = self.header(listed, instances)
        if row is not None and header is None:
            return row
        with transaction.atomic():
            arrival = self.arrival()
            arrival.send("events", [event_row(listed, header, arrival=arrival)])
            target = self.targets([listed.uid]).get(listed.uid)
            if target is None:
                raise ArchiveRefusedError("what the archive says of a study was set aside")
            study = Study.objects.get(pk=target)
            row, _ = ArchivedStudy.objects.get_or_create(
                archive=self.archive, study=study, defaults={"first_seen_at": arrival.now, "seen_at": arrival.now}
            )
            if header is not None:
                row.is_described = True
                row.save(update_fields=["is_described"])
        return row

    def header(self, listed: Listed, instances: Sequence[Instance]) -> Dataset | None:
        """Return the header of the first image that is no scout."""
        images = sorted((each for each in instances if not each.is_result), key=lambda each: (each.order, each.uid))
        firsts = list({each.series_uid: each for each in reversed(images)}.values())[::-1]
        found = None
        for each in firsts[:SCOUTS_LOOKED_AT]:
            header: Dataset = self.server.metadata(path_of(listed.uid, each))
            if "LOCALIZER" not in text_of(header, "ImageType").upper():
                return header
            found = found or header
        return found

    def fetch(self, instances: Sequence[Instance], *, row: ArchivedStudy, uid: str) -> str:
        """Fetch what is wanted and was not; return the first problem that another visit may mend."""
        wanted = {self.name_of(each): each for each in instances if each.is_result or self.with_pixels}
        met = ArchivedObject.objects.filter(archived=row, name__in=wanted)
        met = met.filter(is_in=True) if self.again else met
        done, problem = set(met.values_list("name", flat=True)), ""
        for name, each in wanted.items():
            if name in done:
                continue
            try:
                data = self.server.file(path_of(uid, each))
            except ArchiveRefusedError as error:
                problem = problem or str(error)
                continue
            self.take(data, name=name, row=row)
        return problem

    def name_of(self, instance: Instance) -> str:
        keyring = keyring_of(self.archive.site.organisation_id)
        return keyring.pseudonym(type=str(Link.Type.INSTANCE_UID), issuer="", value=instance.uid)

    def take(self, data: bytes, *, name: str, row: ArchivedStudy) -> None:
        """Take an object in; what is none of ours stays in the archive and is noted with the reason."""
        arrival = self.arrival()
        try:
            with transaction.atomic():
                found = taken(data, name=name[:16], arrival=arrival)
                note_object(found, name=name, row=row, now=arrival.now)
        except UnreadableFileError as error:
            note_object(TakenObject(form="other", reason=error.reason), name=name, row=row, now=arrival.now)


def is_unchanged(row: ArchivedStudy, listed: Listed) -> bool:
    counts = (listed.count("Series"), listed.count("Instances"))
    return row.settled_at is not None and None not in counts and counts == (row.series, row.instances)


def path_of(uid: str, instance: Instance) -> str:
    return f"studies/{uid}/series/{instance.series_uid}/instances/{instance.uid}"


def event_row(listed: Listed, header: Dataset | None, *, arrival: Arrival) -> dict[str, Any]:
    """Return the event that describes a study: of its first image, or that it is there."""
    if header is not None:
        return acquired_row(header_of(header, name="metadata"), zone=arrival.site.timezone, now=arrival.now)
    said = listed.said
    said.SOPInstanceUID = "0.0"
    study = study_row(header_of(said, name="search"), with_acquisition=False)
    return {"kind": "available", "at": arrival.now.isoformat(), "study": study}


def note_object(found: TakenObject, *, name: str, row: ArchivedStudy, now: datetime) -> None:
    ArchivedObject.objects.update_or_create(
        archived=row,
        name=name,
        defaults={
            "form": found.form[:40],
            "is_in": found.is_in,
            "reason": found.problem[:200],
            "taken_at": now,
        },
    )


def note_seen(row: ArchivedStudy, listed: Listed, *, problem: str, now: datetime) -> None:
    row.study_on, row.modalities = listed.study_on, listed.modalities
    row.series, row.instances = listed.count("Series"), listed.count("Instances")
    row.seen_at, row.gone_at, row.problem = now, None, problem[:200]
    row.settled_at = None if problem else now
    row.save()
