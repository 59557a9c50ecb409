"""The filters of a log's page, as they stand in its address."""

from typing import Any

from django import forms


class EntryFilters(forms.Form):
    kind = forms.CharField(required=False, max_length=48, label="Kind begins with")
    actor = forms.CharField(required=False, max_length=200, label="Actor")
    uid = forms.CharField(required=False, max_length=64, label="Uid")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that were understood and are not empty."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
