"""Sharing agreements as their parties see them: what is in force, what comes, what was, and who signed it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from audit.access.decisions import NotVisibleError, Visitor, scope_for
from audit.signatures.content import Signable, signable
from audit.signatures.models import Signature
from inference.registry.browsing import Reach, reach_of
from inference.registry.deploying import moment
from inference.registry.models import Registration, Sharing

SIGN = "sign_sharing"
IN_FORCE, TO_COME, REPLACED, ENDED = "in force", "to come", "replaced", "ended"
COLUMNS = (
    "site", "product", "provider", "to", "level", "minimum_count", "from", "until", "state", "legal_basis",
    "signed_for_provider", "signed_for_recipient",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Agreement:
    """One dated line with what became of it. `until` is when the next line took its place."""

    line: Sharing
    state: str
    until: datetime | None
    signatures: list[Signature] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)

    @property
    def provider(self) -> str:
        return self.line.site.organisation_id

    def signed_for(self, organisation: str) -> list[Signature]:
        return [each for each in self.signatures if each.organisation == organisation]

    @property
    def for_provider(self) -> list[Signature]:
        return self.signed_for(self.provider)

    @property
    def for_recipient(self) -> list[Signature]:
        return self.signed_for(self.line.to_id)

    def row(self) -> list[Any]:
        line = self.line
        signed = ["; ".join(each.printed_name for each in side) for side in (self.for_provider, self.for_recipient)]
        dates = [line.starts_at.isoformat(), self.until.isoformat() if self.until else ""]
        return [
            line.site_id, line.product_id, self.provider, line.to_id, line.level, line.minimum_count, *dates,
            self.state, line.legal_basis, *signed,
        ]  # fmt: skip


def agreements_of(lines: Iterable[Sharing], *, now: datetime) -> list[Agreement]:
    """Return dated lines with their state and signatures, the latest of each agreement first; three queries."""
    ordered = sorted(lines, key=lambda each: (each.site_id, each.product_id, each.to_id, each.starts_at))
    found = [
        Agreement(line=line, **standing(line, following=following(line, ordered, number), now=now))
        for number, line in enumerate(ordered)
    ]
    subjects = {subject_of(each.line): each for each in found}
    for signature in Signature.objects.filter(subject__in=subjects).order_by("id"):
        if signature.content_sha256 == signable_of(subjects[signature.subject].line).digest:
            subjects[signature.subject].signatures.append(signature)
    for registration in Registration.objects.filter(subject__in=subjects).select_related("entry").order_by("id"):
        subjects[registration.subject].registrations.append(registration)
    return sorted(found, key=lambda each: (each.line.site_id, each.line.product_id, each.line.to_id, -since(each)))


def since(agreement: Agreement) -> float:
    return agreement.line.starts_at.timestamp()


def following(line: Sharing, ordered: list[Sharing], number: int) -> Sharing | None:
    after = ordered[number + 1] if number + 1 < len(ordered) else None
    return after if after is not None and parties(after) == parties(line) else None


def parties(line: Sharing) -> tuple[str, str, str]:
    return (line.site_id, line.product_id, line.to_id)


def standing(line: Sharing, *, following: Sharing | None, now: datetime) -> Mapping[str, Any]:
    until = following.starts_at if following else None
    if line.starts_at > now:
        return {"state": TO_COME, "until": until}
    if until is not None and until <= now:
        return {"state": REPLACED, "until": until}
    return {"state": ENDED if line.level == Sharing.Level.NONE else IN_FORCE, "until": until}


def subject_of(line: Sharing) -> str:
    return f"sharing/{line.site_id}/{line.product_id}/{line.to_id}/{moment(line.starts_at)}"


def lines_within(reach: Reach) -> list[Sharing]:
    return list(reach.sharing().select_related("site__organisation", "product", "to"))


def signable_of(line: Sharing, *, organisation: str = "", may_sign: bool = False) -> Signable:
    return Signable(
        subject=subject_of(line),
        title=f"Sharing of {line.product_id} at {line.site_id} with {line.to_id}",
        organisation=organisation or line.site.organisation_id,
        content=content_of(line),
        meanings=("approval",) if may_sign else (),
        href=reverse("sharing:agreement", args=[line.pk]),
    )


def content_of(line: Sharing) -> dict[str, Any]:
    return {
        "provider": line.site.organisation_id,
        "site": line.site_id,
        "product": line.product_id,
        "recipient": line.to_id,
        "level": line.level,
        "smallest_count_shown": line.minimum_count,
        "from": moment(line.starts_at),
        "legal_basis": line.legal_basis,
    }


def signable_sharing(user: Any, key: str) -> Signable:
    """Return an agreement as this person may sign it, for the party they act for; 404 for others'."""
    line = get_line_for(user, key, now=timezone.now())
    side = side_of(user, line)
    return signable_of(line, organisation=side, may_sign=bool(side))


def get_line_for(user: Visitor, key: str, *, now: datetime) -> Sharing:
    """Return a dated line that the user sees, or raise NotVisibleError."""
    reach = reach_of(user, now=now)
    found = reach.sharing().select_related("site__organisation", "product", "to").filter(pk=key).first()
    if found is None:
        raise NotVisibleError
    return found


def side_of(user: Visitor, line: Sharing) -> str:
    """Return the party that a user may sign for, the provider first; empty for neither."""
    scope = scope_for(user, SIGN)
    own = [bound.organisation for bound in scope.bounds if bound.organisation and not (bound.site or bound.product)]
    return next((each for each in (line.site.organisation_id, line.to_id) if each in own), "")


def register() -> None:
    signable("sharing", signable_sharing)
