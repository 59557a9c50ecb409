"""The demo's own network, made once for the tests of a module."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client, override_settings

from audit.access.models import User
from deploy.demo.making import make_network
from deploy.demo.planning import Plan, plan_network
from deploy.demo.progress import Progress
from deploy.demo.seeding import SEED, begin
from tests.committing import CommittedDatabase, committed_copy

BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A seeded installation with its plan, which knows what really happened."""

    plan: Plan
    home: Path
    database: CommittedDatabase

    def page(self, username: str, path: str, **data: str) -> Any:
        """Return the answer that a demo user gets, redirects followed."""
        return self.client(username).get(path, data, follow=True)

    def manage(self, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of `manage.py` in a process of its own, which commits."""
        return subprocess.run(
            [sys.executable, "manage.py", command, *arguments],
            cwd=settings.BASE_DIR,
            env=self.database.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def client(self, username: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=username), backend=BACKEND)
        return client


SEEDED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@contextmanager
def seeded_demo(*, blocker: Any, home: Path) -> Iterator[Demo]:
    """Seed a database of its own, as `make demo` did on one day: what is drawn depends on the calendar."""
    places = {"RADVIGIL_PIXELS": home / "pixels", "RADVIGIL_WEIGHTS": home / "weights"}
    with blocker.unblock(), committed_copy() as database, override_settings(RADVIGIL_DEMO=True, **places):
        progress = Progress.load(home)
        begin(progress, seed=SEED, size=1.0, now=SEEDED_AT)
        make_network(progress=progress)
        plan = plan_network(last_day=date.fromisoformat(progress.last_day), seed=SEED)
        yield Demo(plan=plan, home=home, database=database)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags and with single spaces."""
    assert response.status_code == 200, response.status_code
    words = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", words)
