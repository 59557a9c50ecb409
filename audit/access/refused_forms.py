"""The filters of the page of refused attempts, as they stand in its address."""

from typing import Any

from django import forms

from audit.access.refused_queries import KINDS


class RefusedFilters(forms.Form):
    log = forms.ChoiceField(required=False, label="Log")
    reason = forms.ChoiceField(required=False, label="Why", choices=[("", "any"), *KINDS.items()])
    who = forms.CharField(required=False, max_length=200, label="Who")
    route = forms.CharField(required=False, max_length=100, label="Address by name")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, organisations: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["log"].choices = [("", "any"), *((each, each) for each in organisations)]  # type: ignore[attr-defined]

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that were understood and are not empty."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and "\0" not in str(value)}
