"""What goes wrong while rows are copied in is an error that the connectors know how to answer."""

import pytest
from django.db import DataError

from audit.log.copying import copy_rows
from inference.results.models import Prediction

pytestmark = pytest.mark.django_db


def test_an_error_of_a_copy_of_facts_is_one_of_djangos():
    with pytest.raises(DataError):
        copy_rows(Prediction, [{"inference_id": 1, "finding": "f" * 500}])
