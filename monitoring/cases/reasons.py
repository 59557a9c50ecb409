"""Why a logged prediction or read stays out of every estimate, in one sentence each.

The order is the order of precedence: a case has the first reason that holds.
"""

from collections.abc import Mapping

NO_CONFIGURATION = "no_configuration"
CLOCK_IN_FUTURE = "clock_in_future"
NO_VERSION = "no_version"
UNREGISTERED_VERSION = "unregistered_version"
VERSION_NOT_IN_FORCE = "version_not_in_force"
OPTED_OUT = "opted_out"
STUDY_CANCELLED = "study_cancelled"
IMAGES_REJECTED = "images_rejected"
NO_PREDICTION = "no_prediction"
UNREGISTERED_FINDING = "unregistered_finding"
UNREGISTERED_REGION = "unregistered_region"
DECISION_CONTRADICTS_THRESHOLD = "decision_contradicts_threshold"
ANOTHER_RUN_COUNTS = "another_run_counts"
AMENDED = "amended"
NO_DECISION = "no_decision"
NO_FINAL_READ = "no_final_read"
NO_RESULT = "no_result"
SEVERAL_ORDERS = "several_orders"
UNLIKE_STUDIES = "unlike_studies"

SENTENCES: Mapping[str, str] = {
    "purpose_research": "Made for research, not for a patient's care.",
    "purpose_training": "Made for training, not for a patient's care.",
    "purpose_acceptance": "Made for acceptance testing, not for a patient's care.",
    "purpose_test": "A test, not a patient's care.",
    "purpose_phantom_qa": "A phantom or a quality-assurance exposure.",
    "purpose_unknown": "Nobody said that it was made for a patient's care.",
    "mode_shadow": "The product ran in the shadow: no reader was to see its result.",
    "mode_acceptance": "The product was under acceptance.",
    "mode_research": "The product ran for research.",
    "mode_suspended": "The product was suspended.",
    NO_CONFIGURATION: "The deployment had no configuration at that moment.",
    CLOCK_IN_FUTURE: "A time lies in the future, so its day cannot be believed.",
    NO_VERSION: "Nobody said which version ran.",
    UNREGISTERED_VERSION: "The version is not registered for this product.",
    VERSION_NOT_IN_FORCE: "The version is registered, but was not in force at that moment.",
    OPTED_OUT: "The patient opted out.",
    STUDY_CANCELLED: "The study was cancelled.",
    IMAGES_REJECTED: "The images were rejected.",
    "status_rejected_input": "The product rejected its input.",
    "status_out_of_scope": "The product found the study out of its scope.",
    "status_failed": "The run failed.",
    "status_timed_out": "The run timed out.",
    "status_cancelled": "The run was cancelled.",
    "status_not_run": "The product did not run.",
    NO_PREDICTION: "The run went well, but says nothing of this finding.",
    UNREGISTERED_FINDING: "The finding is not registered for this product.",
    UNREGISTERED_REGION: "The region is not registered for this product.",
    DECISION_CONTRADICTS_THRESHOLD: "The decision is not what score and threshold say.",
    ANOTHER_RUN_COUNTS: "Another run of the same study counts: the last shown before the final read, else the first.",
    AMENDED: "The read was amended by a later one.",
    NO_DECISION: "The read says nothing of the finding.",
    NO_FINAL_READ: "No final read to compare the product with.",
    NO_RESULT: "The product gave no result to compare the read with.",
    SEVERAL_ORDERS: "The study that the report stands on answers several orders, and nothing says which is meant.",
    UNLIKE_STUDIES: "The studies of the order are of different kinds, and nothing says which of them is meant.",
}


def sentence(reason: str) -> str:
    """Return why a case is left out, for a person."""
    return SENTENCES.get(reason, reason.replace("_", " ").capitalize() + ".")
