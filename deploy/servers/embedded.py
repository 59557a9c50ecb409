"""Servers for whoever needs them: the addresses given, or the embedded ones.

Several processes may use one home at once. Whoever comes first starts the
servers, whoever leaves last stops them; a lock keeps the two apart.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.servers import roles, valkey
from deploy.servers.errors import MissingAddressError
from deploy.servers.locks import Presence, exclusive
from deploy.servers.place import Place, place_of, prepare_home
from deploy.servers.postgres import ensure_postgres, stop_postgres
from deploy.servers.valkey import ensure_valkey, stop_valkey

DATABASE_URLS = {
    "app": "RADVIGIL_DATABASE_URL",
    "owner": "RADVIGIL_DATABASE_OWNER_URL",
    "sequencer": "RADVIGIL_DATABASE_SEQUENCER_URL",
}
BROKER_URL = "RADVIGIL_REDIS_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    postgres: bool
    valkey: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    place: Place
    wanted: Wanted
    postgres_pid: int | None
    valkey_pid: int | None

    @property
    def environment(self) -> dict[str, str]:
        """Return what the settings read to find these servers."""
        found = {}
        if self.wanted.postgres:
            found = {name: roles.address(self.place, role) for role, name in DATABASE_URLS.items()}
        return found | ({BROKER_URL: valkey.address(self.place)} if self.wanted.valkey else {})


def wanted_servers(environment: Mapping[str, str]) -> Wanted:
    """Return which servers no address was given for."""
    given = [name for name in DATABASE_URLS.values() if environment.get(name)]
    if given and DATABASE_URLS["app"] not in given:
        raise MissingAddressError(DATABASE_URLS["app"])
    return Wanted(postgres=not given, valkey=not environment.get(BROKER_URL))


@contextmanager
def embedded_servers(home: Path, *, wanted: Wanted) -> Iterator[Running]:
    """Run the wanted servers while the block runs, unless somebody else needs them longer."""
    prepare_home(home)
    with exclusive(home / "run" / "servers.lock"):
        place = place_of(home)
        presence = Presence(home / "run" / "servers.users")
    try:
        with exclusive(home / "run" / "servers.lock"):
            running = start(place, wanted=wanted)
        yield running
    finally:
        with exclusive(home / "run" / "servers.lock"):
            if presence.leave():
                stop(place)


def start(place: Place, *, wanted: Wanted) -> Running:
    running = Running(place=place, wanted=wanted, postgres_pid=None, valkey_pid=None)
    if wanted.valkey:
        running = replace(running, valkey_pid=ensure_valkey(place))
    if wanted.postgres:
        running = replace(running, postgres_pid=ensure_postgres(place))
        roles.ensure_roles(place)
    return running


def start_again(running: Running) -> Running:
    """Start what has died meanwhile."""
    with exclusive(running.place.home / "run" / "servers.lock"):
        return start(running.place, wanted=running.wanted)


def stop(place: Place) -> None:
    stop_postgres(place)
    stop_valkey(place)


@contextmanager
def servers_for(home: Path) -> Iterator[None]:
    """Let this process find its servers in its environment, starting those it was given no address of."""
    wanted = wanted_servers(os.environ)
    if not (wanted.postgres or wanted.valkey):
        yield
        return
    with embedded_servers(home, wanted=wanted) as running:
        os.environ.update(running.environment)
        yield
