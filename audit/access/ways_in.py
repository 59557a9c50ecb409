"""Holds what opens a log-in to the log: a key, a link or a token that somebody put in past it is named."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.utils.crypto import salted_hmac

from audit.access.actions import holder_of
from audit.access.models import Identity, Token
from audit.factors.actions import material_digest
from audit.factors.models import Factor
from audit.log.actions import OPERATOR
from audit.log.findings import Problem
from audit.log.holding import acts_of, differing, hold
from audit.log.models import Act

LINKED, UNLINKED = "single_sign_on_linked", "single_sign_on_unlinked"

Said = dict[str, Any]


def details_of(identity: Identity) -> Said:
    """Return what the log says of a link: its number, and a keyed hash of who it is at the provider."""
    who = f"{identity.issuer} {identity.subject}"
    digest = salted_hmac("radvigil identities", who, algorithm="sha256").hexdigest()
    return {"identity": identity.pk, "issuer": identity.issuer, "sha256": digest}


def check_factors(using: str) -> Iterator[Problem]:
    """Yield the second factors that no act added, that are not the ones that were added, or that were removed."""
    added = {act.details.get("factor"): act for act in acts_of("factor_added", using=using)}
    gone = {act.details.get("factor") for act in acts_of("factor_removed", using=using)}
    gone |= {each for act in acts_of("factors_reset", using=using) for each in act.details.get("factors", ())}
    rows = Factor.objects.using(using).in_force().select_related("user").order_by("pk")
    yield from compared(rows, added=added, gone=gone, noun="second factor", said=of_factor)


def of_factor(row: Factor) -> Said:
    return {"user": f"user/{row.user}", "sha256": material_digest(row), "factor_kind": row.kind}


def check_identities(using: str) -> Iterator[Problem]:
    added = {act.details.get("identity"): act for act in acts_of(LINKED, using=using)}
    gone = {act.details.get("identity") for act in acts_of(UNLINKED, using=using)}
    rows = Identity.objects.using(using).select_related("user").order_by("pk")
    yield from compared(rows, added=added, gone=gone, noun="link to single sign-on", said=of_identity)


def of_identity(row: Identity) -> Said:
    return {"user": f"user/{row.user}"} | details_of(row)


def check_tokens(using: str) -> Iterator[Problem]:
    """Yield the tokens whose secret no act made, or that have another holder or purpose than they were made with."""
    made = {act.details.get("token"): act for act in acts_of("token_created", using=using)}
    revoked = {act.details.get("token") for act in acts_of("token_revoked", using=using)}
    rows = Token.objects.using(using).filter(revoked_at=None).select_related("user").order_by("pk")
    yield from compared(rows, added=made, gone=revoked, noun="token", said=of_token, key=lambda row: row.hint)


def of_token(row: Token) -> Said:
    return {"user": holder_of(row), "sha256": row.digest, "scope": row.scope}


def compared(
    rows: Iterable[Any],
    *,
    added: dict[Any, Act],
    gone: set[Any],
    noun: str,
    said: Callable[[Any], Said],
    key: Callable[[Any], Any] = lambda row: row.pk,
) -> Iterator[Problem]:
    for row in rows:
        act, says = added.get(key(row)), said(row)
        if act is None:
            sentence = f"A {noun} of {says['user']} has no act: it was put in past the log."
            yield Problem(organisation=OPERATOR, sentence=sentence)
        elif wrong := differing(says, {"user": act.subject, **act.details}):
            yield problem(f"A {noun} of {act.subject} is not the one that was added: {wrong}", act)
        elif key(row) in gone:
            yield problem(f"A {noun} of {act.subject} is in force, but was removed", act)


def problem(sentence: str, act: Act) -> Problem:
    return Problem(organisation=act.organisation, sentence=f"{sentence}.", position=act.entry.position)


def register() -> None:
    hold("second factors", check_factors)
    hold("links to single sign-on", check_identities)
    hold("tokens", check_tokens)
