"""What the demo adds beside the chest studies: four streams, real objects, re-scoring runs; and the following.

While months are missing, monitors must not look: a hospital whose later months
are not simulated yet would be called silent.
"""

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.core.management import call_command

from audit.log.sequencing import sequence
from deploy.demo.claims import hold_to_claims
from deploy.demo.exhibit import add_exhibit
from deploy.demo.labels import plan_labels
from deploy.demo.planning import Plan
from deploy.demo.progress import Progress
from deploy.demo.streams.echocardiography import ejection_fractions
from deploy.demo.streams.files import Stream, write_stream
from deploy.demo.streams.lung_nodules import lung_nodules
from deploy.demo.streams.mammography import mammography
from deploy.demo.streams.stroke import stroke_triage
from inference.registry.models import Deployment
from inference.rescoring.actions import TOLERANCE, start_run
from inference.rescoring.models import RescoreRun
from inference.rescoring.scoring import score_run, worker_name
from monitoring.dashboards.catching_up import work_off
from monitoring.rollups.actions import follow

STREAMS: tuple[Callable[..., Stream], ...] = (mammography, stroke_triage, ejection_fractions, lung_nodules)
SAMPLES = {"cxr-north": 120, "cxr-south": 300}
PLAN_NAME = "demo"


def follow_facts(*, now: datetime) -> None:
    """Bring log and rollups up to the facts; monitors wait until every month is there."""
    while sequence(now=now) + follow(now=now):
        pass


def add_all(*, plan: Plan, progress: Progress, now: datetime) -> None:
    """Add everything that is not there yet."""
    with progress.phase("streams", words="Mammography, stroke, echo and lung CT streams", of=len(STREAMS)):
        for place, stream in enumerate(STREAMS, start=1):
            import_stream(stream(days=(plan.first_day, plan.last_day), seed=plan.seed))
            progress.advance(to=place)
    with progress.phase("exhibit", words="Real CT, MR, US and CR objects", of=1):
        add_exhibit(now=now)
        progress.advance(to=1)
    follow_facts(now=now)
    hold_to_claims(now=now)
    with progress.phase("following", words="Rollups, monitors and signals", of=1):
        work_off(now=now)
        progress.advance(to=1)
    plan_labels(plan=plan, now=now)
    with progress.phase("rescoring", words="Re-scoring samples", of=len(SAMPLES)):
        for place, deployment in enumerate(SAMPLES, start=1):
            rescore(deployment, seed=plan.seed, now=now)
            progress.advance(to=place)
        follow_facts(now=now)


def import_stream(stream: Stream) -> None:
    """Import a stream's files as an integrator would."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, path in write_stream(stream, folder=Path(folder)).items():
            owner = {"deployment": stream.deployment} if kind == "inferences" else {"site": stream.site}
            call_command(f"import_{kind}", str(path), **owner, verbosity=0)


def rescore(deployment: str, *, seed: int, now: datetime) -> None:
    """Score a sample again; a run that an earlier start began is finished."""
    run = RescoreRun.objects.filter(deployment=deployment, plan=PLAN_NAME).first() or start_run(
        deployment=Deployment.objects.get(pk=deployment),
        sample=SAMPLES[deployment],
        seed=seed,
        tolerance=TOLERANCE,
        plan=PLAN_NAME,
        actor="command:demo",
        now=now,
    )
    while score_run(run_id=run.pk, worker=worker_name()):
        pass
