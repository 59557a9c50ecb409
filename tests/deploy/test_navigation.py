import pytest
from django.contrib.staticfiles import finders
from django.urls import resolve, reverse

from deploy.navigation import ITEMS, navigation
from deploy.static_files import PlotlyFinder
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def labels(role: str, *, path: str = "/", **binding) -> list[str]:
    return [item.label for item in navigation(make_user(role=role, **binding), path=path)]


def test_a_quality_officer_is_led_to_signals_and_not_to_users():
    shown = labels("quality_officer")
    assert "Signals" in shown
    assert "Users" not in shown
    assert "Worklist" not in shown


def test_a_shallow_grant_leads_to_no_cases():
    assert "Cases" not in labels("quality_officer", level="aggregate")


def test_a_user_without_a_role_is_led_nowhere():
    user = make_user(role="regulator")
    user.grants.all().delete()
    assert navigation(user, path="/") == []


@pytest.mark.parametrize(
    ("path", "current"),
    [("/", "Overview"), ("/registry/product/cxr/", "Registry"), ("/products/cxr/", None), ("/users/anna/", "Users")],
)
def test_the_page_one_is_on_is_marked(path, current):
    shown = navigation(make_user(role="administrator"), path=path)
    assert next((item.label for item in shown if item.is_current), None) == current


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.label)
def test_every_entry_has_a_page_that_turns_a_stranger_away(item, client):
    address = reverse(item.url_name)
    assert resolve(address)
    assert client.get(address).url.startswith("/log-in/")


@pytest.mark.parametrize(
    "path", ["app.css", "app.js", "plotly.css", "plotly/plotly.min.js", "django_htmx/htmx-2.min.js"]
)
def test_everything_a_page_loads_is_served_from_here(path):
    assert finders.find(path)


def test_only_the_one_file_of_plotly_is_found():
    assert [path for path, _ in PlotlyFinder().list(None)] == ["plotly.min.js"]
    assert PlotlyFinder().find("plotly/datasets/gapminder.csv.gz") is None
