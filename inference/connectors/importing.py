"""A file taken in batch by batch, each committed: what is stored stays stored, and a second run completes the rest."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from inference.connectors.files import Progress, read_rows
from inference.connectors.side_by_side import taken_in
from inference.intake.actions import accept, batches
from inference.intake.kinds import Kind, Receipt, Source

SHOWN_PROBLEMS = 20


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file: a count for each status, and the first that did not go in."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Receipt] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return not (self.counts["quarantined"] or self.counts["conflict"])

    def add(self, receipts: list[Receipt]) -> None:
        self.counts.update(receipt.status for receipt in receipts)
        room = SHOWN_PROBLEMS - len(self.problems)
        self.problems.extend([receipt for receipt in receipts if not receipt.is_in][:room])


def import_file(
    path: Path,
    *,
    kind: Kind,
    source: Source,
    clock: Callable[[], datetime],
    advanced: Callable[[Progress], None],
    processes: int = 1,
) -> ImportReport:
    """Take a file in. `clock` gives each batch its time of receipt.

    Raises:
        UnreadableFileError: it cannot be read; batches before that place are stored.
    """
    report, progress = ImportReport(), Progress()
    dated = ((batch, clock()) for batch in batches(read_rows(path, kind, progress)))
    if processes > 1:
        answers = taken_in(dated, kind=kind, source=source, processes=processes)
    else:
        answers = (accept(rows=batch, kind=kind, source=source, now=now) for batch, now in dated)
    for receipts in answers:
        report.add(receipts)
        advanced(progress)
    return report
