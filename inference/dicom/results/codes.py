"""Coded concepts, and the ones that result objects are read by: DICOM PS3.16, SNOMED CT and its older SRT codes."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from inference.dicom.values import items_of, text_of

OLD_SCHEMES = {"SRT": "SRT", "SNM3": "SRT", "99SDM": "SRT"}


@dataclass(frozen=True, slots=True)
class Code:
    """A concept: value and scheme are its identity, the meaning is for people."""

    value: str
    scheme: str
    meaning: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Code) and (self.value, self.scheme) == (other.value, other.scheme)

    def __hash__(self) -> int:
        return hash((self.value, self.scheme))

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


NO_CODE = Code("", "")


def code_in(dataset: Dataset, keyword: str) -> Code:
    """Return the first code of a sequence, `NO_CODE` if there is none."""
    items = items_of(dataset, keyword)
    if not items:
        return NO_CODE
    value = next(filter(None, (text_of(items[0], each) for each in ("CodeValue", "LongCodeValue", "URNCodeValue"))), "")
    scheme = text_of(items[0], "CodingSchemeDesignator")
    return Code(value, OLD_SCHEMES.get(scheme, scheme), text_of(items[0], "CodeMeaning"))


def dcm(*values: str) -> frozenset[Code]:
    return frozenset(Code(value, "DCM") for value in values)


def snomed(*values: str) -> frozenset[Code]:
    return frozenset(Code(value, "SCT") for value in values)


def older(*values: str) -> frozenset[Code]:
    """Return concepts by the codes that reports made before 2018 carry."""
    return frozenset(Code(value, "SRT") for value in values)


MEASUREMENT_GROUP = dcm("125007")
TRACKING_UID = dcm("112040")
FINDING = dcm("121071")
FINDING_SITE = snomed("363698007") | older("G-C0E3")
LATERALITY = snomed("272741003") | older("G-C171")
IMAGE_LATERALITY = dcm("111027")
FINDING_CATEGORY = snomed("276214006")
PRESENCE = snomed("705057003")
ALGORITHM_NAME, ALGORITHM_VERSION = dcm("111001"), dcm("111003")
DEVICE_NAME, DEVICE_MANUFACTURER, DEVICE_MODEL = dcm("121013"), dcm("121014"), dcm("121015")

# Certainty of finding, certainty of impression, probability of cancer: from 0 to 100 %, or 0 to 1.
PROBABILITIES = dcm("111012", "111013", "111047")

RIGHT = snomed("24028007", "73056007") | older("G-A100", "T-04020")
LEFT = snomed("7771000", "80248007") | older("G-A101", "T-04030")
PRESENT, ABSENT = snomed("52101004", "10828004") | older("G-A203"), snomed("2667000", "260385009") | older("R-4089A")
UNDECIDED = snomed("82334004")


def side_of(code: Code) -> str:
    """Return R or L where the code says a side."""
    if code in RIGHT:
        return "R"
    return "L" if code in LEFT else ""


def decision_of(code: Code) -> str:
    """Return what a presence says: positive, negative, indeterminate, or nothing."""
    for codes, decision in ((PRESENT, "positive"), (ABSENT, "negative"), (UNDECIDED, "indeterminate")):
        if code in codes:
            return decision
    return ""
