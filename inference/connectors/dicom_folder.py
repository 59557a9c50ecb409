"""A folder of DICOM files taken in: images into the pixel store, studies described by an event, the rest set aside.

What is said of a study comes in as the event `acquired` (`available` where no
time is given), through the one way in, so it stands in the log. Running the
same folder again changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from inference.dicom.errors import UnreadableFileError
from inference.dicom.headers import StudyHeader
from inference.dicom.objects import ImageObject, read_image_object
from inference.events.kind import EVENT
from inference.intake.actions import accept
from inference.intake.described import ACQUISITION
from inference.intake.kinds import RawRow, Receipt, Source
from inference.registry.models import Site
from inference.studies.image_storing import local_moment, store_objects

BATCH_FILES = 100
ORIGIN = "command:import_dicom"
SHOWN_PROBLEMS = 20


@dataclass(slots=True)
class FolderReport:
    """What became of the files: a count for each outcome, and the first reasons (file, reason)."""

    counts: Counter[str] = field(default_factory=Counter)
    studies: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return not self.counts["quarantined"]

    def add_problem(self, name: str, reason: str) -> None:
        self.counts["quarantined"] += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append((name, reason))


def files_in(folder: Path) -> list[Path]:
    """Return every file below the folder, in a fixed order; a DICOMDIR only names others and is left out."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("DICOMDIR"))


def import_folder(
    files: Iterable[Path], *, site: Site, clock: Callable[[], datetime], advanced: Callable[[int], None]
) -> FolderReport:
    """Take the files in, batch by batch; each batch is stored before the next is read."""
    report, seen = FolderReport(), set[Any]()
    for batch in batches(files):
        now = clock()
        objects, unreadable = read_files(batch, report=report)
        fresh = store_batch(objects, site=site, now=now, report=report)
        describe(fresh, unreadable, site=site, now=now)
        seen.update(image.header.study_uid for image in objects)
        advanced(len(batch))
    report.studies = len(seen)
    return report


def batches(files: Iterable[Path]) -> Iterator[Sequence[Path]]:
    waiting = iter(files)
    while batch := list(islice(waiting, BATCH_FILES)):
        yield batch


def read_files(files: Iterable[Path], *, report: FolderReport) -> tuple[list[ImageObject], list[RawRow]]:
    """Return the images, and a row to set aside for every file that is none."""
    objects, unreadable = [], []
    for path in files:
        data = path.read_bytes()
        try:
            objects.append(read_image_object(data, name=path.name))
        except UnreadableFileError as problem:
            report.add_problem(path.name, problem.reason)
            value = {"file": path.name, "sha256": sha256(data).hexdigest(), "bytes": len(data)}
            unreadable.append(RawRow(number=0, value=value, problem=problem.reason, problem_field="file"))
    return objects, unreadable


def store_batch(
    objects: Sequence[ImageObject], *, site: Site, now: datetime, report: FolderReport
) -> list[ImageObject]:
    """Store the images and return those that were not stored before."""
    if not objects:
        return []
    rows = store_objects(objects, site=site, now=now)
    fresh = [image for image, row in zip(objects, rows, strict=True) if row.stored_at == now]
    report.counts["stored"] += len(fresh)
    report.counts["duplicate"] += len(objects) - len(fresh)
    return fresh


def describe(fresh: Sequence[ImageObject], unreadable: Sequence[RawRow], *, site: Site, now: datetime) -> list[Receipt]:
    """Send one event for each study with new images, and the files that could not be read."""
    first: dict[str, ImageObject] = {}
    for image in fresh:
        first.setdefault(image.header.study_uid, image)
    values = [event_row(image.header, site=site, now=now) for image in first.values()]
    rows = [RawRow(number=number, value=value) for number, value in enumerate(values, start=1)]
    rows += [
        RawRow(number=len(rows) + place, value=row.value, problem=row.problem, problem_field=row.problem_field)
        for place, row in enumerate(unreadable, start=1)
    ]
    source = Source(site_key=site.pk, actor=ORIGIN, origin=ORIGIN)
    return accept(rows=rows, kind=EVENT, source=source, now=now) if rows else []


def event_row(header: StudyHeader, *, site: Site, now: datetime) -> dict[str, Any]:
    acquired_at = local_moment(header, site=site).isoformat() if header.acquired_at else None
    study = {
        "study_uid": header.study_uid,
        "patient_id": header.patient_id,
        "patient_id_issuer": header.patient_id_issuer,
        "accession_number": header.accession_number,
        "accession_issuer": header.accession_issuer,
        "modality": header.modality,
        "body_part": header.body_part[:64],
        "acquired_at": acquired_at,
        "patient_age_years": header.patient_age_years,
        "patient_sex": header.patient_sex,
    }
    scanner = {
        "manufacturer": header.scanner.manufacturer[:64],
        "model": header.scanner.model[:64],
        "software_version": header.scanner.software_version[:64],
        "serial_number": header.scanner.serial_number[:64],
    }
    return {
        "kind": "acquired" if acquired_at else "available",
        "at": acquired_at or now.isoformat(),
        "study": present(study),
        "scanner": present(scanner),
        "acquisition": {name: value for name, value in header.acquisition.items() if name in ACQUISITION},
    }


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None)}
