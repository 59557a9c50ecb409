"""Fills an installation with the demo's network: `python -m deploy.demo.seeding`.

May be stopped at any moment and started again: what is stored already is
answered as a duplicate, what is missing is added, and a network that stands
is recognised at once.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from deploy.demo.progress import Progress

SEED = 22
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.demo.seeding", description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=1.0, help="share of the usual number of studies")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings.base")
    progress = Progress.load(home_folder())
    if progress.is_seeded:
        print("The demo's data are there already.")
        return 0
    os.environ.update(ONE_THREAD)  # the processes share the cores among themselves
    # Late, so that a start that finds everything made does not wait for torch.
    from deploy.demo.making import make_network  # noqa: PLC0415

    if not progress.last_day:
        begin(progress, seed=chosen.seed, size=chosen.size, now=datetime.now(UTC))
    make_network(progress=progress)
    return 0


def begin(progress: Progress, *, seed: int, size: float, now: datetime) -> None:
    """Fix what the whole network follows from: its 18 months end yesterday, whenever it is finished."""
    progress.seed, progress.size = seed, size
    progress.last_day = datetime.fromordinal(now.date().toordinal() - 1).date().isoformat()
    progress.save()


def home_folder() -> Path:
    from django.conf import settings  # noqa: PLC0415 - settings read the environment that main has set

    home = Path(settings.RADVIGIL_HOME)
    home.mkdir(parents=True, exist_ok=True)
    return home


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
