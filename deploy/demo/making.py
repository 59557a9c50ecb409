"""Makes the demo's network step by step: networks, registry, eighteen months of studies, and what lies beside.

The oldest months come first and rollups follow in between, so pages show
something long before everything is there.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import count
from multiprocessing.pool import AsyncResult, Pool
from pathlib import Path

import django
import torch
from django.conf import settings

from deploy.demo.planning import Plan, PlannedStudy, plan_network
from deploy.demo.progress import Progress
from deploy.demo.simulation import Job, Simulated, WeightsFile, simulate
from deploy.demo.stories import MONTHS
from deploy.demo.training import FINE_TUNING, FROM_SCRATCH, TrainedNetwork, is_whole, train_networks

PROCESSES = 2
STUDIES_PER_JOB = 48
MONTHS_BETWEEN_FOLLOWS = 3

Simulation = AsyncResult  # of lists of Simulated
Networks = tuple[TrainedNetwork, TrainedNetwork]


def make_network(*, progress: Progress) -> None:
    """Bring the installation from whatever is there to the whole demo."""
    # The processes start before Django opens a connection that they would share.
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        django.setup()
        open_doors()
        plan = plan_network(last_day=date.fromisoformat(progress.last_day), seed=progress.seed, size=progress.size)
        networks = trained(progress=progress, pool=pool)
        fill(plan=plan, networks=networks, progress=progress, pool=pool)
    progress.is_seeded, progress.step, progress.words = True, "seeded", "The demo's network is complete"
    progress.save()


def open_doors() -> None:
    """Make the log-ins before anything that takes long: whoever comes early sees what is being made."""
    from deploy.demo.network import create_users  # noqa: PLC0415 - tables need Django to be set up

    create_users(now=datetime.now(UTC))


def trained(*, progress: Progress, pool: Pool) -> Networks:
    """Return both networks: those of an earlier start where their files are whole, else newly trained."""
    known = [TrainedNetwork.of_plain(each) for each in progress.networks]
    if len(known) == 2 and all(map(is_whole, known)):
        return known[0], known[1]
    torch.set_num_threads(PROCESSES)
    epochs = count(1)
    with progress.phase("training", words="Training the chest networks", of=FROM_SCRATCH.epochs + FINE_TUNING.epochs):
        networks = train_networks(
            folder=Path(settings.RADVIGIL_WEIGHTS),
            seed=progress.seed,
            pool=pool,
            progress=lambda _epoch, _loss: progress.advance(to=next(epochs)),
        )
    progress.networks = [network.plain() for network in networks]
    progress.save()
    return networks


def fill(*, plan: Plan, networks: Networks, progress: Progress, pool: Pool) -> None:
    # The tables can be imported only now that Django is set up.
    from deploy.demo import arrivals, beside, network  # noqa: PLC0415
    from monitoring.dashboards.catching_up import turn  # noqa: PLC0415

    now = datetime.now(UTC)
    if network.is_empty():  # another database than that of an earlier start
        progress.finished = []
    network.register_network(plan=plan, networks=networks, now=now)
    truths = arrivals.truths_by_month(plan)
    with turn(waiting=True):  # workers that run already do not follow half of the months
        with progress.phase("studies", words="Eighteen months of chest radiographs", of=MONTHS):
            for month, made in simulated_months(plan, networks=networks, progress=progress, pool=pool):
                arrivals.take_month(plan, made=made, truths=truths[month], now=now)
                progress.finish(f"month {month}")
                progress.advance(to=month)
                if month % MONTHS_BETWEEN_FOLLOWS == 0:
                    beside.follow_facts(now=now)
        beside.add_all(plan=plan, progress=progress, now=now)


def simulated_months(
    plan: Plan, *, networks: Networks, progress: Progress, pool: Pool
) -> Iterator[tuple[int, list[Simulated]]]:
    """Yield the months that are not stored yet, oldest first; the next one is simulated meanwhile."""
    waiting: list[tuple[int, Simulation]] = []
    for month, studies in plan.months():
        if progress.is_finished(f"month {month}"):
            continue
        waiting.append((month, pool.map_async(simulate, jobs_of(studies, plan=plan, networks=networks), chunksize=1)))
        if len(waiting) > 1:
            yield collected(*waiting.pop(0))
    for month, simulation in waiting:
        yield collected(month, simulation)


def collected(month: int, simulation: Simulation) -> tuple[int, list[Simulated]]:
    return month, [each for part in simulation.get() for each in part]


def jobs_of(studies: Sequence[PlannedStudy], *, plan: Plan, networks: Networks) -> list[Job]:
    first, later = (WeightsFile(path=network.path, sha256=network.sha256) for network in networks)
    return [
        Job(seed=plan.seed, studies=tuple(studies[start : start + STUDIES_PER_JOB]), first=first, later=later)
        for start in range(0, len(studies), STUDIES_PER_JOB)
    ]
