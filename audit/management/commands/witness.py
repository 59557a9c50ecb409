"""Witnesses of our logs, and the logs we witness: register, ask, carry requests by files, show our own key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.errors import WitnessError
from audit.witnesses.actions import register_log, register_witness
from audit.witnesses.asking import ask_witnesses
from audit.witnesses.cosigning import own_key
from audit.witnesses.dropping import answer_requests, read_cosigned, write_requests
from audit.witnesses.models import Witness


class Command(BaseCommand):
    help = "Let others cosign our checkpoints, and cosign theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("key", help="print the key that others register to have us as a witness")
        acts.add_parser("ask", help="ask every witness with an address now")
        add = acts.add_parser("add", help="register a witness of our logs")
        add.add_argument("key", help="its key as name+id+base64")
        way = add.add_mutually_exclusive_group(required=True)
        way.add_argument("--url", help="its address, to which /add-checkpoint is appended")
        way.add_argument("--folder", help="a folder in which requests are left and cosignatures found")
        way.add_argument("--print", action="store_true", help="by a print that somebody carries there")
        log = acts.add_parser("log", help="register a log that we cosign")
        log.add_argument("keys", nargs="+", help="its public keys as name+id+base64")
        acts.add_parser("write", help="write requests into the folders of witnesses by files")
        acts.add_parser("read", help="read what they cosigned back from there")
        answer = acts.add_parser("answer", help="as the witness of a folder, answer the requests in it")
        answer.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"do_{options['act']}")(**options)
        except (WitnessError, OSError) as error:
            raise CommandError(str(error)) from error

    def do_key(self, **options: Any) -> None:
        self.stdout.write(own_key().text)

    def do_ask(self, **options: Any) -> None:
        self.stdout.write(f"{ask_witnesses(now=timezone.now())} cosignatures came.")

    def do_add(self, **options: Any) -> None:
        way = "address" if options["url"] else "folder" if options["folder"] else "print"
        place = options["url"] or options["folder"] or ""
        witness = register_witness(key=options["key"], way=way, place=place, by="command line", now=timezone.now())
        self.stdout.write(f"{witness.name} is a witness of our logs.")

    def do_log(self, **options: Any) -> None:
        known = register_log(keys=options["keys"], by="command line", now=timezone.now())
        self.stdout.write(f"We cosign {known.origin}.")

    def do_write(self, **options: Any) -> None:
        for witness in by_files():
            for path in write_requests(witness):
                self.stdout.write(str(path))

    def do_read(self, **options: Any) -> None:
        now = timezone.now()
        self.stdout.write(f"{sum(read_cosigned(each, now=now) for each in by_files())} cosignatures were read.")

    def do_answer(self, **options: Any) -> None:
        for name, status in answer_requests(options["folder"], now=timezone.now()):
            self.stdout.write(f"{name}: {status}")


def by_files() -> list[Witness]:
    return list(Witness.objects.filter(way=Witness.Way.FOLDER, ended_at=None).order_by("id"))
