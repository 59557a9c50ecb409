"""Recomputes the audit log from the facts and says what is wrong with it."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from rich.progress import Progress

from audit.errors import UnreadableCheckpointError
from audit.log.findings import Problem, Witnessed
from audit.log.holding import check_rows
from audit.log.models import Entry
from audit.log.queries import organisations_in_log
from audit.log.verifying import facts_sharing_an_entry, facts_without_entry, verify_log
from audit.log.witnessing import read_checkpoint_file
from audit.signatures.verifying import check_signatures
from audit.witnesses.verifying import check_cosignatures, check_time_stamps, stamped_roots, witnessed_by_others

INTACT, NOT_INTACT, UNREADABLE = 0, 1, 2


class Command(BaseCommand):
    help = "Recompute the audit log from the facts. Exit 0: intact; 1: not; 2: a checkpoint file cannot be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="an older checkpoint, kept apart",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kept = [read_checkpoint_file(path) for path in options["checkpoint"]]
        except UnreadableCheckpointError as error:
            self.stderr.write(str(error))
            raise SystemExit(UNREADABLE) from error
        wrong = 0
        for problem in self.problems(kept):
            wrong += 1
            self.stdout.write(problem.sentence)
        logs = len(organisations_in_log())
        if wrong:
            self.stdout.write(f"Not intact: {wrong} things are wrong in {logs} logs.")
            raise SystemExit(NOT_INTACT)
        self.stdout.write(f"Intact: {Entry.objects.count()} entries in {logs} logs.")

    def problems(self, kept: list[tuple[str, Witnessed]]) -> Iterator[Problem]:
        bar = Progress(transient=True) if self.stdout.isatty() else None
        with bar or nullcontext():
            task = bar.add_task("entries", total=Entry.objects.count()) if bar else None
            for organisation in sorted(set(organisations_in_log()) | {name for name, _ in kept}):
                yield from verify_log(
                    organisation,
                    witnessed=[
                        *(each for name, each in kept if name == organisation),
                        *witnessed_by_others(organisation),
                        *stamped_roots(organisation),
                    ],
                    advance=lambda count: bar.advance(task, count) if bar and task is not None else None,
                )
            yield from facts_without_entry()
            yield from facts_sharing_an_entry()
            yield from check_signatures()
            yield from check_rows()
            yield from check_cosignatures()
            yield from check_time_stamps()
