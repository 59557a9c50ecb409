"""What a person enters to repair a row, or to discard it."""

import json
import re
from typing import Any

from django import forms

from inference.connectors.changes import NOTHING, PATH, REMOVE, RENAME, SET, Change
from inference.connectors.discards import REASONS
from inference.connectors.kinds import KINDS, PLURALS
from inference.connectors.ndjson import MalformedJSONError, parse
from inference.connectors.set_aside_groups import GroupKey
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
    reason = forms.ChoiceField(label="Why they are discarded", choices=REASONS)


class GroupForm(forms.Form):
    """What names a group, from an address or the hidden fields of a form."""

    site = forms.CharField(max_length=64, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=[(name, name) for name in PLURALS], widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=SetAside.Outcome.choices, widget=forms.HiddenInput)
    field = forms.CharField(required=False, max_length=120, strip=False, widget=forms.HiddenInput)
    pattern = forms.CharField(required=False, max_length=300, strip=False, widget=forms.HiddenInput)

    def key(self) -> GroupKey | None:
        return GroupKey(**self.cleaned_data) if self.is_valid() else None


class ChangeForm(forms.Form):
    """One change to every row of a group."""

    what = forms.ChoiceField(
        label="What to change",
        choices=[
            (NOTHING, "nothing: send them again as they are"),
            (SET, "set a field to one value"),
            (RENAME, "rename a field"),
            (REMOVE, "take a field away"),
        ],
    )
    path = forms.CharField(
        required=False,
        max_length=120,
        label="Field",
        widget=forms.TextInput({"list": "paths", "autocomplete": "off", "spellcheck": "false"}),
        help_text="With dots, such as study.modality or predictions.finding.",
    )
    was = forms.CharField(required=False, max_length=300, label="Only where it says", help_text="Empty: in every row.")
    value = forms.CharField(required=False, max_length=2000, label="New value")
    as_json = forms.BooleanField(required=False, label="The value is JSON (a number, true, false, a list)")
    name = forms.CharField(required=False, max_length=60, label="New name")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        what = given.get("what")
        if what not in (None, NOTHING) and not PATH.fullmatch(given.get("path", "")):
            self.add_error("path", "Name a field, with dots between the levels.")
        if what == RENAME and not re.fullmatch(r"[A-Za-z0-9_]{1,60}", given.get("name", "")):
            self.add_error("name", "Say what it is to be called: letters, digits and underscores.")
        if what == SET and given.get("as_json"):
            try:
                given["value"] = parse(given.get("value", "").encode("utf-8", "surrogatepass"))
            except MalformedJSONError:
                self.add_error("value", "It is not JSON.")
        return given

    def change(self) -> Change:
        given = self.cleaned_data
        return Change(**{name: given[name] for name in ("what", "path", "name", "value", "was")})


class FilterForm(forms.Form):
    """Filters of the list, from the address. What is not understood filters nothing."""

    state = forms.ChoiceField(required=False, choices=[*SetAside.State.choices, ("all", "all")])
    outcome = forms.ChoiceField(required=False, choices=ANY + SetAside.Outcome.choices)
    kind = forms.ChoiceField(required=False, choices=ANY + [(kind.name, kind.name) for kind in KINDS.values()])
    site = forms.CharField(required=False)
    deployment = forms.CharField(required=False)
    q = forms.CharField(required=False, max_length=200, label="Search", widget=forms.SearchInput)
    show = forms.ChoiceField(required=False, choices=[("", "groups"), ("rows", "rows")], widget=forms.HiddenInput)

    @property
    def shows_rows(self) -> bool:
        """Return whether single rows are asked for; closed rows are always shown singly."""
        self.is_valid()
        is_closed = self.cleaned_data.get("state") not in ("", None, SetAside.State.WAITING.value)
        return self.cleaned_data.get("show") == "rows" or is_closed

    @property
    def words(self) -> list[str]:
        """Return the words searched for, in causes and origins alone."""
        self.is_valid()
        return str(self.cleaned_data.get("q", "")).split()[:8]

    def chosen(self) -> dict[str, str]:
        """Return the look-ups that were chosen; only rows that wait unless another state is asked for."""
        self.is_valid()
        chosen = {name: str(value) for name, value in self.cleaned_data.items() if value}
        for name in ("q", "show"):
            chosen.pop(name, None)
        state = chosen.pop("state", SetAside.State.WAITING.value)
        return chosen | ({} if state == "all" else {"state": state})


def pretty(text: str) -> str:
    """Return JSON with one field a line, and anything else as it is."""
    try:
        return json.dumps(parse(text.encode("utf-8", "surrogatepass")), indent=2, ensure_ascii=False)
    except MalformedJSONError:
        return text
