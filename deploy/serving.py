"""The running installation: servers, web, worker and scheduler, until somebody stops it.

`demo` fills itself with the simulated network while the pages are up already;
`site` is empty and asks for its first administrator.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

from deploy import administrators, homes, ports
from deploy.installing import say
from deploy.listeners import ListenerError, wanted_listeners
from deploy.parts import Part, PartError, stop_all
from deploy.preparing import has_facts, prepare_database
from deploy.reviving import Reviver
from deploy.servers.embedded import Running, embedded_servers, wanted_servers
from deploy.servers.errors import ServerError
from deploy.servers.locks import hold
from deploy.servers.place import home_folder, log_file, prepare_home

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.3
DEMO_NAMES = "quality radiologist arbiter engineer integrator manufacturer regulator admin"
PYTHON = sys.executable


def main(kind: str) -> None:
    home = home_folder()
    for each in STOP_SIGNALS:
        signal.signal(each, stop_once)
    try:
        with ports.take_port(ports.wanted_port()) as web_socket:
            open_home(home, kind=kind)
            run(home, kind=kind, web_socket=web_socket)
    except KeyboardInterrupt:
        say("stopped")
    except (ports.PortError, homes.OtherKindError, ListenerError, PartError, ServerError) as error:
        sys.exit(f"radvigil: {error}")


def stop_once(_number: int, _frame: FrameType | None) -> None:
    """Turn the first signal into an interrupt; a second one must not cut the stopping short."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def open_home(home: Path, *, kind: str) -> None:
    """Make the home ours alone."""
    homes.check_kind(home, wanted=kind)
    prepare_home(home)
    if hold(home / "run" / "serving.lock") is None:
        sys.exit(f"radvigil: another `make demo` or `make serve` runs on {home}; stop it first.")


def run(home: Path, *, kind: str, web_socket: socket.socket) -> None:
    started = time.monotonic()
    say("starting the servers")
    with embedded_servers(home, wanted=wanted_servers(os.environ)) as running:
        environment = os.environ | running.environment | {"RADVIGIL_HOME": str(home)}
        environment |= {"RADVIGIL_DEMO": str(kind == homes.DEMO), "DJANGO_SETTINGS_MODULE": "deploy.settings.base"}
        prepare_database(environment)
        settle_kind(home, kind=kind, environment=environment)
        parts = parts_of(home, environment=environment, web_socket=web_socket)
        try:
            for part in parts:
                part.start()
            welcome(kind, home=home, seconds=time.monotonic() - started, environment=environment)
            watch(running, parts=parts, seeding=start_seeding(kind=kind, environment=environment))
        finally:
            say("stopping")
            stop_all(parts)


def settle_kind(home: Path, *, kind: str, environment: dict[str, str]) -> None:
    if not homes.kind_of(home):
        if kind == homes.DEMO and has_facts(environment):
            raise homes.OtherKindError(home=home, kind=homes.SITE, wanted=kind)
        homes.mark(home, kind=kind)


def parts_of(home: Path, *, environment: dict[str, str], web_socket: socket.socket) -> list[Part]:
    celery = [PYTHON, "-m", "celery", "-A", "deploy.celery"]
    worker = [*celery, "worker", "-Q", "default,gpu", "-c", "2", "-l", "INFO", "-n", "radvigil@%h", "--without-mingle"]
    beat = [*celery, "beat", "-l", "WARNING", "--scheduler", "celery.beat:Scheduler", "--pidfile="]
    web = [PYTHON, "-m", "gunicorn", "deploy.wsgi", "--bind", f"fd://{web_socket.fileno()}"]
    web += ["--workers", "2", "--threads", "4", "--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"]
    commands = {"web": web, "worker": worker, "scheduler": beat}
    listeners = {each.name: [PYTHON, "manage.py", *each.arguments] for each in wanted_listeners(environment)}
    return [
        Part(
            name=name,
            command=command,
            environment=environment,
            log=log_file(home, name),
            descriptors=[web_socket.fileno()] if name == "web" else [],
            gives_up=name not in listeners,
        )
        for name, command in (commands | listeners).items()
    ]


def welcome(kind: str, *, home: Path, seconds: float, environment: dict[str, str]) -> None:
    say(f"ready after {seconds:.1f} s: http://{ports.HOST}:{ports.wanted_port()}   (Ctrl-C stops everything)")
    say(f"logs: {home / 'log'}")
    if kind == homes.DEMO:
        say(f"log-ins: {DEMO_NAMES}")
        say("password of each: radvigil-demo   (synthetic data; these log-ins work in the demo only)")
    else:
        administrators.ask_for_first(environment)


def start_seeding(*, kind: str, environment: dict[str, str]) -> Part | None:
    """Go on making the demo network; a whole one is recognised at once."""
    if kind != homes.DEMO:
        return None
    seeding = Part(name="demo", command=[PYTHON, "-m", "deploy.demo.seeding"], environment=environment, log=None)
    seeding.start()
    return seeding


def watch(running: Running, *, parts: list[Part], seeding: Part | None) -> None:
    """Keep everything running, and say when something did not."""
    if seeding:
        parts.append(seeding)
    reviver = Reviver(running=running)
    while True:
        for part in [each for each in parts if each.needs_start(moment=time.monotonic())]:
            if part is seeding:
                parts.remove(part)
                finish_seeding(part.exit_code())
                continue
            say(f"{part.name} stopped (exit {part.exit_code()}); starting it again")
            part.start_again(code=part.exit_code() or 0, moment=time.monotonic())
        reviver.revive()
        time.sleep(POLL_SECONDS)


def finish_seeding(code: int | None) -> None:
    """Say that the demo is whole, or stop: half a demo convinces nobody.

    Raises:
        PartError: it could not be made; what it said stands above.
    """
    if code:
        raise PartError(f"making the demo network failed (exit {code}); what went wrong stands above")
    say("the demo network is complete")


if __name__ == "__main__":
    main(sys.argv[1])
