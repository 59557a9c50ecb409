"""From what rules say of a report to rows of the intake: truths and reads, amended when a report is corrected.

A preliminary report makes no truth. A withdrawn one takes back what earlier
ones made, by an amendment that says that nothing can be said.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from inference.messages.hl7_rows import Report
from inference.messages.models import MadeLabel
from inference.messages.report_rules import Label, Reading

PLURALS = {"truth": "truth", "read": "reads"}
STAGES = {"P": "preliminary", "R": "preliminary", "A": "preliminary", "F": "final", "C": "addendum"}
WITHDRAWN, PRELIMINARY = "X", frozenset("PRA")
LABELLER = "report_labeller"

Known = Mapping[tuple[str, str, str], MadeLabel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One row to send, and the label that it will be known by."""

    plural: str
    row: Mapping[str, Any]
    kind: str
    finding: str
    region: str
    value: str
    uid: str


def report_key(report: Report, *, secret: bytes, labeller: str = "") -> str:
    """Return what names the report of one study, as a labeller reads it, and tells nobody which study that is."""
    name = report.study_uid or f"{report.accession_number}\x00{report.patient.issuer if report.patient else ''}"
    name += f"\x00{labeller}" if labeller else ""
    return hmac.new(secret, name.encode(), sha256).hexdigest()


def drafts_of(report: Report, reading: Reading, *, known: Known, start: str) -> Iterator[Draft]:
    """Yield the rows of one report; `start` begins their uids, `known` are the labels that earlier reports made."""
    if report.status == WITHDRAWN:
        yield from (withdrawal(label, report=report, start=start) for label in known.values())
        return
    for label in reading.labels:
        if label.rule.makes == "truth" and report.status in PRELIMINARY:
            continue
        before = known.get((label.rule.makes, label.rule.finding, label.region))
        if before is None or before.value != label.value:
            yield draft_of(label, report=report, before=before, start=start)


def draft_of(label: Label, *, report: Report, before: MadeLabel | None, start: str) -> Draft:
    rule = label.rule
    uid = f"{start}/{rule.makes}/{rule.finding}/{label.region}"
    row: dict[str, Any] = {
        "finding": rule.finding,
        "region": label.region,
        "study": report.study,
        "amends": before.uid if before else "",
    }
    row |= truth_of(label, report=report, uid=uid) if rule.makes == "truth" else read_of(label, report=report, uid=uid)
    return Draft(
        plural=PLURALS[rule.makes],
        row={name: value for name, value in row.items() if value not in (None, "")},
        kind=rule.makes,
        finding=rule.finding,
        region=label.region,
        value=label.value,
        uid=uid,
    )


def truth_of(label: Label, *, report: Report, uid: str) -> dict[str, Any]:
    labelled = {"attributes": {"labeller": label.rule.labelled_by}} if label.rule.standard == LABELLER else {}
    return {
        "truth_uid": uid,
        "value": label.value,
        "standard": label.rule.standard,
        "certainty": label.certainty,
        "determined_at": report.at,
        **labelled,
    }


def read_of(label: Label, *, report: Report, uid: str) -> dict[str, Any]:
    return {
        "read_uid": uid,
        "decision": label.value,
        "reader": report.reader or "report",
        "stage": STAGES.get(report.status, "final"),
        "ai_exposure": "unknown",
        "read_at": report.at,
    }


def withdrawal(label: MadeLabel, *, report: Report, start: str) -> Draft:
    uid = f"{start}/withdrawn/{label.kind}/{label.finding}/{label.region}"
    row: dict[str, Any] = {"finding": label.finding, "region": label.region, "study": report.study, "amends": label.uid}
    if label.kind == "truth":
        row |= {
            "truth_uid": uid, "value": "not_assessable", "standard": "report_human", "certainty": "unknown",
            "determined_at": report.at,
        }  # fmt: skip
    else:
        row |= {
            "read_uid": uid, "decision": "not_assessable", "reader": report.reader or "report", "stage": "addendum",
            "ai_exposure": "unknown", "read_at": report.at,
        }  # fmt: skip
    return Draft(
        plural=PLURALS[label.kind],
        row={name: value for name, value in row.items() if value not in (None, "")},
        kind=label.kind,
        finding=label.finding,
        region=label.region,
        value="not_assessable",
        uid=uid,
    )
