"""What people say when they take or close a signal."""

from django import forms


class AcknowledgeForm(forms.Form):
    note = forms.CharField(label="Note", max_length=300, required=False)


class CloseForm(forms.Form):
    reason = forms.CharField(label="What was it, and what was done?", max_length=300, min_length=5)
