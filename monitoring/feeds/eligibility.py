"""Was a product meant to see a study? The registered rule of a deployment against the study's header. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

ELIGIBLE, NOT_ELIGIBLE, UNKNOWN = "eligible", "not eligible", "cannot be told"


def judge(rule: Mapping[str, Sequence[str]], facts: Mapping[str, Sequence[str]]) -> str:
    """Return whether a study is eligible: every field of the rule has one of its values.

    A field that contradicts decides; without one, a field that nobody filled in makes it impossible to tell.
    """
    unknown = not rule
    for name, wanted in rule.items():
        said = {each.casefold() for each in facts.get(name, ()) if each}
        if not said:
            unknown = True
        elif not said & {each.casefold() for each in wanted}:
            return NOT_ELIGIBLE
    return UNKNOWN if unknown else ELIGIBLE


def facts_of(
    *, modality: str, modalities: Sequence[str], body_part: str, described: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return what is known of a study, by the fields that rules may name."""
    acquisition = described.get("acquisition", {})
    return {
        "modality": [modality, *modalities],
        "body_part": [body_part],
        **{name: [str(acquisition.get(name) or "")] for name in ("view_position", "presentation_intent", "laterality")},
    }
