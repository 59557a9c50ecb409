import json

import pytest

from inference.connectors.kinds import KINDS
from inference.connectors.openapi import document
from tests import factories


def resolved(schema, whole):
    if "$ref" in schema:
        return resolved(whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], whole)
    return schema


def test_every_kind_has_its_path_and_every_reference_leads_somewhere():
    whole = document()

    assert set(whole["paths"]) == {f"/api/v1/{plural}" for plural in (*KINDS, "losses")}
    for text in json.dumps(whole).split('"$ref": "')[1:]:
        assert text.split('"')[0].rsplit("/", 1)[1] in whole["components"]["schemas"]


def test_the_fields_of_an_example_are_described():
    whole = document()
    schema = whole["components"]["schemas"]["inference"]
    row = factories.inference_row()

    assert row.keys() <= schema["properties"].keys()
    assert row["study"].keys() <= resolved(schema["properties"]["study"], whole)["properties"].keys()
    assert schema["required"] == ["inference_uid"]


def test_anybody_may_read_the_document(client):
    response = client.get("/api/v1/openapi.json")

    assert (response.status_code, response.json()["openapi"]) == (200, "3.1.0")


@pytest.mark.django_db
def test_a_stranger_is_sent_to_log_in_before_the_documentation(client):
    response = client.get("/api/")

    assert response.status_code == 302
