"""Checks what a run is asked for."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from inference.registry.models import Deployment
from inference.rescoring.actions import TOLERANCE

LARGEST_SAMPLE = 100_000
LARGEST_SEED = 2**31 - 1


class RunForm(forms.Form):
    deployment = forms.ModelChoiceField(label="Deployment", queryset=Deployment.objects.none())
    sample = forms.IntegerField(label="Sample", min_value=1, max_value=LARGEST_SAMPLE, initial=100)
    plan = forms.CharField(label="Plan", max_length=64, required=False, help_text="What the sample is for")
    tolerance = forms.FloatField(
        label="Tolerance",
        min_value=0,
        initial=TOLERANCE,
        help_text="How far a score may be off and agree",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    seed = forms.IntegerField(
        label="Seed", min_value=0, max_value=LARGEST_SEED, required=False, help_text="Empty: chosen by chance"
    )

    def __init__(self, *args: Any, deployments: QuerySet[Deployment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deployment"].queryset = deployments  # type: ignore[attr-defined]
