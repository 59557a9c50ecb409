"""What a registration may never change, and what to do instead.

Facts already stored were understood under these values; another value would
give them another meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference.errors import HistoryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Why a field stays as registered, and what to do instead. `may_fill`: an empty one may still be filled."""

    instead: str
    may_fill: bool = False


NEW_ORGANISATION = Fixed(instead="An organisation keeps its kind: register another organisation under a new key.")
NEW_SITE = Fixed(instead="Patients and days of the site belong to it: register a new site under a new key.")
SEND_ISSUER = Fixed(
    instead="Patients known so far would become other people: send the issuer with each study, or register a new site."
)
NEW_CONCEPT = Fixed(instead="Reads and truth so far mean the concept as it is: register a new concept.", may_fill=True)
NEW_RULE = Fixed(instead="Estimates so far name this rule: register a rule under a new key.")
NEW_PRODUCT = Fixed(instead="The product's log is its manufacturer's: register a new product under a new key.")
NEW_FINDING = Fixed(instead="Predictions so far mean the finding as it is: register a new finding.")
NEW_VERSION = Fixed(instead="A release does not change: register a new version.", may_fill=True)
NEW_THRESHOLDS = Fixed(
    instead="Thresholds of a release do not change: register a new version, or give the deployment its own thresholds "
    "from a later day on."
)
NEW_CLAIM = Fixed(
    instead="A claim stands as it was labelled: register the new one for another market, unit, population or IFU."
)
FILL_CLAIM = Fixed(instead=NEW_CLAIM.instead, may_fill=True)
NEW_DEPLOYMENT = Fixed(instead="Inferences so far belong to it: register a new deployment under a new key.")

FIXED: Mapping[str, Mapping[str, Fixed]] = {
    "organisation": {"kind": NEW_ORGANISATION},
    "site": {
        "organisation": NEW_SITE,
        "timezone": NEW_SITE,
        "patient_id_issuer": SEND_ISSUER,
        "accession_issuer": SEND_ISSUER,
    },
    "concept": dict.fromkeys(("kind", "unit", "classes"), NEW_CONCEPT),
    "truth_rule": dict.fromkeys(("minimum_certainty", "follow_up_days", "standards"), NEW_RULE),
    "product": {"manufacturer": NEW_PRODUCT},
    "finding": dict.fromkeys(("concept", "kind", "scale", "unit", "range", "classes", "matching"), NEW_FINDING),
    "version": {
        "thresholds": NEW_THRESHOLDS,
        **dict.fromkeys(
            (
                "weights_sha256",
                "base_weights_sha256",
                "preprocessing",
                "ifu_version",
                "development_population",
                "pccp",
            ),
            NEW_VERSION,
        ),
    },
    "claim": {
        **dict.fromkeys(("value", "truth_rule", "direction", "upper", "comparator_value"), NEW_CLAIM),
        "margin": FILL_CLAIM,
    },
    "deployment": dict.fromkeys(("product", "site"), NEW_DEPLOYMENT),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that a line says otherwise than the registry."""

    field: str
    old: Any
    new: Any

    @property
    def fills(self) -> bool:
        return self.old in (None, "", [], {})


def refuse_rewriting(changes: list[Change], *, subject: str, line: int) -> None:
    """Raise HistoryError if one of the changes touches what must stay."""
    fixed = FIXED.get(subject.partition("/")[0], {})
    for change in changes:
        rule = fixed.get(change.field)
        if rule is None or (rule.may_fill and change.fills):
            continue
        raise HistoryError(
            f"Line {line}, {subject}: {change.field} is {shown(change.old)} and would become {shown(change.new)}. "
            f"{rule.instead}"
        )


def shown(value: Any) -> str:
    """Return a value for an error message: nothing said reads as such."""
    return "not given" if value in (None, "", [], {}) else str(value)
