"""What people type to name an algorithm's deployment."""

import re
from typing import Any

from django import forms

from inference.registry.models import Deployment

LINE = re.compile(r"\s*([A-Za-z0-9]+:\S+)\s*=\s*(\S+)\s*")


class CodesField(forms.CharField):
    """Lines of `SCHEME:code = name` as a mapping."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: Any) -> dict[str, str]:
        found = {}
        for line in filter(str.strip, super().clean(value).splitlines()):
            match = LINE.fullmatch(line)
            if match is None:
                raise forms.ValidationError(f"{line.strip()[:60]!r} is not written as SCHEME:code = name.")
            found[match[1]] = match[2]
        return found


class SourceForm(forms.Form):
    deployment = forms.ModelChoiceField(Deployment.objects.none())
    manufacturer = forms.CharField(max_length=64, required=False, help_text="As its objects say; empty for any.")
    algorithm = forms.CharField(max_length=64, required=False, help_text="Algorithm or model name; empty for any.")
    calling_ae = forms.CharField(max_length=16, required=False, label="Sent by AE title", help_text="Empty for any.")
    findings = CodesField(
        required=False,
        help_text="Only where a concept's own code does not do: one SCT:39607008 = nodule a line.",
    )
    answers = CodesField(required=False, help_text="Codes of assessments: 99X:OK = agree.")

    def __init__(self, *args: Any, deployments: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["deployment"].queryset = deployments  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "deployment"}
