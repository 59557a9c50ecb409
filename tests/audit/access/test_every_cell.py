"""Every cell: action × role × level × what a grant is bound to × thing, against tables written by hand.

Nothing here is taken from `decisions.py` but the question `may`: who may do what stands in `test_decisions.py`, what a
binding reaches stands below.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from audit.access.decisions import ACTIONS, may
from audit.access.models import Grant, User
from audit.access.scopes import Shared
from tests.audit.access.test_decisions import MATRIX, NEEDS_IMAGES, NEEDS_ROWS, URGENT

ROLES = (
    "quality_officer", "radiologist", "arbiter", "ml_engineer", "integrator", "regulator", "administrator", "resolver",
)  # fmt: skip
LEVELS = ("aggregate", "rows", "images")
# organisation, site, product of each thing
THINGS = {
    "cxr at north": ("north-group", "north", "cxr"),
    "mammo at north": ("north-group", "north", "mammo"),
    "cxr at harbour": ("north-group", "harbour", "cxr"),
    "cxr at south": ("south-clinic", "south", "cxr"),
    "site north": ("north-group", "north", ""),
    "log of north-group": ("north-group", "", ""),
}
# what a grant says: organisation, site, product; and everything it reaches
BINDINGS = {
    ("", "", ""): set(THINGS),
    ("north-group", "", ""): set(THINGS) - {"cxr at south"},
    ("north-group", "north", ""): {"cxr at north", "mammo at north", "site north"},
    ("", "north", ""): {"cxr at north", "mammo at north", "site north"},
    ("north-group", "", "cxr"): {"cxr at north", "cxr at harbour"},
    ("north-group", "north", "cxr"): {"cxr at north"},
    ("", "", "cxr"): {"cxr at north", "cxr at harbour", "cxr at south"},
    ("south-clinic", "", ""): {"cxr at south"},
    ("cxr-maker", "", ""): set(),
}
SHAREABLE = {
    "see_overview", "see_aggregates", "see_disagreement", "see_signals", "see_rescoring", "see_evidence",
    "see_registry", "see_rows", "see_flagged", "see_case", "see_image", "see_portal", "comment", "see_comments",
}  # fmt: skip
DEPTH = {"none": 0, "aggregate": 1, "rows": 2, "images": 3}


def needed(action: str) -> int:
    return 3 if action in NEEDS_IMAGES else 2 if action in NEEDS_ROWS else 1


def holder(*, role: str, level: str, bound: tuple[str, str, str], is_emergency: bool = False) -> User:
    user = User(username="holder", is_active=True)
    organisation, site, product_key = bound
    grant = Grant(
        role=role, organisation=organisation, site=site, product=product_key, level=level, is_emergency=is_emergency
    )
    user.__dict__["live_grants"] = [grant]
    return user


def reached(user: User, action: str, *, sharing: tuple[Shared, ...] = ()) -> set[str]:
    return {
        name
        for name, (organisation, site, product_key) in THINGS.items()
        if may(user, action, organisation=organisation, site=site, product=product_key, sharing=sharing)
    }


def cells() -> Iterator[tuple[str, str, str, tuple[str, str, str]]]:
    yield from product(ACTIONS, ROLES, LEVELS, BINDINGS)


def test_every_cell_without_an_agreement():
    wrong = []
    for action, role, level, bound in cells():
        gives = role in MATRIX[action] and DEPTH[level] >= needed(action)
        found = reached(holder(role=role, level=level, bound=bound), action)
        if found != (BINDINGS[bound] if gives else set()):
            wrong.append((action, role, level, bound, sorted(found)))
    assert wrong == []


@pytest.mark.parametrize("agreed", list(DEPTH))
def test_every_cell_of_a_manufacturer_with_an_agreement(agreed):
    """Both the grant and the agreement must be deep enough, and only looking is shared."""
    sharing = (Shared(to="cxr-maker", site="north", product="cxr", level=agreed),)
    wrong = []
    for action, role, level in product(ACTIONS, ROLES, LEVELS):
        gives = role in MATRIX[action] and action in SHAREABLE and min(DEPTH[level], DEPTH[agreed]) >= needed(action)
        for bound, expected in (
            (("cxr-maker", "", ""), {"cxr at north"}),
            (("cxr-maker", "", "cxr"), {"cxr at north"}),
            (("cxr-maker", "", "mammo"), set()),
            (("south-clinic", "", "mammo"), set()),
        ):
            found = reached(holder(role=role, level=level, bound=bound), action, sharing=sharing)
            if found != (expected if gives else set()):
                wrong.append((action, role, level, bound, sorted(found)))
    assert wrong == []


def test_every_cell_of_a_grant_taken_in_an_emergency():
    bound = ("north-group", "north", "")
    wrong = []
    for action, role in product(ACTIONS, ROLES):
        gives = role in MATRIX[action] and action in URGENT
        found = reached(holder(role=role, level="images", bound=bound, is_emergency=True), action)
        if found != (BINDINGS[bound] if gives else set()):
            wrong.append((action, role, sorted(found)))
    assert wrong == []


def test_a_closed_log_in_reaches_nothing_in_any_cell():
    for action, role in product(ACTIONS, ROLES):
        user = holder(role=role, level="images", bound=("", "", ""))
        user.is_active = False
        assert reached(user, action) == set()
