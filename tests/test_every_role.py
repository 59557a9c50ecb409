"""Every address of the resolver, asked by every role of the right and of other places, by every method.

What must be answered is asked of the table of decisions, by the action that guards the view: a stranger is sent to log
in, a person without the right gets 404, a wrong method 405, and nobody a fault of the server. The things asked for are
those of the north group; `test_every_cell` holds the table itself to one written by hand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.access.decisions import ACTIONS, may
from audit.access.models import Role, User
from audit.log.models import Act
from inference.registry.models import Site
from tests.factories import make_user
from tests.test_every_address import ADDRESSES, CLASS, MEMBER, METHODS, OBJECT, PEER, PUBLIC, TOKEN, things

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
__all__ = ["things"]

SHALLOW = "there, sums alone"
# Whose thing is asked for by one who has the role: only the first is right.
PLACES: dict[str, dict[str, str]] = {
    "there": {"organisation": "north-group"},
    SHALLOW: {"organisation": "north-group", "level": "aggregate"},
    "another organisation": {"organisation": "south-clinic"},
    "another site of the organisation": {"organisation": "north-group", "site": "harbour"},
    "another product": {"organisation": "north-group", "product": "other"},
}
RIGHT = ("there", SHALLOW)
# Views that ask inside: a record is signed by whoever its kind lets see it; the front door leads a resolver on.
ACTION_INSIDE = {"log:sign": "see_signals", "dashboards:overview": "see_overview"}
ALSO = {"log:sign": "see_rows"}
ASKS_ONE_BY_ONE = ("quality_officer", "administrator")
EXPORTS = (
    "figures_exported", "cases_exported", "flagged_exported", "completeness_exported", "package.downloaded",
    "refusals_exported", "sharing_exported",
)  # fmt: skip
LED_ON = {"dashboards:overview": "resolve_identity"}
# Things that only some may open whatever their role: the answer to the right person is another test's.
OF_A_PERSON = {"portal:entry", "portal:answer", "portal:amend"}
INLINE = re.compile(
    rb"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style|\sstyle=\"|\son[a-z]+=\"|javascript:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One address of the resolver: its name, where it is asked, and the action that guards its view."""

    name: str
    path: str
    action: str

    @property
    def methods(self) -> list[str]:
        return ADDRESSES[self.name].methods.split()

    @property
    def kind(self) -> str:
        return ADDRESSES[self.name].kind


def patterns(found: Any, *, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    for each in found:
        if isinstance(each, URLResolver):
            inner = (*spaces, each.namespace) if each.namespace else spaces
            yield from patterns(each.url_patterns, spaces=inner)
        else:
            yield ":".join((*spaces, each.name)), each


def every_address(things: dict[str, Any]) -> list[Served]:
    return [
        Served(
            name=name,
            path=reverse(name, args=[things[each] for each in ADDRESSES[name].arguments]) + ADDRESSES[name].query,
            action=getattr(pattern.callback, "action", ACTION_INSIDE.get(name, "")),
        )
        for name, pattern in patterns(get_resolver().url_patterns)
    ]


class Asker:
    """Somebody with a session; what they ask for leaves nothing behind."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.client = Client(raise_request_exception=False)
        if user:
            self.client.force_login(user, backend=BACKEND)
        self.cookies = self.client.cookies.output()
        self.session = {name: each.value for name, each in self.client.cookies.items()}

    def ask(self, method: str, path: str) -> Any:
        self.client.cookies.clear()
        for name, value in self.session.items():
            self.client.cookies[name] = value
        with transaction.atomic():
            answer = getattr(self.client, method)(path)
            if answer.streaming:
                answer.body = b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        return answer


@pytest.fixture
def north(things) -> dict[str, Any]:
    """The things of the north group, and a second site of it that has none of them."""
    Site.objects.create(key="harbour", organisation_id="north-group", name="Harbour", timezone="Europe/Berlin")
    return things


def test_every_view_is_guarded_by_an_action_of_the_table_or_needs_none(north):
    unguarded = {each.name for each in every_address(north) if not each.action}
    assert unguarded == {name for name, each in ADDRESSES.items() if each.kind in (PUBLIC, TOKEN, PEER, MEMBER)}
    assert {each.action for each in every_address(north)} - {""} <= set(ACTIONS)


def test_a_stranger_gets_nothing_by_any_method(north):
    asker, log_in, wrong = Asker(None), reverse("access:log_in"), []
    for each in every_address(north):
        for method in METHODS:
            answer = asker.ask(method, each.path)
            fits = is_right_for_a_stranger(each, method=method, answer=answer, log_in=log_in)
            if not fits:
                wrong.append(f"{method} {each.name}: {answer.status_code}")
    assert wrong == []


def is_right_for_a_stranger(each: Served, *, method: str, answer: Any, log_in: str) -> bool:
    if method not in each.methods:
        is_sent = answer.status_code == 302 and answer["Location"].split("?")[0] == log_in
        return answer.status_code == 405 or is_sent or (each.kind == TOKEN and answer.status_code == 401)
    if each.kind == TOKEN:
        return answer.status_code == 401
    if each.kind == PEER:
        return answer.status_code == 400
    if each.kind == PUBLIC:
        return answer.status_code in (200, 302, 404, 422)
    return answer.status_code == 302 and answer["Location"].split("?")[0] == log_in


@pytest.mark.parametrize("role", Role.values)
def test_a_role_gets_what_the_table_says_and_else_404(north, role):
    askers = {
        place: Asker(make_user(role=role, username=f"walker-{number}", **bound))
        for number, (place, bound) in enumerate(PLACES.items())
    }
    wrong = []
    for each in every_address(north):
        for place in places_asked(each, askers=askers):
            for method in each.methods:
                wrong += faults(each, asker=askers[place], place=place, method=method)
    assert wrong == []


def places_asked(each: Served, *, askers: dict[str, Asker]) -> list[str]:
    """Return from where an address is worth asking: who has no right at home has none elsewhere."""
    if not each.action or not may(askers["there"].user, each.action):
        return ["there"]
    shallow = [] if may(askers[SHALLOW].user, each.action) else [SHALLOW]
    return ["there", *shallow, *([place for place in PLACES if place not in RIGHT] if each.kind == OBJECT else [])]


def faults(each: Served, *, asker: Asker, place: str, method: str) -> list[str]:
    """Return what is wrong with an answer, in words."""
    answer = asker.ask(method, each.path)
    status = answer.status_code
    said = f"{method} {each.name} [{place}]: {status}"
    if status >= 500 or "Content-Security-Policy" not in answer.headers:
        return [said]
    if "html" in answer.get("Content-Type", "") and not answer.streaming and INLINE.search(answer.content):
        return [f"{said}, with inline code"]
    if each.kind in (PUBLIC, TOKEN, PEER):
        return []
    if each.kind == MEMBER:
        return [said] if status in (401, 403, 404, 405) else []
    has_right = may(asker.user, each.action) and may(asker.user, ALSO.get(each.name, each.action))
    is_allowed = has_right and (each.kind == CLASS or place in RIGHT)
    if not is_allowed:
        is_led_on = status == 302 and may(asker.user, LED_ON.get(each.name, each.action))
        return [] if status == 404 or is_led_on else [said]
    return [said] if status in (401, 403, 405) or (status == 404 and is_certain(each, method=method)) else []


def is_certain(each: Served, *, method: str) -> bool:
    """Return whether a 404 would be wrong: an empty form may name nothing, and some things are one person's."""
    return method == "get" and each.name not in OF_A_PERSON


def test_who_may_open_an_address_gets_405_for_every_other_method(north):
    wrong, askers = [], {}
    for each in every_address(north):
        grant = {"role": ADDRESSES[each.name].opened_by, "organisation": "north-group"}
        asker = askers.setdefault(grant["role"], None) or Asker(make_user(**grant))
        askers[grant["role"]] = asker
        for method in METHODS:
            if method not in each.methods:
                status = asker.ask(method, each.path).status_code
                if status != 405 and not (each.kind == TOKEN and status == 401):
                    wrong.append(f"{method} {each.name}: {status}")
    assert wrong == []


def test_a_name_of_another_organisation_in_any_filter_tells_nothing(north):
    """Every page × every filter that takes a name, asked from the south for the north's things."""
    secrets = [str(north["study"]).encode(), b"northern", b"Northern", b"North Hospital", b"cxr-north"]
    leaks = []
    for role in ("quality_officer", "radiologist", "integrator", "administrator", "resolver", "regulator"):
        asker = Asker(make_user(role=role, organisation="south-clinic", username=f"southern-{role}"))
        names = {
            "site": "north", "deployment": north["deployment"], "product": north["product"], "study": north["study"],
            "signal": north["signal"], "reader": "R1", "organisation": "north-group", "log": "north-group",
            "claim": north["claim"], "uid": "run-1", "actor": "user:northern-reader", "q": "Harbour", "who": "user:",
        }  # fmt: skip
        for each in every_address(north):
            if each.kind != CLASS or "get" not in each.methods or not may(asker.user, each.action):
                continue
            alone = [{name: value} for name, value in names.items()] if role in ASKS_ONE_BY_ONE else []
            for query in [names, *alone]:
                leaks += leaked(asker, each, query=query, secrets=secrets)
    assert leaks == []


def leaked(asker: Asker, each: Served, *, query: dict[str, Any], secrets: list[bytes]) -> list[str]:
    path = each.path.split("?")[0] + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    answer = asker.ask("get", path)
    body = answer.body if answer.streaming else answer.content
    typed = [str(value).encode() for value in query.values()]
    told = [word for word in secrets if word in body and not any(word in each for each in typed)]
    return [f"{each.name} {path}: {answer.status_code} {told}"] if told or answer.status_code >= 500 else []


def test_whatever_is_taken_away_as_a_file_is_an_entry(north):
    """Every address that answers with a file leaves an act of the person who took it."""
    user = make_user(role="quality_officer", organisation="north-group", username="taker")
    client, taken, silent = Client(), [], []
    client.force_login(user, backend=BACKEND)
    for each in every_address(north):
        if each.kind not in (CLASS, OBJECT) or "get" not in each.methods:
            continue
        before = Act.objects.filter(entry__actor=user.actor, entry__kind__in=EXPORTS).count()
        path = f"{each.path}{'&' if '?' in each.path else '?'}format=csv"
        answer = client.get(path)
        if "attachment" not in answer.headers.get("Content-Disposition", ""):
            continue
        taken.append(each.name)
        if Act.objects.filter(entry__actor=user.actor, entry__kind__in=EXPORTS).count() == before:
            silent.append(each.name)
    assert silent == []
    assert len(taken) >= 7
