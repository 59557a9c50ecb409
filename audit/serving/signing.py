"""The page on which a record is read in full and signed, and the list of its signatures."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audit.access.decisions import member_required, user_of
from audit.access.models import User
from audit.errors import SigningRefusedError
from audit.signatures.actions import Components, Intent, sign
from audit.signatures.content import KINDS, Signable
from audit.signatures.queries import next_part, signatures_of

HAS_SIGNED = "has_signed"  # in the session: the name was given once, from now on the password is enough


class SignForm(forms.Form):
    shown_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    meaning = forms.ChoiceField(label="I sign as")
    username = forms.CharField(
        max_length=150, label="Your log-in name", widget=forms.TextInput({"autocomplete": "off"})
    )
    password = forms.CharField(
        max_length=256,
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, record: Signable, known: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["meaning"].choices = [(each, each.capitalize()) for each in record.meanings]  # type: ignore[attr-defined]
        self.known = known
        if known:
            del self.fields["username"]

    @property
    def components(self) -> Components:
        return Components(
            username=self.cleaned_data.get("username", self.known), password=self.cleaned_data["password"]
        )


@member_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_page(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    user = user_of(request)
    record = KINDS[kind](user, key)
    known = user.username if request.session.get(HAS_SIGNED) else ""
    form = SignForm(request.POST or None, record=record, known=known, initial={"shown_sha256": record.digest})
    if request.method == "POST" and form.is_valid() and give(request, form=form, record=record, user=user):
        messages.success(request, f"You have signed: {record.title}.")
        return redirect(record.href or request.path)
    return render(
        request, "audit/signatures/sign.html", page_of(record, form=form, user=user), status=422 if form.errors else 200
    )


def give(request: HttpRequest, *, form: SignForm, record: Signable, user: User) -> bool:
    """Sign, or put the refusal on the form."""
    intent = Intent(
        shown_sha256=form.cleaned_data["shown_sha256"], meaning=form.cleaned_data["meaning"], part=next_part(record)
    )
    try:
        sign(
            record,
            intent=intent,
            signer=user,
            given=form.components,
            now=timezone.now(),
            zone=timezone.get_current_timezone_name(),
        )
    except SigningRefusedError as error:
        form.add_error(None, str(error))
        return False
    request.session[HAS_SIGNED] = True
    return True


def page_of(record: Signable, *, form: SignForm, user: User) -> dict[str, Any]:
    signed = list(signatures_of(record.subject))
    return {
        "record": record,
        "rows": list(flat(record.content)),
        "form": form,
        "part": next_part(record),
        "may_sign": bool(record.meanings) and (not record.in_order or bool(next_part(record))),
        "signatures": [(each, each.content_sha256 == record.digest) for each in signed],
        "printed_name": user.printed_name,
        "breadcrumbs": [("Overview", "/"), (record.title, record.href), ("Sign", "")],
    }


def flat(content: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every value of a record with the way to it, so that nothing is signed unseen."""
    for name, value in content.items():
        label = f"{path} › {name}" if path else name.replace("_", " ").capitalize()
        if isinstance(value, Mapping):
            yield from flat(value, label)
        elif isinstance(value, list | tuple):
            yield from flat({str(number): each for number, each in enumerate(value, start=1)}, label)
        else:
            yield label, "—" if value in (None, "") else str(value)
