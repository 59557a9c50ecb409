"""Listens for DICOM objects of one site."""

import signal
import ssl
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inference.imaging.inbox import Inbox
from inference.imaging.listening import DicomListener, Listening
from inference.registry.models import Site
from inference.studies.pseudonyms import keyring_of


class Command(BaseCommand):
    help = (
        "Take DICOM objects in by C-STORE: images, results of AI, rejections. Acknowledged when they are on the disk."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", required=True)
        parser.add_argument("--ae-title", default="RADVIGIL")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=11112)
        parser.add_argument(
            "--allow", action="append", default=[], metavar="AE", help="an AE title that may send; repeat"
        )
        parser.add_argument(
            "--certificate", type=Path, metavar="FILE", help="listen with TLS; chain and key in one file"
        )
        parser.add_argument("--clients", type=Path, metavar="FILE", help="with TLS: authorities whose clients may send")
        parser.add_argument(
            "--most-waiting", type=int, default=5_000, help="objects in the inbox before senders must wait"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(pk=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']!r}; register it first.")
        listening = Listening(
            site=site.pk,
            ae_title=options["ae_title"],
            host=options["host"],
            port=options["port"],
            allowed=tuple(options["allow"]),
            context=context_of(options["certificate"], options["clients"]),
        )
        folder = Path(settings.RADVIGIL_HOME) / "inbox" / site.pk
        inbox = Inbox(folder=folder, keyring=keyring_of(site.organisation_id), most=options["most_waiting"])
        listener = DicomListener(listening, inbox=inbox, clock=timezone.now)
        try:
            listener.start()
        except OSError as error:
            raise CommandError(f"{listening.host}:{listening.port} cannot be listened on: {error}.") from error
        self.stdout.write(f"{listening.ae_title} listens for {site.pk} on {listening.host}:{listener.port}.")
        self.stdout.flush()
        wait_for_signal()
        listener.stop()


def wait_for_signal() -> None:
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: stop.set())
    stop.wait()


def context_of(certificate: Path | None, clients: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise CommandError(f"The certificate cannot be used: {error}.") from error
    return context
