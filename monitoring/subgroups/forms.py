"""What a product's subgroups are narrowed to and cut by. Every field may be left out."""

from collections.abc import Iterable
from typing import Any

from django import forms

DAY = {"type": "date"}


class SubgroupForm(forms.Form):
    finding = forms.ChoiceField(required=False)
    metric = forms.ChoiceField(required=False)
    version = forms.ChoiceField(required=False)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    until = forms.DateField(required=False, label="Before", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    by = forms.ChoiceField(required=False, label="Groups by")
    second = forms.ChoiceField(required=False, label="And by")

    def __init__(
        self,
        data: Any,
        *,
        findings: Iterable[tuple[str, str]],
        metrics: Iterable[tuple[str, str]],
        versions: Iterable[tuple[str, str]],
        dimensions: Iterable[tuple[str, str]],
    ) -> None:
        super().__init__(data)
        named = list(dimensions)
        self.fields["finding"].choices = list(findings)  # type: ignore[attr-defined]
        self.fields["metric"].choices = list(metrics)  # type: ignore[attr-defined]
        self.fields["version"].choices = [("", "all together"), *versions]  # type: ignore[attr-defined]
        self.fields["by"].choices = named  # type: ignore[attr-defined]
        self.fields["second"].choices = [("", "–"), *named]  # type: ignore[attr-defined]
