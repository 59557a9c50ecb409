"""`manage.py export_package`: one file that proves what happened, and the key fingerprint of each log in it."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.errors import AuditError
from monitoring.errors import MonitoringError
from monitoring.evidence.making import make_package
from monitoring.evidence.renditions import RENDITIONS
from monitoring.evidence.scopes import AGGREGATE, PURPOSES, REGULATOR, ROWS, Wanted, scope_of
from monitoring.evidence.under_way import Making


def moment(text: str) -> datetime:
    """Understand a moment; one without an offset is in UTC, a day is its beginning."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def renditions(text: str) -> tuple[str, ...]:
    asked = tuple(sorted(set(text.split(","))))
    if unknown := set(asked) - set(RENDITIONS):
        raise ArgumentTypeError(f"there is no form {', '.join(sorted(unknown))}; there are {', '.join(RENDITIONS)}")
    return asked


class Command(BaseCommand):
    help = "Write an evidence package that verifies offline, and print the key fingerprint of each log in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--product", metavar="KEY", required=True)
        parser.add_argument("--site", metavar="KEY", default="")
        parser.add_argument("--study", metavar="S", type=UUID, default=None, help="the random id of one study")
        parser.add_argument("--signal", metavar="S", default="")
        parser.add_argument("--change", metavar="C", default="")
        parser.add_argument("--from", dest="since", type=date.fromisoformat, required=True, help="first day")
        parser.add_argument("--to", dest="until", type=date.fromisoformat, required=True, help="first day left out")
        parser.add_argument("--as-of", type=moment, default=None, help="as it was known at this moment")
        parser.add_argument(
            "--previous", type=Path, default=None, metavar="PACKAGE", help="an earlier one, to follow on"
        )
        parser.add_argument("--level", choices=[AGGREGATE, ROWS], default=ROWS)
        parser.add_argument("--purpose", choices=PURPOSES, default=REGULATOR, help="research: dates are shifted")
        parser.add_argument("--recipient", metavar="KEY", default="", help="organisation that gets it, or 'outside'")
        parser.add_argument(
            "--renditions", type=renditions, default=(), metavar="FORM,…", help=f"also as {' or '.join(RENDITIONS)}"
        )
        parser.add_argument("--output", type=Path, required=True, metavar="FILE.zip")

    def handle(self, *args: Any, **options: Any) -> None:
        names = "product site study signal change since until as_of previous level purpose recipient renditions".split()
        least = 11 if options["level"] == AGGREGATE else 0
        wanted = Wanted(**{name: options[name] for name in names}, minimum_count=least)
        try:
            making = Making(
                uid=uuid4().hex, scope=scope_of(wanted), actor="command", now=timezone.now(), tell=self.tell
            )
            made = make_package(making, path=options["output"])
        except (MonitoringError, AuditError) as problem:
            raise CommandError(str(problem)) from problem
        except FileExistsError as problem:
            raise CommandError(f"{options['output']} is there already; name another file.") from problem
        self.stdout.write(f"{options['output']}: {made.cases} cases, {made.size} bytes, SHA-256 {made.sha256}")
        for organisation, fingerprint in made.keys.items():
            self.stdout.write(f"{organisation} {fingerprint}")

    def tell(self, step: str, done: int, of: int) -> None:
        if self.stderr.isatty():
            how_far = f" {done:,} of {of:,}" if of else f" {done:,}" if done else ""
            self.stderr.write(f"\r\033[K{step}{how_far} …", ending="")
