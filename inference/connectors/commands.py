"""What the six import commands share: arguments, progress, the summary and the exit status."""

import sys
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from inference.connectors.files import Progress
from inference.connectors.importing import ImportReport, import_file
from inference.connectors.kinds import KINDS
from inference.errors import UnreadableFileError
from inference.intake.kinds import Source
from inference.registry.models import Deployment, Site

SOME_SET_ASIDE = 3
CANNOT_READ = 2


class ImportCommand(BaseCommand):
    """`manage.py import_<plural> FILE --site KEY`."""

    plural: ClassVar[str] = ""
    by_deployment: ClassVar[bool] = False

    @property
    def help(self) -> str:  # type: ignore[override]
        return f"Take {self.plural} in from a CSV, NDJSON or Parquet file. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        owner = "--deployment" if self.by_deployment else "--site"
        parser.add_argument(owner, required=True, metavar="KEY")
        parser.add_argument("--processes", type=int, default=1, metavar="N", help="store N batches side by side")

    def handle(self, *args: Any, **options: Any) -> None:
        source = self.source_of(options)
        with tqdm(unit="", unit_scale=True, desc=self.plural, disable=None) as bar:
            try:
                report = import_file(
                    options["file"],
                    kind=KINDS[self.plural],
                    source=source,
                    clock=timezone.now,
                    advanced=lambda progress: advance(bar, progress),
                    processes=options["processes"],
                )
            except UnreadableFileError as error:
                self.fail(str(error))
        self.show(report)
        if not report.is_complete:
            sys.exit(SOME_SET_ASIDE)

    def source_of(self, options: dict[str, Any]) -> Source:
        actor = f"command:import_{self.plural}"
        if self.by_deployment:
            deployment = Deployment.objects.filter(pk=options["deployment"]).first()
            if deployment is None:
                self.fail(f"The deployment {options['deployment']} is not registered.")
            return Source(
                site_key=deployment.site_id,
                deployment_key=deployment.pk,
                actor=actor,
                origin=actor,
                refuses_foreign=False,
            )
        if not Site.objects.filter(pk=options["site"]).exists():
            self.fail(f"The site {options['site']} is not registered.")
        return Source(site_key=options["site"], actor=actor, origin=actor, refuses_foreign=False)

    def show(self, report: ImportReport) -> None:
        total = sum(report.counts.values())
        sums = ", ".join(f"{count} {status.replace('_', ' and ')}" for status, count in sorted(report.counts.items()))
        self.stdout.write(f"{total} {self.plural}: {sums or 'the file holds no row'}.")
        for receipt in report.problems:
            self.stderr.write(f"row {receipt.row} {receipt.status}: {receipt.reason}")
        hidden = report.counts["quarantined"] + report.counts["conflict"] - len(report.problems)
        if hidden > 0:
            self.stderr.write(f"and {hidden} more; the quarantine page shows them all.")

    def fail(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(CANNOT_READ)


def advance(bar: Any, progress: Progress) -> None:
    bar.total = progress.total
    bar.update(progress.done - bar.n)
