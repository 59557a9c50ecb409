"""What a reader answered to an AI's result, as a structured report: accepted, rejected, modified (IHE AIRA style).

The report names the result that it assesses (predecessor or evidence), and its
answers by code; a code that is not known is read by its meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from inference.dicom.results import codes
from inference.dicom.results.codes import NO_CODE, Code
from inference.dicom.results.content import Item, content_of
from inference.dicom.results.saying import Algorithm
from inference.dicom.values import items_of, text_of

REPORTS = "1.2.840.10008.5.1.4.1.1.88."
ASSESSMENT_WORDS = ("assessment", "ai result")
PERSON_ID = codes.dcm("128775", "128774")
MEANINGS = (
    ("reject", "reject_ai_positive"), ("accept", "agree"), ("agree", "agree"), ("confirm", "agree"),
    ("modif", "partly_agree"), ("supplement", "partly_agree"), ("edit", "partly_agree"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One answer: to which result, of which finding, by whom (the site's key for people, never a name)."""

    result_uid: str
    algorithm: Algorithm
    answer: Code
    response: str
    finding: Code = NO_CODE
    mark_uid: str = ""
    reader: str = ""


def assessments_in(dataset: Dataset) -> list[Assessment]:
    """Return the answers in an assessment of an AI's result; none if the object is something else."""
    if not text_of(dataset, "SOPClassUID").startswith(REPORTS):
        return []
    root = content_of(dataset)
    results = assessed(dataset)
    if not results or not any(is_answer(item) for item in root.walk()):
        return []
    return list(answers_in(root, result=results[0], algorithm=algorithm_of(root, dataset)))


def answers_in(root: Item, *, result: str, algorithm: Algorithm) -> Iterator[Assessment]:
    reader = next((item.text for item in root.below(PERSON_ID) if item.text), "")
    for group in (item for item in root.walk() if any(is_answer(child) for child in item.children)):
        finding = next((each.code for each in group.named(codes.FINDING)), NO_CODE)
        uid = group.first(codes.TRACKING_UID)
        for item in filter(is_answer, group.children):
            yield Assessment(
                result_uid=result,
                algorithm=algorithm,
                answer=item.code,
                response=response_of(item.code),
                finding=finding,
                mark_uid=uid.text if uid else "",
                reader=reader,
            )


def is_answer(item: Item) -> bool:
    named = item.concept.meaning.casefold()
    return item.kind == "CODE" and any(word in named for word in ASSESSMENT_WORDS) and bool(response_of(item.code))


def response_of(code: Code) -> str:
    meaning = code.meaning.casefold()
    return next((response for word, response in MEANINGS if word in meaning), "")


def assessed(dataset: Dataset) -> list[str]:
    """Return the SOP instances that a report assesses: its predecessors, else the reports in its evidence."""
    for keyword in (
        "PredecessorDocumentsSequence",
        "CurrentRequestedProcedureEvidenceSequence",
        "PertinentOtherEvidenceSequence",
    ):
        found = [
            text_of(instance, "ReferencedSOPInstanceUID")
            for study in items_of(dataset, keyword)
            for series in items_of(study, "ReferencedSeriesSequence")
            for instance in items_of(series, "ReferencedSOPSequence")
            if keyword.startswith("Pred") or text_of(instance, "ReferencedSOPClassUID").startswith(REPORTS)
        ]
        if found:
            return found
    return []


def algorithm_of(root: Item, dataset: Dataset) -> Algorithm:
    def first(concepts: frozenset[Code]) -> str:
        return next((item.text for item in root.below(concepts) if item.text), "")

    return Algorithm(
        manufacturer=first(codes.DEVICE_MANUFACTURER),
        name=first(codes.ALGORITHM_NAME) or first(codes.DEVICE_MODEL) or first(codes.DEVICE_NAME),
        version=first(codes.ALGORITHM_VERSION),
    )
