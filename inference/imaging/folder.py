"""A folder of DICOM objects taken in, each as the listener takes it: images, results of AI, rejections, assessments.

Every file has an outcome: in, known already, or set aside with the reason.
Running the same folder again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from inference.imaging.taking import Arrival, TakenObject, set_aside, take_object
from inference.registry.models import Site

ORIGIN = "command:import_dicom"
SHOWN_PROBLEMS = 20


@dataclass(slots=True)
class FolderReport:
    """What became of the files: a count for each form and outcome, and the first reasons (file, reason)."""

    forms: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return not self.outcomes["quarantined"]

    def add(self, name: str, taken: TakenObject) -> None:
        self.forms[taken.form] += 1
        self.outcomes[taken.outcome] += 1
        if not taken.is_in and len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append((name, taken.problem))


def files_in(folder: Path) -> list[Path]:
    """Return every file below the folder, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def import_folder(
    files: Iterable[Path],
    *,
    site: Site,
    calling_ae: str = "",
    clock: Callable[[], datetime],
    advanced: Callable[[int], None],
) -> FolderReport:
    """Take the files in, one transaction each."""
    report = FolderReport()
    for path in files:
        arrival = Arrival(site=site, calling_ae=calling_ae, origin=ORIGIN, now=clock())
        report.add(path.name, take_file(path, arrival=arrival))
        advanced(1)
    return report


def take_file(path: Path, *, arrival: Arrival) -> TakenObject:
    try:
        data = path.read_bytes()
    except OSError as error:
        return set_aside(b"", name=path.name, reason=f"the file cannot be read: {error.strerror}", arrival=arrival)
    return take_object(data, name=path.name, arrival=arrival)
