"""Index of the subjects' tables, for Django only: import tables from their subject."""

from inference.connectors.models import Discard, LastLook, Repair
from inference.corrections.models import Correction
from inference.events.models import Event
from inference.imaging.models import Archive, ArchivedObject, ArchivedStudy, ResultSource
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage, MadeLabel, MappingRule, ModelAnswer, ModelSwitch
from inference.reads.models import Read, Response
from inference.registry.models import (
    Claim,
    Concept,
    Configuration,
    Deployment,
    Finding,
    Market,
    Organisation,
    Product,
    Registration,
    Scanner,
    Sharing,
    Site,
    TruthRule,
    Version,
)
from inference.rescoring.models import Rescore, RescoreItem, RescoreRun
from inference.results.models import Inference, Prediction
from inference.retention.models import Erasure, Hold
from inference.studies.models import Link, Person, SharedOrder, StoredImage, Study, VaultValue
from inference.truth.models import Truth

__all__ = [
    "Archive",
    "ArchivedObject",
    "ArchivedStudy",
    "Claim",
    "Concept",
    "Configuration",
    "Correction",
    "Deployment",
    "Discard",
    "Erasure",
    "Event",
    "Finding",
    "Hold",
    "InboundMessage",
    "Inference",
    "LastLook",
    "Link",
    "MadeLabel",
    "MappingRule",
    "Market",
    "ModelAnswer",
    "ModelSwitch",
    "Organisation",
    "Person",
    "Prediction",
    "Product",
    "Read",
    "Registration",
    "Repair",
    "Rescore",
    "RescoreItem",
    "RescoreRun",
    "Response",
    "ResultSource",
    "Scanner",
    "SetAside",
    "SharedOrder",
    "Sharing",
    "Site",
    "StoredImage",
    "Study",
    "Truth",
    "TruthRule",
    "VaultValue",
    "Version",
]
