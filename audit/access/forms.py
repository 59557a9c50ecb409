"""What people type to log in, to change their password and to name their second factors."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from audit.access.models import User
from audit.access.secrets import DEMO_PASSWORD

LONGEST_PASSWORD = 128


class LogInForm(forms.Form):
    username = forms.CharField(
        max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class CodeForm(forms.Form):
    """A code of an app or a recovery code; or what a security key said, which a script puts in."""

    code = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}),
    )
    credential = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)


class AgainForm(CodeForm):
    password = forms.CharField(
        required=False,
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class AppForm(forms.Form):
    name = forms.CharField(
        label="Name", required=False, max_length=80, help_text="So that you know it again, such as “phone”."
    )
    code = forms.CharField(
        label="Code that the app shows",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class KeyForm(forms.Form):
    name = forms.CharField(
        label="Name", required=False, max_length=80, help_text="So that you know it again, such as “blue key”."
    )
    credential = forms.CharField(max_length=50_000, widget=forms.HiddenInput)


class NameForm(forms.Form):
    name = forms.CharField(max_length=80)


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="E-mail for notices", required=False, help_text="Changes to your log-in are told there. May be empty."
    )


class NewPasswordForm(forms.Form):
    """A new password, twice: length counts, not which characters (NIST SP 800-63B, 5.1.1.2)."""

    new = forms.CharField(
        label="New password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text="12 to 128 characters, any; several words are good. Not a common one, and not your name.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="New password again",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_new(self) -> str:
        new = self.cleaned_data["new"]
        if new == DEMO_PASSWORD:
            raise forms.ValidationError("Everybody knows this one; choose another.")
        if self.user.has_usable_password() and self.user.check_password(new):
            raise forms.ValidationError("This is the password you have; choose another.")
        validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", "The two are not the same.")
        return cleaned


class PasswordForm(NewPasswordForm):
    """The same by somebody logged in, who gives the current one."""

    current = forms.CharField(
        label="Current password",
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current", "new", "again")

    def clean_current(self) -> str:
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError("This is not your current password.")
        return self.cleaned_data["current"]
