"""Checks what a resolver asks for."""

from django import forms

SHORTEST_REASON = 10


class StudyForm(forms.Form):
    study = forms.UUIDField(label="Study", help_text="The study's id, as its case page shows it")


class OpenForm(forms.Form):
    identifier = forms.ChoiceField(label="Identifier to open", error_messages={"invalid_choice": "Choose one of them."})
    reason = forms.CharField(
        label="Why it is needed",
        min_length=SHORTEST_REASON,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stands in the audit log beside your name. Name no patient here.",
    )

    def __init__(self, *args: object, choices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.identifier_choices = choices
        self.fields["identifier"].choices = choices  # type: ignore[attr-defined]
