"""What a person enters to repair a row, or to discard it."""

import json

from django import forms

from inference.connectors.actions import DISCARD_REASONS
from inference.connectors.kinds import KINDS
from inference.connectors.ndjson import MalformedJSONError, parse
from inference.intake.models import SetAside

ANY = [("", "any")]


class ReplayForm(forms.Form):
    row = forms.CharField(
        label="The row as JSON", widget=forms.Textarea(attrs={"rows": 24, "class": "mono", "spellcheck": "false"})
    )

    def clean_row(self) -> str:
        text = str(self.cleaned_data["row"])
        try:
            parse(text.encode("utf-8", "surrogatepass"))
        except MalformedJSONError as error:
            raise forms.ValidationError(f"It is not JSON: {error}.") from error
        return text


class DiscardForm(forms.Form):
    reason = forms.ChoiceField(choices=DISCARD_REASONS)


class FilterForm(forms.Form):
    """Filters of the list, from the address. What is not understood filters nothing."""

    state = forms.ChoiceField(required=False, choices=[*SetAside.State.choices, ("all", "all")])
    outcome = forms.ChoiceField(required=False, choices=ANY + SetAside.Outcome.choices)
    kind = forms.ChoiceField(required=False, choices=ANY + [(kind.name, kind.name) for kind in KINDS.values()])
    site = forms.CharField(required=False)
    deployment = forms.CharField(required=False)

    def chosen(self) -> dict[str, str]:
        """Return the look-ups that were chosen; only rows that wait unless another state is asked for."""
        self.is_valid()
        chosen = {name: str(value) for name, value in self.cleaned_data.items() if value}
        state = chosen.pop("state", SetAside.State.WAITING.value)
        return chosen | ({} if state == "all" else {"state": state})


def pretty(text: str) -> str:
    """Return JSON with one field a line, and anything else as it is."""
    try:
        return json.dumps(parse(text.encode("utf-8", "surrogatepass")), indent=2, ensure_ascii=False)
    except MalformedJSONError:
        return text
