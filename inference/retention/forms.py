"""Checks what a resolver asks for: an erasure, or a hold."""

from django import forms

from inference.retention.models import Erasure

SHORTEST_REASON = 10
HELP = "Stands in the audit log beside your name. Name no patient here."


class OfStudyForm(forms.Form):
    study = forms.UUIDField(label="A study of the patient", help_text="The study's id, as its case page shows it")


class ErasureForm(OfStudyForm):
    prefix = "erasure"

    basis = forms.ChoiceField(label="Basis", choices=Erasure.Basis.choices)
    reason = forms.CharField(label="Why", min_length=SHORTEST_REASON, max_length=300, help_text=HELP)


class HoldForm(OfStudyForm):
    prefix = "hold"

    reason = forms.CharField(label="Why it must be kept", min_length=SHORTEST_REASON, max_length=300, help_text=HELP)
