"""Each form held to its standard's own text: RFC 5424's grammar, the schema of PS3.15 A.5.1.1, FHIR R4's rules."""

import json
import re
import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from audit.exchange.dicom_messages import audit_message
from audit.exchange.fhir import audit_event
from audit.exchange.following import ATNA, written
from audit.exchange.records import EVENTS, PREFIXES, Record
from audit.exchange.syslog import framed, sender, syslog_message
from tests.certificates import make_certificate

AT = datetime(2026, 3, 1, 8, 15, 7, 250_000, tzinfo=UTC)
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("audit_message.rng")))

# RFC 5424, 6: the grammar, over octets.
PRINTABLE = rb"[\x21-\x7e]"
NAME = rb"(?:(?![=\]\"])[\x21-\x7e]){1,32}"
VALUE = rb"(?:[^\"\\\]]|\\[\"\\\]])*"
ELEMENT = rb"\[" + NAME + rb"(?: " + NAME + rb"=\"" + VALUE + rb"\")*\]"
MESSAGE = re.compile(
    rb"<(?P<priority>[0-9]{1,3})>1 "
    rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    rb"(?P<host>" + PRINTABLE + rb"{1,255}) (?P<app>" + PRINTABLE + rb"{1,48}) "
    rb"(?P<process>" + PRINTABLE + rb"{1,128}) (?P<id>" + PRINTABLE + rb"{1,32}) "
    rb"(?P<data>-|(?:" + ELEMENT + rb")+)(?: (?P<message>.*))?",
    re.DOTALL,
)
PARAMETER = re.compile(rb" (" + NAME + rb")=\"(" + VALUE + rb")\"")
EVIL = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ['"]\\', "a\nb", "\x00", "<31>1 - - - - - - forged", "\u2028", "é]", "\x85", "﻿", "]]>", "&lt;", "\uffff"]
)


def record(**over) -> Record:
    said = {
        "organisation": "north-group", "position": 7, "kind": "logged_in", "actor": "user:q", "at": AT,
        "subject": "user/q", "details": {}, "leaf_hash": b"\x01" * 32,
    }  # fmt: skip
    return Record(**said | over)


def evil_records(draw):
    return record(
        actor=draw(EVIL),
        subject=draw(EVIL),
        kind=draw(st.sampled_from([*EVENTS, "claim.switched_on", "x" * 48])),
        organisation=draw(st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True)),
        position=draw(st.integers(0, 2**53)),
        details=draw(st.dictionaries(EVIL, EVIL, max_size=3)),
    )


EVIL_RECORDS = st.composite(evil_records)()


@settings(max_examples=150)
@given(EVIL_RECORDS)
def test_whatever_an_entry_says_is_one_message_of_rfc_5424(found):
    for form in ("syslog", "atna", "fhir"):
        message = written(found, form=form, is_file=False)
        parts = MESSAGE.fullmatch(message)
        assert parts, message
        assert int(parts["priority"]) <= 191
        assert parts["message"].startswith(b"\xef\xbb\xbf"), "6.4: text in UTF-8 begins with its mark"
        parts["message"].decode("utf-8")
        assert not re.search(rb"[\x00-\x1f\x7f]", message)


@settings(max_examples=100)
@given(EVIL_RECORDS)
def test_a_file_holds_one_line_an_entry(found):
    for form in ("syslog", "atna", "fhir"):
        line = written(found, form=form, is_file=True)
        assert line.endswith(b"\n")
        assert len(line.decode().splitlines()) == 1, line


def test_parameters_come_back_as_they_went():
    said = 'who "is" ]this\\[ é'
    parts = MESSAGE.fullmatch(syslog_message(record(actor=said), host="radvigil.local"))
    found = {name: re.sub(rb"\\([\"\\\]])", rb"\1", value).decode() for name, value in PARAMETER.findall(parts["data"])}
    assert found[b"actor"] == said
    assert found[b"position"] == "7"
    assert found[b"leaf"] == "01" * 32


def test_header_fields_are_those_of_the_standards():
    plain = MESSAGE.fullmatch(syslog_message(record(kind="inference"), host="h" * 300))
    assert (plain["priority"], len(plain["host"]), plain["time"]) == (b"110", 255, b"2026-03-01T08:15:07.250Z")
    atna = {
        kind: MESSAGE.fullmatch(written(record(kind=kind), form="atna", is_file=False))
        for kind in ("read", "log_in_failed")
    }
    # IHE ITI-20, 3.20.4.1.2: facility 10, severity 5 or, for a warning, 4; and this MSGID.
    assert [each["priority"] for each in atna.values()] == [b"85", b"84"]
    assert {each["id"] for each in atna.values()} == {ATNA.encode()}


def test_octet_counting_counts_octets():
    message = syslog_message(record(actor="é" * 5), host="h")
    length, _, rest = framed(message).partition(b" ")
    assert (int(length), rest) == (len(message), message)
    assert len(message) > len(message.decode())


def test_datagrams_carry_one_message_each_without_a_frame():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        with sender(f"udp://127.0.0.1:{server.getsockname()[1]}") as send:
            for position in (1, 2):
                send(syslog_message(record(position=position), host="h"))
        received = [server.recv(65_535) for _ in range(2)]
    assert all(MESSAGE.fullmatch(each) for each in received)


def test_a_listener_with_an_unknown_certificate_gets_nothing(tmp_path):
    """RFC 5425, 4.2 and 5: the server is authenticated before anything is said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path / "server.pem"))
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            plain, _ = server.accept()
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as secured:
                        heard.append(secured.recv(100))
                except OSError:
                    heard.append(b"")

        thread = threading.Thread(target=listen)
        thread.start()
        address = f"tls://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ssl.SSLError), sender(address) as send:
            send(b"x")
        thread.join(5)
    assert heard == [b""]


@settings(max_examples=100)
@given(EVIL_RECORDS)
def test_every_audit_message_is_valid_by_the_schema_of_dicom(found):
    SCHEMA.assertValid(etree.fromstring(audit_message(found, source="radvigil.local/log/x").encode()))


@pytest.mark.parametrize("kind", [*EVENTS, *(f"{start}x" for start in PREFIXES)])
def test_every_kind_makes_a_valid_message_and_resource(kind):
    SCHEMA.assertValid(etree.fromstring(audit_message(record(kind=kind), source="s")))
    AuditEvent(**audit_event(record(kind=kind), observer="s"))


@pytest.mark.parametrize(
    ("kind", "event", "exact"),
    [  # PS3.15 A.5.3.11 user authentication, A.5.3.10 security alert
        ("logged_in", "110114", "110122"),
        ("logged_out", "110114", "110123"),
        ("log_in_failed", "110114", "110122"),
        ("grant_added", "110113", "110136"),
        ("user_created", "110113", "110137"),
        ("access_refused", "110113", "110132"),
    ],
)
def test_events_of_security_say_exactly_what_happened(kind, event, exact):
    root = etree.fromstring(audit_message(record(kind=kind), source="s"))
    assert root.find("EventIdentification/EventID").get("csd-code") == event
    codes = [each.get("csd-code") for each in root.findall("EventIdentification/EventTypeCode")]
    assert codes == [exact, kind]
    assert [each["code"] for each in audit_event(record(kind=kind), observer="s")["subtype"]] == codes[::-1]


def test_a_user_is_a_person_and_a_log_a_security_resource():
    for subject, kind, role in (
        ("user/q", "1", "11"),
        ("log/x", "2", "13"),
        ("package/1", "2", "3"),
        ("signal/1", "2", "20"),
    ):
        found = etree.fromstring(audit_message(record(subject=subject), source="s")).find(
            "ParticipantObjectIdentification"
        )
        assert (found.get("ParticipantObjectTypeCode"), found.get("ParticipantObjectTypeCodeRole")) == (kind, role)


@settings(max_examples=100)
@given(EVIL_RECORDS)
def test_every_fhir_resource_is_valid_by_another_implementation(found):
    text = json.dumps(audit_event(found, observer="radvigil.local/log/x"))
    event = AuditEvent.model_validate_json(text)
    assert event.recorded == AT
    assert event.entity[0].detail[0].valueString == "01" * 32
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", event.id)


def test_two_entries_never_share_an_id():
    long = "o" * 64
    ids = {
        audit_event(record(organisation=name, position=n), observer="s")["id"]
        for name in (long, "a_b")
        for n in (1, 11)
    }
    assert len(ids) == 4
