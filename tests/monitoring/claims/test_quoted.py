import pytest

from inference.registry.actions import register
from inference.registry.models import Claim
from monitoring.claims.designs import not_ready
from monitoring.claims.quoted import quoted_figures
from tests.factories import REGISTERED, make_network

FIGURES = {each.key: each for each in quoted_figures()}


@pytest.mark.parametrize("key", sorted(FIGURES))
def test_a_template_is_not_verified_and_says_what_a_source_says(key):
    found = FIGURES[key]

    assert found.verified is False
    assert found.sources
    assert all(each.citation and each.says for each in found.sources)


def test_the_figures_that_hospitals_quote_are_all_there():
    values = {(each.claim["metric"], each.claim["value"]) for each in FIGURES.values()}

    assert values == {
        ("sensitivity", 0.975), ("sensitivity", 0.044), ("auc", 0.94), ("auc", 0.96), ("minutes_to_result", 0.95),
        ("false_positive_rate", -0.11), ("false_negative_rate", -0.094), ("workload", -0.57),
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("key", sorted(FIGURES))
def test_a_line_copied_into_the_registry_cannot_be_switched_on_as_it_is(key):
    make_network()
    line = FIGURES[key].registry_line("effusion")

    register(text=f"products: [{{key: cxr, claims: [{line}]}}]", actor="test", now=REGISTERED)

    claim = Claim.objects.get(finding="effusion")
    missing = " ".join(not_ready(claim))
    assert not claim.verified
    for each in ("a margin", "a source document", "verification by a person"):
        assert each in missing
