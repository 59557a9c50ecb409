"""A whole installation in a folder of its own, its parts by name, and clients that send until they are answered."""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.preparing import prepare_database
from tests.deploy.sites import ROOT, kill, processes_of, said_by, serve, servers, wait_until
from tests.factories import NETWORK, inference_row

SITE_WORDS = {
    "web": "gunicorn", "worker": "celery", "database": "postgres -D", "broker": "valkey-server",
    "HL7 listener": "listen_hl7", "DICOM listener": "listen_dicom",
}  # fmt: skip
BETWEEN_TRIES = 0.2
PASSING = {0, 200, 503, 507}  # no answer, half an answer, and "not now": a client sends again


@dataclass(kw_only=True)
class Installation:
    """One running installation; `environment` finds its database and broker while they run."""

    home: Path
    port: int
    hl7_port: int
    dicom_port: int
    token: str
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self, **more: str) -> None:
        listening = [f"listen_hl7 --site north --port {self.hl7_port}"]
        listening += [f"listen_dicom --site north --port {self.dicom_port}"]
        self.process = serve(self.home, port=self.port, more={"RADVIGIL_LISTENERS": "; ".join(listening)} | more)
        wait_until(lambda: self.answers() or self.process.poll() is not None, seconds=90)
        assert self.process.poll() is None, said_by(self.home).read_text()

    def answers(self) -> bool:
        try:
            return status_of(self.port, "/log-in/") == 200
        except OSError:
            return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def pids(self, part: str) -> list[int]:
        return [pid for pid, command in processes_of(self.home).items() if is_of(part, command)]

    def kill_one(self, part: str, *, chance: random.Random) -> None:
        """Kill one process of a part, whichever; of the database and the broker, the server itself."""
        pids = sorted(self.pids(part))
        if pids:
            try:
                kill(chance.choice(pids))
            except ProcessLookupError:
                return

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run(words, environment=self.environment)


def is_of(part: str, command: str) -> bool:
    if part == "database":
        return "postgres" in command.split(" ", maxsplit=1)[0] and " -D " in command
    if part == "worker":
        return "celery" in command and " worker " in command
    return SITE_WORDS[part] in command


def run(words: Sequence[str], *, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=dict(environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


@contextmanager
def installed(home: Path, *, ports: Sequence[int]) -> Iterator[Installation]:
    """Set a home up with the test network and a token; yield it while its servers run, before anything is served."""
    without = {name: value for name, value in os.environ.items() if not name.startswith(("RADVIGIL", "DJANGO"))}
    with servers(home) as running:
        environment = without | running.environment | {"RADVIGIL_HOME": str(home)}
        environment |= {"DJANGO_SETTINGS_MODULE": "deploy.settings.base"}
        prepare_database(environment)
        network = home / "network.yaml"
        network.write_text(NETWORK)
        registered = run(["register", str(network)], environment=environment)
        assert registered.returncode == 0, registered.stderr
        token = run(["create_token", "--site", "north"], environment=environment).stdout.split()[-1]
    port, hl7_port, dicom_port = ports
    site = Installation(
        home=home, port=port, hl7_port=hl7_port, dicom_port=dicom_port, token=token, environment=environment
    )
    try:
        yield site
    finally:
        site.stop()


@dataclass(kw_only=True)
class Sent:
    """What senders saw: how each request ended, what became of each row, and how many batches are through."""

    statuses: Counter[int] = field(default_factory=Counter)
    became: Counter[str] = field(default_factory=Counter)
    done: int = 0
    failed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, receipts: Sequence[Mapping[str, Any]] = ()) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.became.update(each["status"] for each in receipts)
            self.done += bool(receipts)


def post_rows(site: Installation, rows: Sequence[Mapping[str, Any]], *, kind: str = "inferences") -> tuple[int, Any]:
    """Send rows once; status 0 means that no whole answer came."""
    body = b"\n".join(json.dumps(row).encode() for row in rows)
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/x-ndjson"}
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    try:
        connection.request("POST", f"/api/v1/{kind}", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


def send_until_answered(site: Installation, rows: Sequence[Mapping[str, Any]], *, sent: Sent, until: float) -> None:
    while True:
        status, answer = post_rows(site, rows)
        whole = status == 200 and len(answer) == len(rows) and all("status" in each for each in answer)
        sent.note(status, answer if whole else ())
        if whole:
            return
        sent.failed = sent.failed or status not in PASSING or time.monotonic() > until
        assert not sent.failed, f"not a passing fault: {sent.statuses}, {answer}"
        time.sleep(BETWEEN_TRIES)


def batches(*, rows: int, size: int) -> list[list[dict[str, Any]]]:
    return [
        [inference_row(number) for number in range(first, min(first + size, rows + 1))]
        for first in range(1, rows + 1, size)
    ]


def send_all(site: Installation, work: Sequence[Any], *, sent: Sent, seconds: float) -> None:
    until = time.monotonic() + seconds
    for rows in work:
        send_until_answered(site, rows, sent=sent, until=until)


def together(*jobs: Callable[[], None]) -> None:
    """Run jobs side by side and raise what any of them raises."""
    failed: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=[job]) for job in jobs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failed:
        raise failed[0]
