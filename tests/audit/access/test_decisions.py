"""Every action × role: the table of decisions.py written down a second time, by hand."""

import pytest

from audit.access.decisions import ACTIONS, may
from audit.access.models import Level, Role
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db

Q, R, A, E, N, G, D, S = (
    "quality_officer", "radiologist", "arbiter", "ml_engineer", "integrator", "regulator", "administrator", "resolver",
)  # fmt: skip
MATRIX = {
    "see_overview": {Q, R, A, E, N, G, D},
    "see_aggregates": {Q, R, A, E, G},
    "see_disagreement": {Q, R, A, E, G},
    "see_signals": {Q, E, N, G},
    "see_rescoring": {Q, E, G},
    "see_evidence": {Q, G},
    "see_registry": {Q, R, A, E, N, G, D},
    "see_rows": {Q, R, A, E, G},
    "see_flagged": {Q, E, N, G},
    "see_completeness": {Q, N, G},
    "see_case": {Q, R, A, E, G},
    "see_image": {Q, R, A, E, G},
    "see_worklist": {R, A},
    "see_intake": {Q, N, G, D},
    "see_quarantine": {N},
    "see_log": {Q, G, D},
    "see_log_entries": {G},
    "record_read": {R, A},
    "arbitrate": {A},
    "see_label_plans": {Q, A},
    "plan_labels": {Q},
    "settle_truth": {Q, R, A},
    "review_signal": {Q},
    "switch_claim": {Q},
    "run_rescore": {Q, E},
    "replay_quarantine": {N},
    "manage_rules": {N},
    "export_package": {Q, G},
    "verify_log": {Q, G, D},
    "see_portal": {G},
    "comment": {G},
    "see_comments": {Q, G},
    "answer_comment": {Q},
    "register_version": {E, D},
    "manage_registry": {D},
    "manage_users": {D},
    "see_refusals": {D},
    "sign_sharing": {Q, D},
    "break_glass": {R, A},
    "review_break_glass": {Q, D},
    "manage_tokens": {D},
    "resolve_identity": {S},
}
NEEDS_ROWS = {
    "see_rows", "see_case", "see_flagged", "see_completeness", "see_worklist", "see_quarantine", "see_log_entries",
    "settle_truth", "replay_quarantine", "manage_rules", "resolve_identity", "see_label_plans", "plan_labels",
}  # fmt: skip
NEEDS_IMAGES = {"see_image", "record_read", "arbitrate", "break_glass"}
URGENT = {"see_case", "see_image", "see_worklist"}


def test_the_matrix_knows_every_action():
    assert set(MATRIX) == set(ACTIONS)


@pytest.mark.parametrize("role", Role.values)
def test_a_role_may_do_what_the_matrix_says_and_nothing_else(role):
    user = make_user(role, organisation="north-group")
    mine = {action for action in ACTIONS if may(user, action)}
    assert mine == {action for action, roles in MATRIX.items() if role in roles}


@pytest.mark.parametrize("level", Level.values)
@pytest.mark.parametrize("role", Role.values)
def test_a_shallow_grant_reaches_no_deeper(role, level):
    user = make_user(role, organisation="north-group", level=level)
    mine = {action for action in ACTIONS if may(user, action)}
    too_deep = {"aggregate": NEEDS_ROWS | NEEDS_IMAGES, "rows": NEEDS_IMAGES, "images": set()}[level]
    assert mine == {action for action, roles in MATRIX.items() if role in roles} - too_deep


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_no_action_reaches_another_organisation(action):
    for role in Role.values:
        user = make_user(role, organisation="north-group")
        assert not may(user, action, organisation="south-clinic", site="south", product="cxr")


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_user_without_a_grant_in_force_may_do_nothing(action):
    for role in Role.values:
        user = make_user(role)
        user.grants.update(ended_at="2026-01-02T00:00:00Z")
        assert not may(user, action)
