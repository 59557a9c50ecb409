import pytest

from inference.errors import RegistryFileError
from inference.registry.models import Product, Site, Version
from inference.registry.populations import population_of
from inference.registry.queries import deployment_settings
from inference.registry.reading import read_registry
from tests.factories import make_network

SAID = {"n": 5600, "prevalence": 0.5, "sex": {"F": 0.48, "M": 0.52}, "sites": ["a", "b"]}


def test_a_field_with_fields_of_its_own_is_a_dimension_with_shares():
    found = population_of(SAID)
    assert found.size == 5600
    assert found.shares == {"sex": {"F": 0.48, "M": 0.52}}


def test_what_was_said_before_shares_existed_says_no_share():
    found = population_of({"images": 3600, "scanners": 2, "synthetic": True})
    assert found.size == 3600
    assert not found


@pytest.mark.parametrize("shares", ["{F: 0.7, M: 0.5}", "{F: 1.2}", "{F: many}", "{F: -0.1}", "{F: true}"])
def test_shares_that_cannot_be_are_refused(shares):
    text = f"products: [{{key: p, versions: [{{version: 1, development_population: {{sex: {shares}}}}}]}}]"
    with pytest.raises(RegistryFileError, match="development_population: sex"):
        read_registry(text)


def test_only_a_sensitive_dimension_needs_leave():
    with pytest.raises(RegistryFileError, match="'view_position' is not one of"):
        read_registry("sites: [{key: n, lawful_dimensions: [view_position]}]")


@pytest.mark.django_db
def test_a_sensitive_dimension_is_cut_only_where_product_and_site_say_so():
    make_network()
    Product.objects.filter(pk="cxr").update(dimensions=["view_position", "ethnicity"])
    assert deployment_settings("cxr-north").dimensions == ("view_position",)
    Site.objects.filter(pk="north").update(lawful_dimensions=["ethnicity"])
    assert deployment_settings("cxr-north").dimensions == ("view_position", "ethnicity")
    assert deployment_settings("cxr-east").dimensions == ("view_position",)


@pytest.mark.django_db
def test_a_population_is_stored_as_it_was_said():
    text = """
organisations: [{key: m, kind: manufacturer, name: M, country: DE}]
products:
  - {key: p, name: P, manufacturer: m, findings: [{key: f, kind: binary}],
     versions: [{version: "1", development_population: {n: 10, sex: {F: 1.0}}}]}
"""
    make_network(text)
    assert Version.objects.get(product="p").development_population == {"n": 10, "sex": {"F": 1.0}}
