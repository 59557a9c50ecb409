"""The flags that a stored fact may carry, and what each tells a person.

A flagged fact is stored and counted; whether it may enter an estimate is
decided in monitoring.cases.
"""

from collections.abc import Mapping

UNREGISTERED_VERSION = "unregistered_version"
VERSION_NOT_IN_FORCE = "version_not_in_force"
NO_VERSION = "no_version"
NO_STATUS = "no_status"
NO_CONFIGURATION = "no_configuration"
MISSING_PREDICTION = "missing_prediction"
CLOCK_IN_FUTURE = "clock_in_future"
TIME_WITHOUT_OFFSET = "time_without_offset"
BACKFILLED = "backfilled"
DECISION_CONTRADICTS_THRESHOLD = "decision_contradicts_threshold"
THRESHOLD_NOT_IN_FORCE = "threshold_not_in_force"
SCORE_OUT_OF_RANGE = "score_out_of_range"
UNREGISTERED_FINDING = "unregistered_finding"
UNREGISTERED_REGION = "unregistered_region"
UNREGISTERED_CLASS = "unregistered_class"
UNIT_NOT_CONVERTIBLE = "unit_not_convertible"
UNKNOWN_FIELD = "unknown_field"
STUDY_DIFFERS = "study_differs"

MEANINGS: Mapping[str, str] = {
    UNREGISTERED_VERSION: "the version is not registered for this product",
    VERSION_NOT_IN_FORCE: "the version is registered, but was not in force at that moment",
    NO_VERSION: "no version was named",
    NO_STATUS: "no status was named",
    NO_CONFIGURATION: "the deployment had no configuration at that moment",
    MISSING_PREDICTION: "a run that says it went well brings no prediction",
    CLOCK_IN_FUTURE: "a time lies in the future",
    TIME_WITHOUT_OFFSET: "a time without offset was read in the site's zone",
    BACKFILLED: "it was known elsewhere before it was sent",
    DECISION_CONTRADICTS_THRESHOLD: "the decision is not what score and threshold say",
    THRESHOLD_NOT_IN_FORCE: "the threshold is not the one in force",
    SCORE_OUT_OF_RANGE: "the score lies outside its scale",
    UNREGISTERED_FINDING: "the finding or concept is not registered",
    UNREGISTERED_REGION: "the region is not in the registered vocabulary",
    UNREGISTERED_CLASS: "the category is not one of the registered classes",
    UNIT_NOT_CONVERTIBLE: "the unit cannot be converted to the registered one; only the sent value is kept",
    UNKNOWN_FIELD: "a field is not known; its value was not kept",
    STUDY_DIFFERS: "it says something else of its study than was known; the first value stands",
}


def meaning_of(flag: str) -> str:
    """Return the sentence of a flag; `unknown_field:x` and `study_differs:x` name their field."""
    name, _, field = flag.partition(":")
    sentence = MEANINGS.get(name, name.replace("_", " "))
    return f"{sentence} ({field})" if field else sentence


def unknown_field(path: str) -> str:
    return f"{UNKNOWN_FIELD}:{path}"


def study_differs(name: str) -> str:
    return f"{STUDY_DIFFERS}:{name}"
