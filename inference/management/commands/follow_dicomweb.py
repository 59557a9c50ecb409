"""Follows the archive of one site over DICOMweb."""

import base64
import os
import signal
import ssl
import threading
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from inference.imaging.archive_web import ArchiveError, ArchiveServer, OrthancChanges
from inference.imaging.archived_studies import Settling
from inference.imaging.following import Follower, Pace
from inference.imaging.models import Archive
from inference.registry.models import Site

TOKEN, LOGIN = "RADVIGIL_DICOMWEB_TOKEN", "RADVIGIL_DICOMWEB_LOGIN"
LONGEST_WAIT_SECONDS = 300.0


class Command(BaseCommand):
    help = "Follow an archive over DICOMweb: its studies are described, its results of AI become predictions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", required=True)
        parser.add_argument("--url", required=True, help="the DICOMweb root, such as https://pacs.example/dicom-web")
        parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS")
        parser.add_argument(
            "--days", type=int, default=3, help="days that are looked at again where no list of changes is"
        )
        parser.add_argument("--compare-hours", type=float, default=24.0, help="how often everything is compared")
        parser.add_argument("--updated-attribute", default="", help="an attribute on which the archive matches updates")
        parser.add_argument("--pixels", action="store_true", help="fetch images too, into the pixel store")
        parser.add_argument("--again", action="store_true", help="fetch what was not understood before once more")
        parser.add_argument(
            "--credentials", type=Path, metavar="FILE",
            help=f"a file with `user:password` or a bearer token in one line; else {LOGIN} or {TOKEN} is read",
        )  # fmt: skip
        parser.add_argument("--authority", type=Path, metavar="FILE", help="the authority of the archive's certificate")
        parser.add_argument("--certificate", type=Path, metavar="FILE", help="our own: chain and key in one file")
        parser.add_argument("--once", action="store_true", help="follow and compare everything once, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        follower = follower_of(options, stop=stop)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda _number, _frame: stop.set())
        self.stdout.write(f"following {follower.archive.url} for {follower.archive.site_id}.")
        self.stdout.flush()
        failures = 0
        while not stop.is_set():
            failures = 0 if self.turn(follower) else failures + 1
            if options["once"] and (failures or not follower.is_comparing):
                break
            stop.wait(pause_of(follower, failures=failures, every=options["every"]))
        if options["once"] and failures:
            raise CommandError(f"The archive was not followed: {follower.archive.last_error}")

    def turn(self, follower: Follower) -> bool:
        close_old_connections()
        try:
            looked = follower.turn()
        except ArchiveError as error:
            self.stderr.write(f"{error}; trying again.")
            return False
        except DatabaseError as error:
            self.stderr.write(f"the database does not answer ({type(error).__name__}); trying again.")
            return False
        if looked:
            self.stdout.write(f"{looked} studies looked into{progress(follower)}.")
            self.stdout.flush()
        return True


def progress(follower: Follower) -> str:
    archive = follower.archive
    comparing = f"; comparing slice {archive.next_slice} of {archive.slices}" if follower.is_comparing else ""
    return f"{comparing}; {archive.behind} changes behind" if archive.behind else comparing


def pause_of(follower: Follower, *, failures: int, every: float) -> float:
    """Return how long to wait: less and less eager while it fails, hardly while everything is compared."""
    if failures:
        return float(min(LONGEST_WAIT_SECONDS, every * 2.0 ** min(failures, 8)))
    return 0.01 if follower.is_comparing else every


def follower_of(options: dict[str, Any], *, stop: threading.Event) -> Follower:
    site = Site.objects.filter(pk=options["site"]).first()
    if site is None:
        raise CommandError(f"There is no site {options['site']!r}; register it first.")
    server = server_of(options, pause=stop.wait)
    archive, _ = Archive.objects.get_or_create(site=site, url=server.url)
    settling = Settling(
        archive=archive, server=server, clock=timezone.now, with_pixels=options["pixels"], again=options["again"]
    )
    pace = Pace(
        days=options["days"],
        compare_every=timedelta(hours=options["compare_hours"]),
        updated_attribute=options["updated_attribute"],
    )
    try:
        changes = OrthancChanges.of(server)
    except ArchiveError as error:
        raise CommandError(f"{error}. Is the address right, and the archive running?") from error
    return Follower(settling=settling, pace=pace, clock=timezone.now, changes=changes, stopped=stop.is_set)


def server_of(options: dict[str, Any], *, pause: Any) -> ArchiveServer:
    try:
        context = context_of(options["authority"], options["certificate"])
        return ArchiveServer(
            url=options["url"].rstrip("/"), pause=pause, headers=login(options["credentials"]), context=context
        )
    except (OSError, ssl.SSLError) as error:
        raise CommandError(f"The certificate or the credentials cannot be read: {error}.") from error
    except ValueError as error:
        raise CommandError(f"{error}.") from error


def login(file: Path | None) -> dict[str, str]:
    """Return the header of a log-in: from a file, else from the environment."""
    said = file.read_text().strip() if file else os.environ.get(LOGIN) or os.environ.get(TOKEN, "")
    if not said:
        return {}
    is_password = ":" in said
    value = f"Basic {base64.b64encode(said.encode()).decode()}" if is_password else f"Bearer {said}"
    return {"Authorization": value}


def context_of(authority: Path | None, certificate: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    if certificate:
        context.load_cert_chain(certificate)
    return context
