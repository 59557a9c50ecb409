"""Messages over a real connection: acknowledged after the commit, refused with a reason, kept whatever they hold."""

import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from django.db import connection

from inference.corrections.models import Correction
from inference.events.models import Event
from inference.management.commands.listen_hl7 import context_of
from inference.messages.hl7_answers import END, START, framed
from inference.messages.hl7_listening import Hl7Server, Listening
from inference.messages.hl7_messages import parse_message
from inference.messages.models import InboundMessage
from inference.messages.receiving import content_of
from tests.certificates import make_certificate, trusting
from tests.factories import make_network
from tests.inference.messages.hl7_examples import adt, omi, orm, oru


@contextmanager
def listening(now, **options):
    server = Hl7Server(Listening(site="north", host="127.0.0.1", port=0, **options), clock=lambda: now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def talk(address, *messages, cut=0):
    """Send messages over one connection, in pieces of any size, and return the code and words of each answer."""
    answers = []
    with socket.create_connection(address, timeout=20) as plain:
        for message in messages:
            frame = framed(message)
            for start in range(0, len(frame), cut or len(frame)):
                plain.sendall(frame[start : start + (cut or len(frame))])
            data = b""
            while END not in data:
                read = plain.recv(65_536)
                if not read:
                    return answers
                data += read
            answer = parse_message(data.strip(START + END))
            answers.append((answer.segments[1].text(1), answer.segments[-1].raw(-1)))
    return answers


@pytest.fixture
def network(committed_database):
    make_network()
    return committed_database


def test_a_mornings_messages_are_acknowledged_one_by_one_and_stored_once(network, now):
    messages = [orm("NW"), omi(), oru(), adt("A40", mrg="OLD^^^HOSP^MR"), adt("A08", died="20260228")]
    with listening(now) as address:
        assert talk(address, *messages) == [("AA", "")] * 5
        assert [code for code, _ in talk(address, *messages, cut=7)] == ["AA"] * 5

    assert InboundMessage.objects.count() == 5
    assert sorted(Event.objects.values_list("kind", flat=True)) == ["final", "ordered", "ordered", "ordered"]
    assert sorted(Correction.objects.values_list("kind", flat=True)) == ["died", "merge"]
    assert InboundMessage.objects.get(kind="ORU^R01").state == "waiting"


def test_what_cannot_be_read_is_refused_with_the_reason_and_kept_encrypted(network, now):
    broken = b"MSH|^~\\&|RIS|||||||||||||\rPID|||Geheim"
    with listening(now) as address:
        ((code, _),) = talk(address, broken)

    kept = InboundMessage.objects.get()
    assert code == "AR" and kept.state == "refused" and "MSH-9" in kept.reason
    assert b"Geheim" not in bytes(kept.ciphertext) and content_of(kept) == broken


def test_a_sender_that_is_not_allowed_gets_no_word_in(network, now):
    with listening(now, allowed=frozenset({"192.0.2.1"})) as address, pytest.raises((OSError, AssertionError)):
        assert talk(address, orm("NW"))
    assert not InboundMessage.objects.exists()


def test_nothing_is_acknowledged_that_the_database_did_not_store(network, now):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE inference_inboundmessage RENAME TO inference_away")
    with listening(now) as address:
        assert talk(address, orm("NW")) == []
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE inference_away RENAME TO inference_inboundmessage")
        assert [code for code, _ in talk(address, orm("NW"))] == ["AA"]
    assert Event.objects.count() == 1


@pytest.mark.parametrize("rubbish", [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100])
def test_rubbish_closes_the_connection(network, now, rubbish):
    with listening(now) as address, socket.create_connection(address, timeout=20) as plain:
        plain.sendall(rubbish)
        assert plain.recv(10) == b""


def test_over_tls_the_server_shows_its_certificate(network, now, tmp_path):
    certificate = make_certificate(tmp_path / "both.pem")
    with listening(now, context=context_of(str(certificate), None)) as address:
        with socket.create_connection(address, timeout=20) as plain:
            secured = trusting(certificate).wrap_socket(plain, server_hostname="127.0.0.1")
            secured.sendall(framed(orm("NW")))
            assert b"MSA|AA|" in secured.recv(65_536)
            secured.close()
        with socket.create_connection(address, timeout=20) as plain:
            plain.sendall(framed(orm("CA")))
            with suppress(ConnectionResetError):
                assert b"MSA" not in plain.recv(65_536)
    assert Event.objects.count() == 1
