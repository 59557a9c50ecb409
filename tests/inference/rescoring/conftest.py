"""Folders of its own for every test that stores pixels or weights."""

import pytest


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    settings.RADVIGIL_WEIGHTS = tmp_path / "weights"
    return tmp_path
