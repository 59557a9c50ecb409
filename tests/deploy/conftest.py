"""A home of its own for every test, with nothing left behind."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.sites import clear


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    clear(folder)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
