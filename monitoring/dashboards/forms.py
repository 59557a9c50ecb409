"""The filters of the product page and of the cases, as the address carries them."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.dateparse import parse_date, parse_datetime

DAY = {"type": "date"}
MOMENT = {"type": "datetime-local"}


class MomentInput(forms.DateTimeInput):
    """Shows a day alone as its last minute, since the browser takes nothing shorter."""

    def format_value(self, value: Any) -> str | None:
        text = str(value or "")
        return f"{text}T23:59" if len(text) == len("2026-03-01") else super().format_value(value)


class MomentField(forms.Field):
    """A moment in UTC; a day alone means its end."""

    widget = MomentInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            day = parse_date(text)
            found = datetime.combine(day, time.max) if day else parse_datetime(text)
        except ValueError as error:
            raise forms.ValidationError("This is not a moment such as 2026-03-01T12:00.") from error
        if found is None:
            raise forms.ValidationError("This is not a moment such as 2026-03-01T12:00.")
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def choices(values: Iterable[tuple[str, str]], *, empty: str) -> list[tuple[str, str]]:
    return [("", empty), *values]


class ProductForm(forms.Form):
    """What a product's figures are narrowed to. Every field may be left out."""

    finding = forms.ChoiceField(required=False)
    site = forms.ChoiceField(required=False)
    version = forms.ChoiceField(required=False)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    until = forms.DateField(required=False, label="Before", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    by = forms.ChoiceField(required=False, label="Also by")
    truth_rule = forms.ChoiceField(required=False, label="Truth rule")
    as_of = MomentField(required=False, label="As known on (UTC)")
    basis = forms.ChoiceField(
        required=False,
        label="Known means",
        choices=[("received", "received here"), ("known", "known at the site")],
    )
    read = forms.ChoiceField(
        required=False, label="Read", choices=[("", "sums of months"), ("rows", "every row (exact)")]
    )

    def __init__(
        self,
        data: Any,
        *,
        findings: Iterable[tuple[str, str]],
        sites: Iterable[tuple[str, str]],
        dimensions: Iterable[tuple[str, str]],
        rules: Iterable[tuple[str, str]],
        versions: Iterable[tuple[str, str]],
    ) -> None:
        super().__init__(data)
        self.fields["finding"].choices = list(findings)  # type: ignore[attr-defined]
        self.fields["site"].choices = choices(sites, empty="all")  # type: ignore[attr-defined]
        self.fields["by"].choices = choices(dimensions, empty="–")  # type: ignore[attr-defined]
        self.fields["version"].choices = choices(versions, empty="all together")  # type: ignore[attr-defined]
        self.fields["truth_rule"].choices = list(rules)  # type: ignore[attr-defined]
