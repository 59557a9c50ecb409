"""An installation of its own for every test of faults."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.sites import clear
from tests.faults.installation import Installation, installed


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    home = tmp_path / "home"
    try:
        with installed(home, ports=[free_port() for _ in range(3)]) as found:
            yield found
    finally:
        clear(home)
