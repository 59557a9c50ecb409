"""`manage.py register FILE.yaml`: bring the registry to what a file says."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from inference.errors import HistoryError, RegistryFileError
from inference.registry.actions import CREATED, UNCHANGED, UPDATED, RegisterReport, register

CANNOT_REGISTER = 2


class Command(BaseCommand):
    help = "Create or update organisations, sites, products, versions, findings, claims and deployments from one file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
            report = register(text=text, actor="command:register", now=timezone.now())
        except (OSError, UnicodeDecodeError) as error:
            self.fail(
                f"{options['file']} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}."
            )
        except (RegistryFileError, HistoryError) as error:
            self.fail(str(error))
        else:
            self.stdout.write(table_of(report))

    def fail(self, sentence: str) -> None:
        self.stderr.write(f"Nothing was registered. {sentence}")
        sys.exit(CANNOT_REGISTER)


def table_of(report: RegisterReport) -> str:
    """Return the outcome of every line, and the sums below."""
    width = max((len(line.subject) for line in report.lines), default=0)
    rows = [f"{line.subject.ljust(width)}  {line.outcome}" for line in report.lines]
    sums = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in (CREATED, UPDATED, UNCHANGED))
    return "\n".join([*rows, "", sums])
