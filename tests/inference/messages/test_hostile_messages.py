"""Messages and patterns made to break the door: each is answered, in time, and leaves no patient's words in the log."""

import base64
import logging
import time

import pytest

from audit.access.actions import create_token
from inference.messages.fhir_reports import report_in, resources_in
from inference.messages.hl7_listening import next_message
from inference.messages.hl7_messages import UnreadableMessageError
from inference.messages.models import InboundMessage
from inference.messages.receiving import receive_hl7
from inference.messages.report_rules import Rule, RuleError, compiled, read_report
from inference.messages.report_text import mentions_of
from inference.registry.models import Site
from tests.factories import make_network, make_user
from tests.inference.messages.hl7_examples import message, oru, person
from tests.inference.messages.test_fhir import bundle, diagnostic_report, encoded, observation

ENDLESS = (
    "(a|aa)+b", "((a+))+b", "(a|a)*b", "(?:a?){9,}b", "(?:(?:a)+)+b", r"\w*\w*\w*x", "(?:a{1,90}){1,90}b",
    r"(a|b|ab)*?c", "(x+x+)+y", "(?=(a+)+b)a", "(?P<n>a|aa)+(?(n)b|c)",
)  # fmt: skip


@pytest.mark.parametrize("pattern", ENDLESS)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern):
    with pytest.raises(RuleError, match="for ever"):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"(pleural )?effusions?", r"pneumothora(x|ces)", r"nodul\w*.{0,40}lobe", r"(?:large |small )?ptx|air\w*"],
)
def test_patterns_that_people_write_are_taken(pattern):
    assert compiled(pattern)


def test_the_worst_pattern_that_is_taken_ends_over_the_worst_text():
    began = time.monotonic()
    mentions_of("a" * 4_000, compiled(r"\w*a\w*b"))
    assert time.monotonic() - began < 5


def test_an_endless_sentence_is_cut_between_words_and_every_mention_is_found():
    text = "spot " * 400 + "nodule"
    (found,) = mentions_of(text, compiled("nodules?"))
    assert text[found.start : found.end] == "nodule"


def test_tags_that_never_close_are_taken_out_in_time():
    form = {"contentType": "text/html", "data": base64.b64encode(b"<" * 500_000 + b" No nodule").decode()}
    began = time.monotonic()
    report_in(diagnostic_report(conclusion=None, presentedForm=[form]))
    assert time.monotonic() - began < 2


def test_one_observation_named_many_times_is_held_once():
    report = diagnostic_report(result=[{"reference": "Observation/o1"}] * 5_000)
    (held,) = resources_in(encoded(bundle(report, observation())))
    assert len(held["contained"]) == 1


REFUSED = (
    b'{"resourceType":"Observation","x":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    b'{"resourceType":"Observation","x":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"resourceType":"Observation","x":NaN}',
    b'{"resourceType":"Observation","x":1e400}',
    b'{"resourceType":"Observation","x":123456789012345678901234567890}',
    b'{"resourceType":"Observation","id":"\\ud800"}',
)


@pytest.mark.django_db
@pytest.mark.parametrize("body", REFUSED)
def test_fhir_that_cannot_be_kept_is_answered_in_words(client, now, body):
    make_network()
    by = make_user(role="integrator", organisation="north-group")
    _, secret = create_token(site="north", organisation="north-group", by=by, now=now)
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/api/v1/fhir", data=body, content_type="application/fhir+json", headers=headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert not InboundMessage.objects.exists()


def test_names_that_are_no_text_are_no_names():
    odd = {"resourceType": "Bundle", "entry": [{"fullUrl": ["x"], "resource": observation(id={"a": 1}, contained=5)}]}
    (held,) = resources_in(encoded(odd))
    assert held["contained"] == []
    with pytest.raises(UnreadableMessageError):
        report_in(resources_in(encoded(bundle(observation(contained=5))))[0])


@pytest.mark.django_db
def test_a_message_of_an_unprintable_kind_is_kept_and_answered(now):
    make_network()
    site = Site.objects.get(pk="north")
    receive_hl7(message(person(), kind="AD\x00T^A01"), site=site, origin="hl7", now=now)
    assert InboundMessage.objects.get().kind == "ADT^A01"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data", [message(*["OBX|1"] * 20_000, kind="ORU^R01"), message(person("~" * 90_000), kind="ADT^A40")]
)
def test_a_message_of_endless_parts_is_refused_in_time(now, data):
    make_network()
    began = time.monotonic()
    taken = receive_hl7(data, site=Site.objects.get(pk="north"), origin="hl7", now=now)
    assert taken.state == InboundMessage.State.REFUSED
    assert time.monotonic() - began < 5


@pytest.mark.django_db
def test_what_cannot_be_unescaped_is_not_written_to_the_log(now, caplog):
    make_network()
    with caplog.at_level(logging.DEBUG):
        receive_hl7(oru(text="Doe \\XZZ\\ secret"), site=Site.objects.get(pk="north"), origin="hl7", now=now)
    assert "secret" not in caplog.text


class Drops:
    """A sender that gives a byte at a time."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def recv(self, _size):
        self.place += 1
        return self.data[self.place - 1 : self.place]


def test_a_frame_that_drips_in_is_put_together_without_being_read_again_and_again():
    data = b"\x0b" + b"x" * 200_000 + b"\x1c\x0d" + b"\x0bnext"
    began = time.monotonic()
    assert next_message(Drops(data), b"") == (b"x" * 200_000, b"")
    assert time.monotonic() - began < 3


def test_a_denied_finding_is_still_denied():
    report = report_in(diagnostic_report(conclusion="No nodule.", result=[]))
    (label,) = read_report(report, [Rule(key="1", finding="nodule", pattern="nodules?")]).labels
    assert label.value == "negative"
