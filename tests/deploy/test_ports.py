"""The port is a number that is free, or the start ends with a sentence."""

import socket

import pytest

from deploy.ports import PortError, take_port, wanted_port


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1"])
def test_what_is_no_port_is_refused(monkeypatch, text):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(PortError, match="PORT must be a number"):
        wanted_port()


def test_without_a_wish_it_is_8000(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert wanted_port() == 8000


def test_a_port_we_took_is_taken_for_others(free_port):
    with take_port(free_port), pytest.raises(PortError, match="is taken"):
        take_port(free_port)


def test_a_port_somebody_listens_on_everywhere_is_taken(free_port):
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("0.0.0.0", free_port))
        listening.listen()
        with pytest.raises(PortError, match="is taken"):
            take_port(free_port)
