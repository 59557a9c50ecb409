"""What a regulator may type: a period to look at, and words. On what they comment, a page has signed for them."""

import re
from typing import Any

from django import forms
from django.core import signing

from audit.access.decisions import NotVisibleError
from monitoring.portal.actions import About

SALT = "portal comment"
LONGEST = 4_000
# Control characters but tabs and ends of lines; and those that turn the order of letters round, so that words lie.
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
DAY = {"type": "date"}


class PeriodForm(forms.Form):
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    until = forms.DateField(required=False, label="Before", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))

    @property
    def period(self) -> dict[str, Any]:
        """The days that were understood and are not empty."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Your words",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="They become an entry of the log and can never be removed: name no patient.",
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if HIDDEN.search(text):
            raise forms.ValidationError("The text holds a character that no text has.")
        return text.strip()


def sealed(about: About) -> str:
    """Return what a page sends along with a comment, so that nobody comments on what they were not shown."""
    return signing.dumps([about.kind, about.product, about.item, about.words], salt=SALT)


def unsealed(token: str) -> About:
    """Return what a comment is on.

    Raises:
        NotVisibleError: no page of ours has shown it.
    """
    try:
        kind, product, item, words = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise NotVisibleError from error
    return About(kind=kind, product=product, item=item, words=words)
