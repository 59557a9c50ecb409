"""The fixture `simulated_site`, for whole stories."""

import pytest

from tests.simulated_site.site import SimulatedSite


@pytest.fixture
def simulated_site(db) -> SimulatedSite:
    return SimulatedSite()
