"""`manage.py import_dicom FOLDER --site KEY`: take DICOM in. Exit 0: all in; 3: some set aside; 2: none read."""

import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from inference.connectors.commands import CANNOT_READ, SOME_SET_ASIDE
from inference.imaging.folder import FolderReport, files_in, import_folder
from inference.registry.models import Site


class Command(BaseCommand):
    help = (
        "Take the DICOM objects of a folder in, as listen_dicom does: images (de-identified), results of AI, "
        "assessments, rejections. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument("--site", required=True, metavar="KEY")
        parser.add_argument(
            "--calling-ae", default="", metavar="AE", help="the AE title that result sources know the sender by"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.select_related("organisation").filter(pk=options["site"]).first()
        if site is None:
            self.fail(f"The site {options['site']} is not registered.")
        if not options["folder"].is_dir():
            self.fail(f"{options['folder']} is not a folder.")
        files = files_in(options["folder"])
        with tqdm(total=len(files), unit="", desc="files", disable=None) as bar:
            report = import_folder(
                files, site=site, calling_ae=options["calling_ae"], clock=timezone.now, advanced=bar.update
            )
        self.show(report)
        if not report.is_complete:
            sys.exit(SOME_SET_ASIDE)

    def show(self, report: FolderReport) -> None:
        outcomes, forms = (
            ", ".join(f"{count} {name}" for name, count in sorted(each.items())) or "none"
            for each in (report.outcomes, report.forms)
        )
        self.stdout.write(f"{sum(report.outcomes.values())} files: {outcomes}. By kind: {forms}.")
        for name, reason in report.problems:
            self.stderr.write(f"{name}: {reason}")
        hidden = report.outcomes["quarantined"] - len(report.problems)
        if hidden > 0:
            self.stderr.write(f"and {hidden} more; the quarantine page shows them all.")

    def fail(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(CANNOT_READ)
