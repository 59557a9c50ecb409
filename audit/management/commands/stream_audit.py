"""Hands the audit log on to a SIEM, an audit repository or a file."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.exchange.following import FORMATS, hand_on
from audit.log.queries import organisations_in_log


class Command(BaseCommand):
    help = (
        "Send the entries of a log that were not sent before: RFC 5424, DICOM audit messages (ATNA) or FHIR AuditEvent."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", required=True, help="whose log")
        parser.add_argument("--to", required=True, help="udp://, tcp:// or tls:// HOST:PORT, or a file to append to")
        parser.add_argument("--format", choices=FORMATS, default="syslog")
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["organisation"] not in organisations_in_log():
            raise CommandError(f"There is no log of {options['organisation']}; there are {organisations_in_log()}.")
        while True:
            self.send(**options)
            if not options["every"]:
                return
            time.sleep(options["every"])

    def send(self, *, organisation: str, to: str, format: str, every: float | None, **_: Any) -> None:
        try:
            sent = hand_on(organisation=organisation, form=format, to=to)
        except ValueError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            if not every:
                raise CommandError(f"{to} cannot be reached: {error}. Nothing is lost: run it again.") from error
            self.stderr.write(f"{to} cannot be reached: {error}; trying again in {every:g} s")
            return
        if sent or not every:
            self.stdout.write(f"{sent} entries of {organisation} handed on.")
