"""Checks what a plan of labels is asked for, and why one is withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from monitoring.statistics.planning import QUESTIONS

LARGEST_BUDGET, LARGEST_SEED, MOST_DAYS = 5_000, 2**31 - 1, 731
WORDS = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "prevalence": "Prevalence",
    "auc": "AUC",
}
Choices = Sequence[tuple[str, str]]


class PlanForm(forms.Form):
    """An empty site means all sites of one organisation within reach."""

    finding = forms.ChoiceField(widget=forms.HiddenInput())
    question = forms.ChoiceField(
        label="To learn most about", choices=[(name, WORDS[name]) for name in QUESTIONS], initial="sensitivity"
    )
    site = forms.ChoiceField(label="Site", required=False)
    days = forms.IntegerField(label="Acquired in the last days", min_value=1, max_value=MOST_DAYS, initial=90)
    budget = forms.IntegerField(
        label="Cases to label", min_value=2, max_value=LARGEST_BUDGET, initial=100, help_text="What this week allows"
    )
    floor = forms.IntegerField(
        label="At least in each stratum",
        min_value=1,
        max_value=1_000,
        initial=5,
        help_text="So that nothing unexpected stays unseen",
    )
    seed = forms.IntegerField(
        label="Seed", min_value=0, max_value=LARGEST_SEED, required=False, help_text="Empty: chosen by chance"
    )

    def __init__(self, *args: Any, findings: Choices, sites: Choices, needs_site: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["finding"].choices = findings  # type: ignore[attr-defined]
        # A plan belongs to one organisation: whoever reaches several names the site.
        self.fields["site"].choices = list(sites) if needs_site else [("", "All sites"), *sites]  # type: ignore[attr-defined]
        self.fields["site"].required = needs_site


class WithdrawForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=300)
