"""What HL7 messages say, as rows of the intake: orders, statuses of reports, and corrections of identity. Pure.

What a report's words mean is not said here: reports go to the site's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from inference.messages.hl7_messages import Message, PatientName, Segment

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]

MERGES = frozenset({"A18", "A34", "A36", "A39", "A40", "A43", "A47"})
LINK, UNLINK = "A24", "A37"
ORDERS = frozenset({"ORM^O01", "OMI^O23", "OMG^O19"})
CANCELLED = frozenset({"CA", "DC", "OC", "CR", "OD"})
PLACED = frozenset({"NW", "XO", "SN", "NA", "RP", "PA", "OK", ""})
PRELIMINARY, FINAL, WITHDRAWN = frozenset("PRA"), frozenset("FC"), "X"
WHY = {
    "A18": "patient information merged", "A24": "patients linked", "A34": "patient information merged",
    "A36": "patients and visits merged", "A37": "patients unlinked", "A39": "persons merged", "A40": "patients merged",
    "A43": "patient information moved", "A47": "identifier changed",
}  # fmt: skip


class IncompleteMessageError(ValueError):
    """The message lacks what its type demands; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """One observation with a code: its value as text, and its unit."""

    code: str
    name: str
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report (OBR with its OBX), as a site's rules read it. `status` is that of OBR-25: P, F, C or X.

    `names` are words that name people, there only to be taken out of a text before a model sees it.
    """

    patient: PatientName | None
    accession_number: str
    study_uid: str
    procedure: str
    status: str
    at: str | None
    reader: str
    text: str
    observations: tuple[Coded, ...]
    names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def study(self) -> Row:
        return study_of(self.patient, accession=self.accession_number, study_uid=self.study_uid)


def rows_of(message: Message) -> list[tuple[str, Row]]:
    """Return the rows that a message makes, each with the kind it is of; none where it says nothing for us.

    Raises:
        IncompleteMessageError: an identifier that its type demands is missing.
    """
    kind, trigger = message.kind.split("^", 1)
    if kind == "ADT":
        return [*identity_rows(message, trigger=trigger), *death_rows(message)]
    if message.kind in ORDERS:
        return named(order_rows(message), message=message)
    if kind == "ORU":
        return named(status_rows(reports_in(message)), message=message)
    return []


def named(rows: Rows, *, message: Message) -> list[tuple[str, Row]]:
    """Give rows uids of their message: an order that is sent twice in other words is two events, and no conflict."""
    return with_uids(rows, start=start_of(message)) if message.control_id else list(rows)


def start_of(message: Message) -> str:
    """Return what the uids of a message's rows begin with."""
    return f"hl7/{message.header.text(3)}/{message.control_id}"


def with_uids(rows: Rows, *, start: str) -> list[tuple[str, Row]]:
    uids = {"events": "event_uid", "corrections": "correction_uid"}
    return [(kind, row | {uids[kind]: f"{start}/{number}"}) for number, (kind, row) in enumerate(rows, start=1)]


# 1. Who a patient is.


def identity_rows(message: Message, *, trigger: str) -> Rows:
    if trigger in MERGES:
        stays, goes = patient_in(message.first("PID"), 3, "PID-3"), patient_in(message.first("MRG"), 1, "MRG-1")
        yield "corrections", two_patients("merge", stays, goes, message=message, trigger=trigger)
    elif trigger in (LINK, UNLINK):
        both = [patient_in(each, 3, "PID-3") for each in message.all("PID")]
        if len(both) != 2:
            raise IncompleteMessageError(f"{message.kind} is about two patients: it needs two PID segments")
        kind = "merge" if trigger == LINK else "unmerge"
        yield "corrections", two_patients(kind, both[0], both[1], message=message, trigger=trigger)


def two_patients(kind: str, stays: PatientName, goes: PatientName, *, message: Message, trigger: str) -> Row:
    return {
        "kind": kind,
        "patient_id": stays.identifier,
        "other_patient_id": goes.identifier,
        "at": event_moment(message),
        "reason": WHY[trigger],
        **issuer_of(stays),
    }


def death_rows(message: Message) -> Rows:
    person = message.first("PID")
    if person is None or person.text(30).upper() != "Y":
        return
    patient = patient_in(person, 3, "PID-3")
    row = {"kind": "died", "patient_id": patient.identifier, "correction_uid": f"died/{patient.identifier}"}
    yield "corrections", row | {"at": person.moment(29) or event_moment(message)} | issuer_of(patient)


def event_moment(message: Message) -> str:
    event = message.first("EVN")
    found = (event.moment(6) or event.moment(2)) if event else None
    moment = found or message.sent_at
    if moment is None:
        raise IncompleteMessageError("EVN-2 and MSH-7, the time of the event, are empty")
    return moment


# 2. Orders and the status of reports.


def order_rows(message: Message) -> Rows:
    for group in message.groups("ORC", "OBR"):
        control = next((each.text(1) for each in group if each.name == "ORC"), "NW")
        study = study_in(message, group)
        if control in CANCELLED:
            yield "corrections", {"kind": "study_cancelled", "at": order_moment(message, group), "study": study}
        elif control in PLACED:
            yield "events", {"kind": "ordered", "at": order_moment(message, group), "study": study}


def order_moment(message: Message, group: list[Segment]) -> str:
    order = next((each for each in group if each.name == "ORC"), None)
    moment = (order.moment(9) if order else None) or message.sent_at
    if moment is None:
        raise IncompleteMessageError("ORC-9 and MSH-7, the time of the order, are empty")
    return moment


def status_rows(reports: Iterable[Report]) -> Rows:
    """Yield when reports became preliminary or final; a withdrawn one is for the rules."""
    for report in reports:
        kind = "preliminary" if report.status in PRELIMINARY else "final" if report.status in FINAL else ""
        if kind and report.at:
            yield "events", {"kind": kind, "at": report.at, "study": report.study, "to": report.reader}


def reports_in(message: Message) -> list[Report]:
    """Return the reports of a result message, one for each OBR."""
    if not message.kind.startswith("ORU^"):
        return []
    person = message.first("PID")
    patient = next(iter(person.patients(3)), None) if person else None
    return [report_of(message, group, patient=patient) for group in message.groups("OBR")]


def report_of(message: Message, group: list[Segment], *, patient: PatientName | None) -> Report:
    request, results = group[0], [each for each in group if each.name == "OBX"]
    order = next((each for each in message.all("ORC")), None)
    texts = [each for each in results if each.text(2) in ("TX", "FT", "ST", "")]
    notes = [each.plain(each.raw(3)) for each in group if each.name == "NTE"]
    return Report(
        patient=patient,
        accession_number=request.text(18) or (order.text(3) if order else "") or request.text(3),
        study_uid=next((each.text(1) for each in message.all("ZDS")), ""),
        procedure=request.text(4) or request.text(4, 2),
        status=(request.text(25) or (results[0].text(11) if results else "") or "F")[:1].upper(),
        at=request.moment(22) or message.sent_at,
        reader=request.text(32).split("&")[0],
        text="\n".join(filter(None, [*map(words_of, texts), *notes])),
        observations=tuple(coded(each) for each in results if each.text(3)),
        names=tuple(names_in(message)),
    )


PEOPLE = {
    "PID": (5, 6, 9, 11, 13, 14),
    "OBR": (16, 28, 32, 33, 34, 35),
    "PV1": (7, 8, 9, 17),
    "ORC": (10, 11, 12),
    "NK1": (2,),
}


def names_in(message: Message) -> Iterator[str]:
    """Yield the words of fields that name people or say where they live."""
    for segment in message.segments:
        for number in PEOPLE.get(segment.name, ()):
            for part in segment.raw(number).replace("~", "^").replace("&", "^").split("^"):
                yield from segment.plain(part).split()


def words_of(result: Segment) -> str:
    return "\n".join(result.plain(part) for part in result.repetitions(5))


def coded(result: Segment) -> Coded:
    """Return an observation; a coded value by its code."""
    return Coded(
        code=result.text(3), name=result.text(3, 2), value=words_of(result).split("^")[0].strip(), unit=result.text(6)
    )


# 3. Names of patients and studies.


def patient_in(segment: Segment | None, number: int, field: str) -> PatientName:
    found = next(iter(segment.patients(number)), None) if segment else None
    if found is None:
        raise IncompleteMessageError(f"{field}, the patient's identifier, is missing")
    return found


def issuer_of(patient: PatientName) -> Row:
    return {"study": {"patient_id_issuer": patient.issuer}} if patient.issuer else {}


def study_in(message: Message, group: list[Segment]) -> Row:
    person = message.first("PID")
    patient = next(iter(person.patients(3)), None) if person else None
    order = next((each for each in group if each.name == "ORC"), None)
    request = next((each for each in group if each.name == "OBR"), None)
    imaging = next((each for each in group if each.name == "IPC"), None)
    sources: tuple[Callable[[], str], ...] = (
        lambda: imaging.text(1) if imaging else "",
        lambda: request.text(18) if request else "",
        lambda: order.text(3) if order else "",
        lambda: request.text(3) if request else "",
    )
    accession = next(filter(None, (source() for source in sources)), "")
    uid = (imaging.text(3) if imaging else "") or next((each.text(1) for each in message.all("ZDS")), "")
    if not accession and not uid:
        raise IncompleteMessageError("IPC-1, OBR-18 and ORC-3, the accession number, are empty")
    modality = (imaging.text(5) if imaging else "") or (request.text(24) if request else "")
    return study_of(patient, accession=accession, study_uid=uid) | ({"modality": modality} if modality else {})


def study_of(patient: PatientName | None, *, accession: str, study_uid: str) -> Row:
    said: Mapping[str, str] = {
        "study_uid": study_uid,
        "accession_number": accession,
        "patient_id": patient.identifier if patient else "",
        "patient_id_issuer": patient.issuer if patient else "",
    }
    return {name: value for name, value in said.items() if value}
