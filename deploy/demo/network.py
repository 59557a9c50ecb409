"""The demo's registry file, its people and its folders: what must stand before the first study arrives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit.access.actions import create_user
from audit.access.models import Role, User
from deploy.demo.planning import Plan
from deploy.demo.training import TrainedNetwork
from inference.registry.actions import register
from inference.registry.models import Site

NETWORK_FILE = Path(__file__).with_name("network.yaml")
ACTOR = "command:demo"
PASSWORD = "radvigil-demo"  # noqa: S105 - the contract's, and it works in demo mode only


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    username: str
    printed_name: str
    role: Role
    organisation: str = ""


USERS = (
    DemoUser(username="quality", printed_name="Q. Officer", role=Role.QUALITY_OFFICER, organisation="north-group"),
    DemoUser(username="radiologist", printed_name="R. Reader", role=Role.RADIOLOGIST, organisation="north-group"),
    DemoUser(username="arbiter", printed_name="A. Arbiter", role=Role.ARBITER, organisation="north-group"),
    DemoUser(username="engineer", printed_name="E. Engineer", role=Role.ML_ENGINEER, organisation="cxr-maker"),
    DemoUser(username="manufacturer", printed_name="M. Maker", role=Role.QUALITY_OFFICER, organisation="cxr-maker"),
    DemoUser(username="integrator", printed_name="I. Integrator", role=Role.INTEGRATOR),
    DemoUser(username="regulator", printed_name="R. Authority", role=Role.REGULATOR),
    DemoUser(username="admin", printed_name="A. Administrator", role=Role.ADMINISTRATOR),
)


def network_text(*, plan: Plan, networks: Sequence[TrainedNetwork]) -> str:
    """Return the registry file with the weights' hashes and the days of this plan."""
    text = NETWORK_FILE.read_text(encoding="utf-8")
    known = {f"<sha256 {network.version}>": network.sha256 for network in networks}
    known["<first day>"] = plan.first_day.isoformat()
    known["<version 1.1>"] = plan.story("version_update").starts_on.isoformat()
    for words, value in known.items():
        text = text.replace(words, value)
    return text


def register_network(*, plan: Plan, networks: Sequence[TrainedNetwork], now: datetime) -> None:
    register(text=network_text(plan=plan, networks=networks), actor=ACTOR, now=now)


def is_empty() -> bool:
    return not Site.objects.exists()


def create_users(*, now: datetime) -> None:
    """Make the log-ins that are not there yet."""
    there = set(User.objects.values_list("username", flat=True))
    for user in USERS:
        if user.username not in there:
            create_user(
                username=user.username,
                printed_name=user.printed_name,
                password=PASSWORD,
                role=user.role,
                organisation=user.organisation,
                by=ACTOR,
                now=now,
            )
