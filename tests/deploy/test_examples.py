"""The examples for production name the variables that the settings read, and give each part no more than it needs."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest
import yaml

from audit.log.keyfiles import secret_text
from deploy.servers.place import place_of, prepare_home
from deploy.servers.postgres import ensure_postgres, stop_postgres
from deploy.servers.programs import POSTGRES, installed_root
from tests.deploy.sites import ROOT

DEPLOY = ROOT / "deploy"
COMMANDS = (ROOT / "inference" / "management" / "commands").glob("*.py")
READERS = (DEPLOY / "settings" / "base.py", *COMMANDS)
READ = {name for path in READERS for name in re.findall(r'"(RADVIGIL_[A-Z_]+)"', path.read_text())} | {"RADVIGIL_HOME"}
OWNER, SEQUENCER = "RADVIGIL_DATABASE_OWNER_URL", "RADVIGIL_DATABASE_SEQUENCER_URL"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())["services"]


def kubernetes(kind: str) -> dict[str, dict]:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "radvigil.yaml").read_text())
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def secrets_of(deployment: dict) -> set[str]:
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    return {each["secretRef"]["name"] for each in container["envFrom"] if "secretRef" in each}


@pytest.mark.parametrize(
    "file", ["compose/compose.yaml", "kubernetes/radvigil.yaml", "systemd/radvigil.service", "Dockerfile"]
)
def test_every_variable_is_one_that_the_settings_or_a_command_reads(file):
    named = set(re.findall(r"\b(RADVIGIL_[A-Z_]+)\b", (DEPLOY / file).read_text()))
    assert named
    assert named <= READ


def test_compose_gives_the_owner_to_the_migration_alone(compose):
    with_owner = {name for name, part in compose.items() if OWNER in part.get("environment", {})}
    assert with_owner == {"migrate"}
    assert SEQUENCER not in compose["web"]["environment"]


def test_kubernetes_gives_the_web_server_the_application_role_alone():
    deployments = kubernetes("Deployment")
    assert secrets_of(deployments["web"]) == {"radvigil-application"}
    assert secrets_of(deployments["worker"]) == {"radvigil-application", "radvigil-sequencer"}
    assert secrets_of(kubernetes("Job")["migrate"]) >= {"radvigil-owner"}


def test_every_example_variable_of_compose_is_explained(compose):
    text = (DEPLOY / "compose" / "compose.yaml").read_text()
    example = (DEPLOY / "compose" / "env.example").read_text()
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_the_roles_script_makes_three_roles_that_log_in(home):
    prepare_home(home)
    place = place_of(home)
    ensure_postgres(place)
    passwords = {"OWNER_PASSWORD": "first'1", "SEQUENCER_PASSWORD": "second2", "APP_PASSWORD": "third3"}
    try:
        run_roles_script(place.sockets, password=secret_text(home, "database-superuser"), passwords=passwords)
        for role, password in zip(("owner", "sequencer", "app"), passwords.values(), strict=True):
            address = {"host": str(place.sockets), "user": f"radvigil_{role}", "password": password}
            with psycopg.connect(**address, dbname="radvigil") as connection:
                assert connection.execute("SELECT current_user").fetchone() == (f"radvigil_{role}",)
    finally:
        stop_postgres(place)


def run_roles_script(sockets: Path, *, password: str, passwords: dict[str, str]) -> None:
    programs = installed_root() / POSTGRES / "bin"
    server = {"PGHOST": str(sockets), "PGPASSWORD": password, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["sh", str(DEPLOY / "roles.sh")], env=os.environ | server | passwords, check=True)
