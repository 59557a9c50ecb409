"""Comments as they are read back from the logs: who said what on which thing, and which still wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.access.decisions import NotVisibleError, Visitor, scope_for
from audit.access.models import User
from audit.log.models import Act, Entry
from inference.registry.models import Deployment
from inference.registry.visibility import visible_deployments
from monitoring.portal.actions import AMENDED, ANSWERED, COMMENT_KINDS, About
from monitoring.portal.queries import own_organisation
from monitoring.signals.queries import visible_signals

ANSWER = "answer_comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """One thing said in a thread, once, however many logs hold it."""

    kind: str
    uid: str
    text: str
    by: str
    home: str
    at: datetime
    amends: str
    entry: Entry

    @property
    def is_answer(self) -> bool:
        return self.kind == ANSWERED

    @property
    def is_amendment(self) -> bool:
        return self.kind == AMENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A comment with what followed. `logs` hold it; those in `waiting` have not answered its last word."""

    uid: str
    about: About
    home: str
    sayings: tuple[Saying, ...]
    logs: tuple[str, ...]
    waiting: tuple[str, ...]


def threads_of(acts: Iterable[Act]) -> list[Thread]:
    """Return the threads that these acts make up, the newest first."""
    grouped: dict[str, list[Act]] = {}
    for act in acts:
        grouped.setdefault(act.subject, []).append(act)
    found = [thread_of(each) for each in grouped.values() if "about" in each[0].details]
    return sorted(found, key=lambda each: each.sayings[0].at, reverse=True)


def thread_of(acts: Sequence[Act]) -> Thread:
    first = acts[0].details
    sayings: dict[str, Saying] = {}
    for act in acts:
        sayings.setdefault(act.details["saying"], saying_of(act))
    providers = sorted({act.organisation for act in acts} - {first["from"]})
    last = {act.organisation: act.entry.kind for act in acts}
    return Thread(
        uid=acts[0].subject.removeprefix("comment/"),
        about=About(kind=first["about"], product=first["product"], item=first["item"], words=first["on"]),
        home=first["from"],
        sayings=tuple(sayings.values()),
        logs=tuple(providers),
        waiting=tuple(each for each in providers if last[each] != ANSWERED),
    )


def saying_of(act: Act) -> Saying:
    said = act.details
    return Saying(
        kind=act.entry.kind,
        uid=said["saying"],
        text=said["text"],
        by=said["by"],
        home=said["from"],
        at=act.entry.at,
        amends=said.get("amends", ""),
        entry=act.entry,
    )


def acts_in(organisations: Iterable[str]) -> Any:
    """Return the sayings in these logs, in the order they were made; found by the index of entries."""
    scopes = [f"organisation/{each}" for each in organisations]
    found = Act.objects.filter(entry__scope__in=scopes, entry__kind__in=COMMENT_KINDS)
    return found.select_related("entry").defer("entry__body").order_by("id")


def own_threads(user: User, *, organisations: Iterable[str], products: Iterable[str]) -> list[Thread]:
    """Return the comments of the user's own organisation (of theirs alone without one) on these products."""
    home, within = own_organisation(user), set(products)
    found = threads_of(acts_in({*organisations, home} - {""}))
    return [each for each in found if each.home == (home or user.actor) and each.about.product in within]


def answerable_threads(user: Visitor, *, now: datetime) -> list[Thread]:
    """Return the comments on what a quality officer answers for."""
    scope = scope_for(user, ANSWER)
    mine = visible_deployments(user, ANSWER, now=now).values_list("site__organisation_id", "product_id")
    reached = {(organisation, product) for organisation, product in mine.order_by()} if scope else set()
    found = threads_of(acts_in({organisation for organisation, _ in reached}))
    near = [each for each in found if any((log, each.about.product) in reached for log in each.logs)]
    signals = {each.about.item for each in near if each.about.kind == "signal"}
    seen = (
        set(visible_signals(user, now=now).filter(uid__in=signals).values_list("uid", flat=True)) if signals else set()
    )
    return [each for each in near if each.about.kind != "signal" or each.about.item in seen]


def logs_to_answer(user: Visitor, thread: Thread, *, now: datetime) -> list[str]:
    """Return the logs among a thread's for whose organisation the user may answer."""
    mine = visible_deployments(user, ANSWER, now=now).filter(product=thread.about.product)
    reached = set(mine.order_by().values_list("site__organisation_id", flat=True))
    return [log for log in thread.logs if log in reached]


def waiting_for(user: Visitor, *, now: datetime) -> int:
    """Return how many comments wait for an answer of this quality officer's organisation."""
    mine = set(visible_deployments(user, ANSWER, now=now).order_by().values_list("site__organisation_id", flat=True))
    return sum(bool(mine & set(each.waiting)) for each in answerable_threads(user, now=now))


def thread_for(threads: Iterable[Thread], uid: str) -> Thread:
    found = next((each for each in threads if each.uid == uid), None)
    if found is None:
        raise NotVisibleError
    return found


def providers_of(deployments: Iterable[Deployment]) -> list[str]:
    return sorted({each.site.organisation_id for each in deployments})
