"""`manage.py rescore --deployment KEY --sample N [--plan NAME] [--wait]`: score a sample again on the workers.

Without --wait it answers as soon as the run is drawn. With it, it waits for
the workers; when none takes the run within 20 seconds it scores here and says
so. Exit 0: all scored; 3: some could not be; 2: no run was made.
"""

import secrets
import sys
from functools import partial
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from inference.registry.models import Deployment
from inference.rescoring.actions import TOLERANCE, start_run
from inference.rescoring.errors import NothingToRescoreError
from inference.rescoring.models import RescoreRun
from inference.rescoring.queries import Progress, agreement_of, failures_of
from inference.rescoring.tasks import call_workers
from inference.rescoring.waiting import wait_for

SOME_FAILED = 3
NO_RUN = 2
SEED_BITS = 31


class Command(BaseCommand):
    help = "Score a sample of a deployment's logged inferences again from the stored pixels."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--deployment", required=True, metavar="KEY")
        parser.add_argument("--sample", required=True, type=int, metavar="N")
        parser.add_argument("--plan", default="", metavar="NAME", help="what the sample is for, kept with the run")
        parser.add_argument("--seed", type=int, help="draws the same sample again; chosen by chance when left out")
        parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="how far a score may be off and agree")
        parser.add_argument("--wait", action="store_true", help="wait for the end and report")

    def handle(self, *args: Any, **options: Any) -> None:
        run = self.start(options)
        call_workers(run_id=run.pk)
        self.stdout.write(f"Run {run.pk}: {run.items.count()} inferences of {run.deployment_id}, seed {run.seed}.")
        if options["wait"]:
            self.wait(run)

    def start(self, options: dict[str, Any]) -> RescoreRun:
        deployment = Deployment.objects.select_related("site").filter(pk=options["deployment"]).first()
        if deployment is None:
            self.fail(f"The deployment {options['deployment']} is not registered.")
        if options["sample"] < 1:
            self.fail("A sample has at least one inference.")
        seed = options["seed"] if options["seed"] is not None else secrets.randbits(SEED_BITS)
        try:
            return start_run(
                deployment=deployment,
                sample=options["sample"],
                seed=seed,
                tolerance=options["tolerance"],
                plan=options["plan"],
                actor="command:rescore",
                now=timezone.now(),
            )
        except NothingToRescoreError as problem:
            self.fail(str(problem))

    def wait(self, run: RescoreRun) -> None:
        with tqdm(total=run.items.count(), unit="", desc="re-scored", disable=None) as bar:
            alone = partial(bar.write, "No worker has taken the run; scoring in this process.", file=sys.stderr)
            progress = wait_for(run, progressed=lambda progress: bar.update(progress.closed - bar.n), left_alone=alone)
        self.report(run, progress)
        if progress.failed:
            sys.exit(SOME_FAILED)

    def report(self, run: RescoreRun, progress: Progress) -> None:
        agreement = agreement_of(run)
        self.stdout.write(f"{progress.done} scored, {progress.failed} could not be, of {progress.items}.")
        if agreement.compared:
            self.stdout.write(
                f"{agreement.agreeing} of {agreement.compared} within {run.tolerance:g} of the logged score; "
                f"largest difference {agreement.largest:.3g}; {agreement.flipped} on the other side of the threshold."
            )
        for reason, count in failures_of(run):
            self.stderr.write(f"{count}: {reason}")

    def fail(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(NO_RUN)
