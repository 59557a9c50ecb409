"""HL7 v2 messages read for what they say of orders, reports and patients; and those that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.messages.hl7_answers import acknowledgement
from inference.messages.hl7_messages import UnreadableMessageError, iso_moment, parse_message
from inference.messages.hl7_rows import IncompleteMessageError, reports_in, rows_of
from tests.inference.messages.hl7_examples import adt, omi, orm, oru


def rows(data):
    return rows_of(parse_message(data))


@pytest.mark.parametrize("trigger", ["A18", "A40", "A43", "A47"])
def test_patients_are_merged_into_the_one_that_stays(trigger):
    ((kind, row),) = rows(adt(trigger, mrg="OLD^^^HOSP^MR"))

    assert kind == "corrections" and row["kind"] == "merge"
    assert (row["patient_id"], row["other_patient_id"], row["at"]) == ("P1", "OLD", "2026-03-01T08:00:00+01:00")
    assert row["study"] == {"patient_id_issuer": "HOSP"}


@pytest.mark.parametrize(("trigger", "kind"), [("A24", "merge"), ("A37", "unmerge")])
def test_two_patients_are_linked_and_unlinked(trigger, kind):
    ((_, row),) = rows(adt(trigger, second="P2^^^HOSP^MR"))

    assert (row["kind"], row["patient_id"], row["other_patient_id"]) == (kind, "P1", "P2")


def test_a_death_is_said_once_however_often_it_is_sent():
    first, again = rows(adt("A08", died="20260228")), rows(adt("A03", died="20260228"))

    assert first == again
    assert first[0][1] | {"at": 0} == {
        "kind": "died", "patient_id": "P1", "correction_uid": "died/P1", "at": 0,
        "study": {"patient_id_issuer": "HOSP"},
    }  # fmt: skip


def test_a_medical_record_number_comes_before_other_identifiers():
    ((_, row),) = rows(adt("A40", pid="SSN1^^^GOV^SS~P1^^^HOSP^MR", mrg="OLD"))

    assert row["patient_id"] == "P1"


def test_an_order_is_an_event_and_its_cancellation_a_correction():
    ((kind, row),) = rows(orm("NW"))
    assert (kind, row["kind"], row["study"]["accession_number"]) == ("events", "ordered", "A1")
    ((kind, row),) = rows(orm("CA"))
    assert (kind, row["kind"]) == ("corrections", "study_cancelled")


def test_an_imaging_order_names_accession_study_and_modality_of_each_procedure():
    found = rows(omi())

    assert [
        (row["study"]["study_uid"], row["study"]["accession_number"], row["study"]["modality"]) for _, row in found
    ] == [("1.2.3", "A1", "CT"), ("1.2.4", "A2", "MR")]


@pytest.mark.parametrize(("status", "kinds"), [("P", ["preliminary"]), ("F", ["final"]), ("C", ["final"]), ("X", [])])
def test_a_reports_status_is_an_event_of_its_study(status, kinds):
    assert [row["kind"] for _, row in rows(oru(status=status))] == kinds


def test_a_report_keeps_its_lines_its_codes_and_its_reader_by_key():
    (report,) = reports_in(parse_message(oru(text="No effusion.\\.br\\Heart \\T\\ lungs normal~Second part")))

    assert report.text == "No effusion.\nHeart & lungs normal\nSecond part"
    assert (report.status, report.accession_number, report.reader) == ("F", "A1", "R7")
    coded = {each.code: (each.value, each.unit) for each in report.observations}
    assert coded["60046008"] == ("2667000", "") and coded["18043-0"] == ("55", "%")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not begin with MSH"),
        (b"PID|1", "does not begin with MSH"),
        (b"MSH|^~\\&|A|B|C|D|2026||", "MSH-9"),
        (b"MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||KLINGON\r", "character set 'KLINGON'"),
        (b"MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rPID|||\xff\r", "not UNICODE UTF-8"),
    ],
)
def test_what_cannot_be_read_says_why(data, why):
    with pytest.raises(UnreadableMessageError, match=why):
        parse_message(data)


@pytest.mark.parametrize("data", [adt("A40"), adt("A24"), orm("NW", accession="")])
def test_what_lacks_an_identifier_names_the_field(data):
    with pytest.raises(IncompleteMessageError, match=r"MRG-1|PID|OBR-18"):
        rows(data)


def test_umlauts_survive_in_any_declared_character_set():
    for name, charset in (("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("", "cp1252")):
        (report,) = reports_in(parse_message(oru(text="Erguß", charset=name).decode().encode(charset)))
        assert report.text == "Erguß"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20260301081500.1234+0100", "2026-03-01T08:15:00.123400+01:00"),
        ("202603010815", "2026-03-01T08:15:00"),
        ("20260301", "2026-03-01T00:00:00"),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_keep_the_offset_they_have_and_get_none(text, found):
    assert iso_moment(text) == found


@given(st.binary(max_size=300))
def test_no_bytes_make_anything_but_a_message_or_a_reason(data):
    for each in (data, b"MSH|^~\\&|" + data, oru() + data):
        try:
            rows_of(parse_message(each))
        except (UnreadableMessageError, IncompleteMessageError) as error:
            assert str(error)


def test_an_acknowledgement_is_a_message_that_names_what_it_answers(now):
    for code in ("AA", "AE", "AR"):
        answer = parse_message(acknowledgement(orm("NW"), code=code, words="why | so\\", now=now))
        assert answer.segments[1].text(1) == code and answer.segments[1].text(2) == "control-1"
        assert answer.header.text(5) == "RIS"
    assert parse_message(acknowledgement(b"rubbish", code="AR", now=now)).kind == "ACK^"
