"""`manage.py catch_up`: sequencer, followers and monitors until nothing is left."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from monitoring.dashboards.catching_up import catch_up
from monitoring.rollups.actions import rebuild


class Command(BaseCommand):
    help = "Give entries their positions, fold them into the rollups and run the monitors until nothing is left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="make cases and rollups again from the facts first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            rebuild()
        done = catch_up(now=timezone.now())
        if options["verbosity"]:
            self.stdout.write(
                f"{done.sequenced} entries sequenced, {done.folded} folded, {done.signed} checkpoints signed, "
                f"{done.signals} signals raised"
            )
