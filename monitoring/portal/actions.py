"""What a regulator does in the portal: opening it, and comments. Each is an entry; nothing is ever edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from audit.access.actions import home_of
from audit.access.models import User
from audit.log.actions import record_act
from monitoring.portal.queries import own_organisation

OPENED = "portal.opened"
MADE, AMENDED, ANSWERED = "comment.made", "comment.amended", "comment.answered"
COMMENT_KINDS = (MADE, AMENDED, ANSWERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a comment is on: product, signal, figure or package; `item` which of them; `words` as it was shown."""

    kind: str
    product: str
    item: str = ""
    words: str = ""


def note_opened(*, by: User, organisations: Iterable[str], subject: str, now: datetime) -> None:
    """Log that somebody opened something, in the log of each provider concerned and of their own organisation."""
    for organisation in logs_of(by, organisations):
        record_act(OPENED, organisation=organisation, subject=subject, actor=by.actor, at=now)


def logs_of(by: User, organisations: Iterable[str]) -> list[str]:
    return [each for each in dict.fromkeys([*organisations, own_organisation(by)]) if each]


@transaction.atomic
def make_comment(*, about: About, text: str, by: User, organisations: Iterable[str], now: datetime) -> str:
    """Put a comment into the log of each provider concerned and of the commenter's organisation; return its uid."""
    uid = uuid4().hex
    details = {"about": about.kind, "product": about.product, "item": about.item, "on": about.words}
    say(MADE, uid=uid, text=text, by=by, organisations=organisations, now=now, details=details)
    return uid


@transaction.atomic
def amend_comment(*, uid: str, amends: str, text: str, by: User, organisations: Iterable[str], now: datetime) -> None:
    """Put a later word beside an earlier one, which stays as it is."""
    say(AMENDED, uid=uid, text=text, by=by, organisations=organisations, now=now, details={"amends": amends})


@transaction.atomic
def answer_comment(*, uid: str, text: str, by: User, organisations: Iterable[str], now: datetime) -> None:
    say(ANSWERED, uid=uid, text=text, by=by, organisations=organisations, now=now, details={})


def say(
    kind: str,
    *,
    uid: str,
    text: str,
    by: User,
    organisations: Iterable[str],
    now: datetime,
    details: dict[str, str],
) -> None:
    """One saying, the same in every log that it concerns."""
    home = own_organisation(by) or (home_of(by) if kind == ANSWERED else "") or by.actor
    said = {"saying": uuid4().hex, "text": text, "by": by.printed_name, "from": home, **details}
    for organisation in logs_of(by, organisations):
        record_act(kind, organisation=organisation, subject=f"comment/{uid}", actor=by.actor, at=now, details=said)
