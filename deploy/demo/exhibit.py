"""Real CT, MR, US and CR objects, as an exhibit of intake: they ship with pydicom, and no performance is claimed.

Read from the installed package's folder; nothing is downloaded. What their
headers say of the study comes in as an event, like from any PACS.
"""

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inference.connectors.kinds import KINDS
from inference.dicom.headers import StudyHeader
from inference.dicom.objects import read_image_object
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Source
from inference.registry.models import Site
from inference.studies.pixels import store_objects

SITE = "north"
FILES = (
    "CT_small.dcm",
    "MR_small.dcm",
    "examples_ybr_color.dcm",
    "examples_palette.dcm",
    "dicomdirtests/77654033/CR1/6154",
    "dicomdirtests/77654033/CR2/6247",
)
NO_TIME = "2004-01-01T12:00:00+01:00"  # said where a header names no moment


def add_exhibit(*, now: datetime) -> int:
    """Store the objects and what their headers say; return how many."""
    objects = [read_image_object(path.read_bytes(), name=path.name) for path in exhibit_files()]
    store_objects(objects, site=Site.objects.select_related("organisation").get(pk=SITE), now=now)
    source = Source(site_key=SITE, actor="command:demo", origin="demo")
    rows = [RawRow(number=number, value=event_row(each.header)) for number, each in enumerate(objects, start=1)]
    accept(rows=rows, kind=KINDS["events"], source=source, now=now)
    return len(objects)


def exhibit_files() -> list[Path]:
    """Return the files that the installed pydicom brings."""
    found = find_spec("pydicom")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "data" / "test_files"
    return [path for name in FILES if (path := folder / name).exists()]


def event_row(header: StudyHeader) -> dict[str, Any]:
    moment = header.acquired_at.isoformat() if header.acquired_at else NO_TIME
    scanner = header.scanner
    return {
        "event_uid": f"exhibit-{header.sop_instance_uid}",
        "kind": "acquired",
        "at": moment,
        "known_at": moment,
        "study": {
            "study_uid": header.study_uid,
            "patient_id": header.patient_id,
            "modality": header.modality,
            "body_part": header.body_part,
            "acquired_at": moment,
            "patient_sex": header.patient_sex or None,
            "purpose": "test",
        },
        "scanner": {"manufacturer": scanner.manufacturer, "model": scanner.model},
    }
