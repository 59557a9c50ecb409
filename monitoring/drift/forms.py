"""Which deployment, finding and window the drift page and its report are about."""

from datetime import date
from typing import Any

from django import forms


class WindowForm(forms.Form):
    """The window of a report; an empty end is today, an empty start 30 days before it."""

    deployment = forms.CharField(required=False, max_length=64)
    finding = forms.CharField(required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.DateField(required=False)
        self.fields["to"] = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("from"), cleaned.get("to")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            raise forms.ValidationError("The window ends before it begins.")
        return cleaned
