"""What an administrator types to make users and grants. Choices are what is within their reach."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from audit.access.actions import GrantValues
from audit.access.decisions import Scope
from audit.access.models import EXPIRING_ROLES, Level, Role
from audit.errors import AccessError
from inference.registry.accounts import check_binding
from inference.registry.models import Organisation, Product, Site

ANY = [("", "all")]
LONGEST = timedelta(days=731)


def keys(rows: Any) -> list[tuple[str, str]]:
    return [(row.pk, f"{row.pk} · {row}" if str(row) != row.pk else row.pk) for row in rows]


class LastDayField(forms.DateField):
    """A day typed, the moment after it returned: in the future, and no further than two years away."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}), **kwargs)

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is None:
            return None
        ends = datetime.combine(day + timedelta(days=1), time(), tzinfo=timezone.get_current_timezone())
        if not timezone.now() < ends <= timezone.now() + LONGEST:
            raise forms.ValidationError("Name a day from today on, at most two years ahead.")
        return ends


class UntilForm(forms.Form):
    """The last day of a role that is extended."""

    until = LastDayField(label="Last day")


class GrantForm(forms.Form):
    """One role and what it is bound to; never further than the administrator's own reach."""

    role = forms.ChoiceField(choices=[(key, label[0].upper() + label[1:]) for key, label in Role.choices])
    organisation = forms.ChoiceField(required=False)
    site = forms.ChoiceField(required=False)
    product = forms.ChoiceField(required=False)
    level = forms.ChoiceField(label="Sees", choices=Level.choices, initial=Level.IMAGES)
    expires_at = LastDayField(
        label="Last day", required=False, help_text="A regulator's role always has one; others may stay without."
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        organisations = Organisation.objects.order_by("key")
        if not scope.is_everything:
            organisations = organisations.filter(pk__in=[bound.organisation for bound in scope.bounds])
        sites = Site.objects.filter(organisation__in=organisations).order_by("key")
        self.fields["organisation"].choices = (ANY if scope.is_everything else []) + keys(organisations)  # type: ignore[attr-defined]
        self.fields["site"].choices = ANY + keys(sites)  # type: ignore[attr-defined]
        self.fields["product"].choices = ANY + keys(Product.objects.order_by("key"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        values = self.values()
        if values.role in EXPIRING_ROLES and values.expires_at is None:
            self.add_error("expires_at", "A regulator's role names its last day.")
        if not self.scope.covers(organisation=values.organisation, site=values.site, product=values.product):
            raise forms.ValidationError("This would reach further than your own rights.")
        try:
            check_binding(values)
        except AccessError as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned

    def values(self) -> GrantValues:
        given = {name: self.cleaned_data.get(name, "") for name in ("role", "organisation", "site", "product", "level")}
        return GrantValues(**given, expires_at=self.cleaned_data.get("expires_at"))


class UserForm(GrantForm):
    username = forms.SlugField(label="User name", max_length=150, help_text="Letters, digits, - and _.")
    printed_name = forms.CharField(max_length=200, help_text="As it stands on documents.")
    field_order = ("username", "printed_name", "role", "organisation", "site", "product", "level", "expires_at")
