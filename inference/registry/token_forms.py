"""What an administrator chooses for a bearer token: whose it is, how long it lives, how long the old one stays."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms

from audit.access.models import User
from inference.registry.account_forms import keys

OVERLAPS = [("0", "at once"), ("1", "after a day"), ("7", "after 7 days"), ("30", "after 30 days")]


class TokenForm(forms.Form):
    """One holder: a deployment, a site or a user; and the last day of the token, or none."""

    deployment = forms.ChoiceField(required=False, help_text="Sends inferences and events of this deployment.")
    site = forms.ChoiceField(required=False, help_text="Sends everything of this site.")
    user = forms.ChoiceField(required=False, help_text="Reads what this person may read.")
    scope = forms.ChoiceField(
        label="A user's token",
        required=False,
        choices=[("", "reads what its user may read"), ("provision", "makes and closes log-ins (SCIM)")],
    )
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="In UTC. Without one it lives until it is revoked.",
    )

    def __init__(self, *args: Any, deployments: Any, sites: Any, users: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        none = [("", "–")]
        self.fields["deployment"].choices = none + keys(deployments)  # type: ignore[attr-defined]
        self.fields["site"].choices = none + keys(sites)  # type: ignore[attr-defined]
        people = [(user.username, f"{user.username} · {user.printed_name}") for user in users if user.is_active]
        self.fields["user"].choices = none + people  # type: ignore[attr-defined]

    def clean_expires_on(self) -> date | None:
        chosen: date | None = self.cleaned_data["expires_on"]
        if chosen and chosen < self.today:
            raise forms.ValidationError("This day is over.")
        return chosen

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and sum(bool(cleaned.get(name)) for name in ("deployment", "site", "user")) != 1:
            raise forms.ValidationError("Choose exactly one: a deployment, a site or a user.")
        if cleaned.get("scope") and not cleaned.get("user"):
            raise forms.ValidationError("A device's token sends facts and nothing else; leave that choice as it was.")
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the holder, and the moment after the last day."""
        named = {name: value for name in ("deployment", "site", "user") if (value := self.cleaned_data[name])}
        if "user" in named:
            named["user"] = User.objects.get(username=named["user"])
        last = self.cleaned_data["expires_on"]
        named["scope"] = self.cleaned_data["scope"]
        return named | {"expires_at": datetime.combine(last + timedelta(days=1), time(), UTC) if last else None}


class RotationForm(forms.Form):
    """When the old secret stops."""

    overlap_days = forms.ChoiceField(label="The old one stops", choices=OVERLAPS, initial="7")

    def overlap(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["overlap_days"]))
