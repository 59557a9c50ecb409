"""Listens for HL7 v2 messages of one site."""

import ssl
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inference.messages.hl7_listening import Hl7Server, Listening
from inference.registry.models import Site


class Command(BaseCommand):
    help = "Take HL7 v2 messages in over MLLP (results, orders, patients); each is acknowledged after it is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", required=True)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2575)
        parser.add_argument("--allow", action="append", default=[], metavar="ADDRESS", help="who may send; repeat")
        parser.add_argument("--certificate", metavar="FILE", help="listen with TLS; the file holds chain and key")
        parser.add_argument("--clients", metavar="FILE", help="with TLS: the authorities whose clients may send")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Site.objects.filter(pk=options["site"]).exists():
            raise CommandError(f"There is no site {options['site']!r}; register it first.")
        listening = Listening(
            site=options["site"],
            host=options["host"],
            port=options["port"],
            allowed=frozenset(options["allow"]),
            context=context_of(options["certificate"], options["clients"]),
        )
        try:
            server = Hl7Server(listening, clock=timezone.now)
        except OSError as error:
            raise CommandError(f"{listening.host}:{listening.port} cannot be listened on: {error}.") from error
        self.stdout.write(f"Listening for {listening.site} on {listening.host}:{server.server_address[1]}.")
        self.stdout.flush()
        with server:
            server.serve_forever()


def context_of(certificate: str | None, clients: str | None) -> ssl.SSLContext | None:
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
