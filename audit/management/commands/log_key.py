"""The keys of a log: list them, rotate with an overlap, mark one as compromised."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.errors import AuditError
from audit.log.keyhistory import compromised_keys
from audit.log.signing import mark_compromised, recorded_keys, rotate_key, using
from audit.proofs.notes import PublicKey


class Command(BaseCommand):
    help = "List, rotate or give up the key that signs a log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        shown = acts.add_parser("list", help="every key of a log with its fingerprint")
        rotate = acts.add_parser("rotate", help="sign by a new key, which the old one introduces")
        rotate.add_argument("--overlap-days", type=int, default=30, help="how long both keys sign; 0 after a theft")
        marked = acts.add_parser("compromised", help="say from when on a key is not to be believed")
        marked.add_argument("fingerprint")
        marked.add_argument("--since", required=True, type=datetime.fromisoformat, help="such as 2026-11-24T08:00Z")
        for parser_of_act in (shown, rotate, marked):
            parser_of_act.add_argument("--organisation", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        organisation, now = options["organisation"], timezone.now()
        try:
            if options["act"] == "rotate":
                overlap = timedelta(days=options["overlap_days"])
                key = rotate_key(organisation, overlap=overlap, by="command line", now=now)
                self.stdout.write(f"New key {key.fingerprint}\n{key.text}")
            elif options["act"] == "compromised":
                self.mark(organisation, options=options, now=now)
            else:
                self.show(organisation)
        except AuditError as error:
            raise CommandError(str(error)) from error

    def mark(self, organisation: str, *, options: dict[str, Any], now: datetime) -> None:
        since = options["since"]
        if since.tzinfo is None:
            raise CommandError("Give the moment with its zone: 2026-11-24T08:00+01:00.")
        mark_compromised(organisation, fingerprint=options["fingerprint"], since=since, by="command line", now=now)
        self.stdout.write(f"The key {options['fingerprint']} is not believed from {since.isoformat()} on.")

    def show(self, organisation: str) -> None:
        lost = compromised_keys(organisation, using=using())
        for row in recorded_keys(organisation):
            key = PublicKey(name=row.origin, key=bytes(row.public_key))
            since = lost.get(key.key)
            state = f", compromised since {since.isoformat()}" if since else ""
            self.stdout.write(f"{row.created_at.isoformat()} {key.fingerprint}{state}\n  {key.text}")
