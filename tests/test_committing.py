"""The fixture for tests that commit: a real copy, three real roles, nothing left behind."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connections

from audit.access.models import User


def users_of_another_process(environment: dict[str, str]) -> str:
    command = "import django; django.setup(); from audit.access.models import User; print(User.objects.count())"
    return subprocess.run(
        [sys.executable, "-c", command], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def current_role(alias: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def test_each_alias_is_its_own_role(committed_database):
    assert current_role("default") == settings.RADVIGIL_ROLES["application"]
    assert current_role("sequencer") == settings.RADVIGIL_ROLES["sequencer"]
    assert current_role("owner") == settings.RADVIGIL_ROLES["owner"]


def test_what_is_committed_is_seen_by_another_process(committed_database, now):
    User.objects.using("owner").create(username="somebody", created_at=now)
    assert users_of_another_process(committed_database.environment) == "1"


def test_the_next_copy_is_empty_again(committed_database):
    assert User.objects.using("owner").count() == 0


@pytest.mark.django_db
def test_the_everyday_database_is_untouched():
    assert User.objects.count() == 0
    assert "owner" not in connections
