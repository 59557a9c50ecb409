"""What goes wrong while rows are copied in is an error that the connectors know how to answer."""

import pytest
from django.db import DataError

from inference.intake.writing import copy_rows
from inference.results.models import Prediction
from inference.studies.identities import copy_into

pytestmark = pytest.mark.django_db


def test_an_error_of_a_copy_of_identities_is_one_of_djangos():
    with pytest.raises(DataError):
        copy_into("COPY inference_person (id) FROM STDIN", [("no uuid",)])


def test_an_error_of_a_copy_of_facts_is_one_of_djangos():
    with pytest.raises(DataError):
        copy_rows([Prediction(pk=1, finding="f" * 500)])
