"""Checks a reader's answer on one case: agree with everything, or say what differs and why."""

from collections.abc import Sequence
from typing import Any

from django import forms

from inference.reads.actions import Opinion
from inference.reads.case import Target
from inference.reads.models import Read

AGREE, DISAGREE = "agree", "disagree"
OPPOSITE = {"positive": "negative", "negative": "positive"}
DECISIONS = [
    ("positive", "Positive"),
    ("negative", "Negative"),
    ("indeterminate", "Indeterminate"),
    ("not_assessable", "Not assessable"),
]
REASONS = [
    ("", "No reason given"),
    ("overcall", "Overcall: the AI marks what is not there"),
    ("undercall", "Undercall: the AI misses what is there"),
    ("subtle", "Too subtle to call"),
    ("artefact", "Artefact"),
    ("known_finding", "Known finding"),
    ("prior_available", "A prior settles it"),
    ("location", "Location"),
    ("side", "Side"),
    ("measurement", "Measurement"),
    ("low_quality", "Image quality"),
    ("wrong_patient", "Wrong patient or study"),
    ("technical", "Technical fault"),
    ("not_relevant", "Not relevant here"),
    ("other", "Other"),
]


class ReadForm(forms.Form):
    """One decision per target, a stage and a reason. `seen` says which own reads the page showed."""

    answer = forms.ChoiceField(choices=[(AGREE, "Agree"), (DISAGREE, "Disagree")], widget=forms.HiddenInput)
    reason = forms.ChoiceField(choices=REASONS, required=False, label="Why it differs")
    stage = forms.ChoiceField(choices=[], label="Stage")
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, targets: Sequence[Target], stages: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets = targets
        self.fields["stage"].choices = [(stage, Read.Stage(stage).label) for stage in stages]  # type: ignore[attr-defined]
        self.fields["stage"].initial = stages[0]
        self.fields["seen"].initial = seen_of(targets)
        for target in targets:
            self.fields[target.key] = decision_field(target)

    @property
    def decisions(self) -> list[forms.BoundField]:
        return [self[target.key] for target in self.targets]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("seen", "") != seen_of(self.targets):
            raise forms.ValidationError("You have read this case meanwhile; check your read below and send it again.")
        if self.errors:
            return cleaned
        opinions = [self.opinion(target, cleaned) for target in self.targets]
        if cleaned.get("answer") == DISAGREE:
            opinions = disagreeing(opinions)
        cleaned["opinions"] = opinions
        return cleaned

    def opinion(self, target: Target, cleaned: dict[str, Any]) -> Opinion:
        said = cleaned.get(target.key)
        if cleaned.get("answer") == AGREE:
            said = said_by(target) if said_by(target) not in ("", None) else said
        if said in ("", None):
            raise forms.ValidationError(f"The AI gave no decision on {target.label}: say what you decided.")
        if target.is_measured:
            return Opinion(target=target, measurement=float(said))
        return Opinion(target=target, category=said) if target.classes else Opinion(target=target, decision=said)


def disagreeing(opinions: Sequence[Opinion]) -> list[Opinion]:
    """Return the opinions of a reader who disagrees; with one yes-or-no question the other answer is meant."""
    if not all(each.agrees for each in opinions):
        return list(opinions)
    if len(opinions) == 1 and opinions[0].decision in OPPOSITE:
        return [Opinion(target=opinions[0].target, decision=OPPOSITE[opinions[0].decision])]
    raise forms.ValidationError("Change the decision that you disagree with, then send it.")


def seen_of(targets: Sequence[Target]) -> str:
    """Return which own reads a page shows, so that one that came between is not amended unseen."""
    return ",".join(target.own.entry.uid[:12] if target.own else "-" for target in targets)


def said_by(target: Target) -> Any:
    if target.is_measured:
        return target.measurement
    return target.category if target.classes else target.decision


def decision_field(target: Target) -> forms.Field:
    own = target.own
    if target.is_measured:
        label = f"{target.label} ({target.unit})" if target.unit else target.label
        initial = own.measurement if own else target.measurement
        return forms.FloatField(label=label, required=False, initial=initial)
    if target.classes:
        choices = [("", "–"), *((each, str(each)) for each in target.classes)]
        initial = own.category if own else target.category
        return forms.ChoiceField(label=target.label, choices=choices, required=False, initial=initial)
    initial = own.decision if own else target.decision
    return forms.ChoiceField(label=target.label, choices=[("", "–"), *DECISIONS], required=False, initial=initial)
