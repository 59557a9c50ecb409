"""The log handed on: nothing left out, nothing altered, in forms that other people's software reads."""

import json
import socket
import threading
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from audit.exchange.dicom_messages import audit_message
from audit.exchange.fhir import audit_event
from audit.exchange.records import Record, record_of
from audit.exchange.syslog import syslog_message
from audit.log.actions import record_act
from audit.log.models import Entry
from audit.log.sequencing import sequence

NOW = datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
FHIR_R4 = pytest.importorskip("fhir.resources.R4B.auditevent", reason="fhir.resources is not installed")


@pytest.fixture
def home(settings, tmp_path):
    settings.RADVIGIL_HOME = tmp_path
    return tmp_path


def logged(*kinds):
    for number, kind in enumerate(kinds):
        record_act(
            kind, organisation="north-group", subject=f"thing/{number}", actor="user/q", at=NOW, details={"n": number}
        )
    sequence(now=NOW)


def record(**over):
    return Record(
        **{
            "organisation": "north-group", "position": 7, "kind": "log_in_failed", "actor": "user/q", "at": NOW,
            "subject": 'user/"a]\\', "details": {"why": "a < b"}, "leaf_hash": b"\x01" * 32,
        }
        | over
    )  # fmt: skip


def test_fhir_is_valid_by_another_implementation():
    event = FHIR_R4.AuditEvent(**audit_event(record(), observer="radvigil.local/log/north-group"))

    assert (event.outcome, event.type.code, event.recorded) == ("8", "110114", NOW)
    assert event.entity[0].detail[0].valueString == "01" * 32


def test_an_audit_message_is_xml_with_the_elements_that_the_standard_requires():
    root = ET.fromstring(audit_message(record(), source="radvigil.local"))

    assert [child.tag for child in root] == [
        "EventIdentification", "ActiveParticipant", "AuditSourceIdentification", "ParticipantObjectIdentification",
    ]  # fmt: skip
    assert root[0].attrib["EventOutcomeIndicator"] == "8" and root[0][0].attrib["csd-code"] == "110114"
    assert root[3].attrib["ParticipantObjectID"] == 'user/"a]\\'


def test_a_syslog_message_escapes_what_could_end_a_field():
    message = syslog_message(record(), host="radvigil local\n").decode()

    assert message.startswith("<85>1 2026-03-01T08:15:00.000Z radvigillocal radvigil - log_in_failed [entry@")
    assert 'subject="user/\\"a\\]\\\\"' in message and "\n" not in message


@pytest.mark.django_db
def test_each_entry_is_appended_to_a_file_once(home, tmp_path):
    logged("package.downloaded", "logged_in")
    target = tmp_path / "audit.ndjson"
    for _ in range(2):
        call_command("stream_audit", organisation="north-group", to=str(target), format="fhir", verbosity=0)
    logged("logged_out")
    call_command("stream_audit", organisation="north-group", to=str(target), format="fhir", verbosity=0)

    events = [json.loads(line) for line in target.read_text().splitlines()]
    assert [each["subtype"][0]["code"] for each in events][-1] == "logged_out"
    assert (
        len({each["id"] for each in events}) == len(events) == Entry.objects.filter(organisation="north-group").count()
    )


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["syslog", "atna"])
def test_a_listener_receives_framed_messages(home, form):
    logged("logged_in", "package.downloaded")
    received = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            plain, _ = server.accept()
            with plain:
                while data := plain.recv(65_536):
                    received.append(data)

        thread = threading.Thread(target=listen)
        thread.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        call_command("stream_audit", organisation="north-group", to=address, format=form, verbosity=0)
        thread.join(5)

    messages = unframed(b"".join(received))
    assert len(messages) == Entry.objects.filter(organisation="north-group").count()
    assert all(message.startswith(b"<") for message in messages)
    assert form == "syslog" or all(b"<AuditMessage>" in message for message in messages)


@pytest.mark.django_db
def test_a_place_that_cannot_be_reached_loses_nothing(home, tmp_path):
    logged("logged_in")
    with pytest.raises(CommandError, match="Nothing is lost"):
        call_command("stream_audit", organisation="north-group", to="tcp://127.0.0.1:9")
    with pytest.raises(CommandError, match="is not udp"):
        call_command("stream_audit", organisation="north-group", to="http://127.0.0.1:9")
    with pytest.raises(CommandError, match="no log of nobody"):
        call_command("stream_audit", organisation="nobody", to=str(tmp_path / "x"))


@pytest.mark.django_db
def test_a_record_says_no_more_than_its_entry():
    logged("logged_in")
    entry = Entry.objects.filter(kind="logged_in").get()

    found = record_of(entry)
    assert (found.subject, found.details, found.actor) == ("thing/0", {"n": "0"}, "user/q")


def unframed(data):
    messages = []
    while data:
        length, _, rest = data.partition(b" ")
        messages.append(rest[: int(length)])
        data = rest[int(length) :]
    return messages
