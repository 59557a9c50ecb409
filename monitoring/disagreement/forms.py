"""The question in the address of the disagreement page."""

from django import forms

from monitoring.disagreement.queries import Question


class QuestionForm(forms.Form):
    product = forms.CharField(required=False, max_length=64)
    site = forms.CharField(required=False, max_length=64)
    finding = forms.CharField(required=False, max_length=64)
    first = forms.DateField(required=False)
    last = forms.DateField(required=False)

    def question(self) -> Question:
        """Return what was asked; a value that cannot be understood narrows nothing."""
        self.is_valid()
        return Question(**{name: value for name, value in self.cleaned_data.items() if value})
