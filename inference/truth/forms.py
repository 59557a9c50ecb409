"""Checks a truth: what turned out to be so, who says so and how sure, and when it was determined and known."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from inference.registry.models import Concept
from inference.registry.vocabulary import CERTAINTIES, STANDARDS
from inference.truth.kind import LEVELS
from inference.truth.models import Truth

VALUES = [
    ("positive", "Positive"),
    ("negative", "Negative"),
    ("indeterminate", "Indeterminate"),
    ("not_assessable", "Not assessable"),
]
BLINDED = [("", "Not known"), ("true", "Yes"), ("false", "No, the AI's answer was known")]
TAKEN_OVER = (
    "finding", "region", "level", "value", "category", "measurement", "unit", "standard", "certainty", "determined_at",
)  # fmt: skip


def in_words(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(value, value.replace("_", " ").capitalize()) for value in values]


class MomentField(forms.DateTimeField):
    """A time in the zone that is active, picked in the browser."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class TruthForm(forms.Form):
    finding = forms.ChoiceField(label="Finding")
    region = forms.ChoiceField(label="Region", required=False, help_text="Empty when the whole study is meant")
    value = forms.ChoiceField(label="Value", choices=[("", "–"), *VALUES], required=False)
    category = forms.CharField(
        label="Category", max_length=64, required=False, help_text="A class or grade, by its key"
    )
    measurement = forms.FloatField(label="Measurement", required=False)
    unit = forms.CharField(label="Unit", max_length=32, required=False, help_text="UCUM, such as % or mm")
    size_mm = forms.FloatField(label="Size (mm)", required=False, min_value=0)
    level = forms.ChoiceField(label="Level", choices=in_words(LEVELS), initial="study")
    standard = forms.ChoiceField(label="Standard", choices=in_words(STANDARDS), initial="single_expert")
    certainty = forms.ChoiceField(label="Certainty", choices=in_words(CERTAINTIES), initial="probable")
    blinded_to_ai = forms.ChoiceField(label="Blinded to the AI", choices=BLINDED, required=False)
    observed_until = forms.DateField(
        label="Observed until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Up to when the patient was followed; a negative needs it where a rule asks for follow-up",
    )
    determined_at = MomentField(label="Determined at")
    known_at = MomentField(
        label="Known at",
        required=False,
        help_text="When your site knew it, if before now; marked as backfilled",
    )

    def __init__(
        self, *args: Any, concepts: Sequence[Concept], regions: Sequence[str], now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["finding"].choices = [(concept.pk, concept.name) for concept in concepts]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", "Whole study"), *((each, each) for each in regions)]  # type: ignore[attr-defined]
        if not regions:
            self.fields["region"].widget = forms.HiddenInput()

    def clean_observed_until(self) -> datetime | None:
        day = self.cleaned_data["observed_until"]
        return timezone.make_aware(datetime.combine(day, time())) if day else None

    def clean_blinded_to_ai(self) -> bool | None:
        said: str = self.cleaned_data["blinded_to_ai"]
        return {"true": True, "false": False}.get(said)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [name for name in ("value", "category", "measurement") if cleaned.get(name) not in (None, "")]
        if not given:
            self.add_error("value", "Say what turned out to be so: a value, a category or a measurement.")
        for name in ("determined_at", "known_at"):
            if cleaned.get(name) and cleaned[name] > self.now:
                self.add_error(name, "This lies in the future.")
        if cleaned.get("region") and cleaned.get("level") == "study":
            cleaned["level"] = "region"
        return cleaned


def initial_of(truth: Truth) -> dict[str, Any]:
    """Return what an amendment starts from: the truth as it stands."""
    initial = {name: getattr(truth, name) for name in TAKEN_OVER}
    initial["observed_until"] = timezone.localdate(truth.observed_until) if truth.observed_until else None
    initial["size_mm"] = truth.attributes.get("size_mm")
    initial["blinded_to_ai"] = {True: "true", False: "false", None: ""}[truth.blinded_to_ai]
    return initial
