"""What people type about rules and waiting messages."""

from typing import Any

from django import forms

from inference.messages.models import InboundMessage, MappingRule
from inference.registry.models import Concept, Site
from inference.registry.vocabulary import CERTAINTIES, STANDARDS

VALUES = ("positive", "negative", "indeterminate", "not_assessable")
DISMISSALS = (
    ("nothing_watched", "says nothing that is watched here"),
    ("settled_by_hand", "settled by hand"),
    ("test_message", "a test message"),
    ("sent_by_mistake", "sent by mistake"),
)


def choices(values: Any) -> list[tuple[str, str]]:
    return [(each, each.replace("_", " ")) for each in values]


class RuleForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none())
    name = forms.CharField(max_length=80)
    finding = forms.ModelChoiceField(Concept.objects.order_by("key"), label="Concept")
    pattern = forms.CharField(
        max_length=500, required=False, label="Text",
        help_text="A regular expression over whole words, such as (pleural )?effusions?. Denials are understood.",
    )  # fmt: skip
    code = forms.CharField(max_length=64, required=False, help_text="Or the code of an observation (OBX-3).")
    answer = forms.CharField(max_length=64, required=False, help_text="Its coded answer (OBX-5), if it has one.")
    low = forms.FloatField(required=False, label="Value from")
    high = forms.FloatField(required=False, label="Value to")
    unit = forms.CharField(max_length=32, required=False)
    region = forms.CharField(
        max_length=64,
        required=False,
        help_text="Empty for the whole study; by_side takes left and right from the words.",
    )
    value = forms.ChoiceField(choices=choices(VALUES), label="A match means")
    makes = forms.ChoiceField(choices=MappingRule.Makes.choices)
    standard = forms.ChoiceField(choices=choices(STANDARDS), initial="report_labeller")
    certainty = forms.ChoiceField(choices=choices(CERTAINTIES), initial="probable")

    def __init__(self, *args: Any, sites: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("pattern")) == bool(cleaned.get("code")):
            self.add_error("pattern", "Give a text or a code, one of the two.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        return {
            name: value.pk if name == "finding" else value
            for name, value in self.cleaned_data.items()
            if name != "site"
        }


class MessageFilters(forms.Form):
    site = forms.CharField(required=False, max_length=64)
    state = forms.ChoiceField(required=False, choices=[("", "all"), *InboundMessage.State.choices])
    kind = forms.CharField(required=False, max_length=48)

    @property
    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class DismissForm(forms.Form):
    reason = forms.ChoiceField(choices=DISMISSALS)
