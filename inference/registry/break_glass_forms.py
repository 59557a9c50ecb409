"""What is typed to take access in an emergency, and to review it."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from audit.access.models import Emergency
from inference.registry.models import Site

SHORTEST_REASON = 10
VERDICTS = [(key, label.lower().capitalize()) for key, label in Emergency.Verdict.choices]


class BreakGlassForm(forms.Form):
    site = forms.ModelChoiceField(queryset=Site.objects.none(), empty_label=None)
    reason = forms.CharField(
        min_length=SHORTEST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why it cannot wait. No patient's name: it stands in the log for good.",
    )

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(choices=VERDICTS, widget=forms.RadioSelect)
    findings = forms.CharField(
        min_length=SHORTEST_REASON,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you checked and what follows.",
    )
