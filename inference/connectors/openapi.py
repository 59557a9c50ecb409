"""The OpenAPI 3.1 document of the intake API, made from the declarations that the pipeline reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from inference.connectors.kinds import KINDS
from inference.connectors.losses import COUNTS, MOST
from inference.intake import fields
from inference.intake.described import PARTS, age, coded, device_text, number_or_code, sex
from inference.intake.fields import Choice, Field, Parser
from inference.intake.kinds import Kind
from inference.truth.kind import attributes

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
SCHEMAS: Mapping[Parser, Mapping[str, Any]] = {
    fields.uid: {"type": ["string", "integer"], "minLength": 1, "maxLength": fields.LONGEST_UID},
    fields.key: {"type": ["string", "number"], "maxLength": 64},
    fields.text: {"type": "string", "maxLength": fields.LONGEST_KEY},
    fields.code: {"type": ["string", "number", "boolean"], "maxLength": 64},
    fields.short_code: {"type": ["string", "number", "boolean"], "maxLength": fields.LONGEST_SHORT},
    fields.unit_code: {"type": ["string", "number"], "maxLength": fields.LONGEST_SHORT},
    fields.number: NUMBER,
    fields.boolean: {"type": "boolean"},
    fields.moment: {
        "type": "string",
        "format": "date-time",
        "description": "read in the site's zone without an offset",
    },
    fields.day: {"type": "string", "format": "date"},
    fields.digest: {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
    fields.category: {"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
    fields.class_scores: {"type": "object", "additionalProperties": NUMBER},
    fields.point_list: {"type": "array", "items": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 3}},
    attributes: {"type": "object", "additionalProperties": {"type": ["number", "string", "boolean"]}},
    age: {"type": "number", "minimum": 0, "maximum": 150},
    sex: {"type": "string", "enum": ["F", "M", "O", "U"]},
    coded: {"type": ["number", "string", "boolean"]},
    number_or_code: {"type": ["number", "string"]},
    device_text: {"type": ["string", "number"], "maxLength": 64},
}
PROBLEMS = {
    "400": "The body is not JSON; nothing was stored",
    "401": "No valid token",
    "403": "Another's deployment, whether or not it exists, or a kind that this token does not send",
    "405": "Only POST is answered",
    "411": "A body without a length, where the server cannot tell its end",
    "413": "The body is too large",
    "415": "The body has a Content-Encoding",
    "429": "Too many requests; wait as Retry-After says",
    "503": "The database did not answer; send the same again",
}


def document() -> dict[str, Any]:
    """Return the whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Radvigil intake",
            "version": "1",
            "description": "Six kinds of fact, each taken one by one, as an array or as NDJSON; one receipt a row.",
        },
        "security": [{"token": []}],
        "paths": {
            **{f"/api/v1/{plural}": {"post": operation(plural)} for plural in KINDS},
            "/api/v1/losses": {"post": report_of_losses()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **{kind.name: schema_of_kind(kind) for kind in KINDS.values()},
                **{part: schema_of_part(part) for part in PARTS},
                "covariates": {"type": "object", "description": "those that the product declares"},
                "losses": LOSSES,
                "receipt": RECEIPT,
                "problem": PROBLEM,
            },
        },
    }


def operation(plural: str) -> dict[str, Any]:
    one = reference(KINDS[plural].name)
    return {
        "operationId": f"send_{plural}",
        "summary": f"Send {plural}",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"anyOf": [one, {"type": "array", "items": one}]}},
                "application/x-ndjson": {"schema": one},
            },
        },
        "responses": {
            "200": {
                "description": "One receipt a row, in order. The answer to a long body of lines comes in pieces; "
                "where it ends early its last element is a problem and the closing bracket is missing",
                "content": {"application/json": {"schema": {"type": "array", "items": reference("receipt")}}},
            },
            **{status: problem(description) for status, description in PROBLEMS.items()},
        },
    }


def report_of_losses() -> dict[str, Any]:
    status = {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["stored", "duplicate"]}}}
    return {
        "operationId": "report_losses",
        "summary": "Say which rows a recorder could not keep",
        "requestBody": {"required": True, "content": {"application/json": {"schema": reference("losses")}}},
        "responses": {
            "200": {
                "description": "It stands in the log; `duplicate` where it stood there before",
                "content": {"application/json": {"schema": status}},
            },
            **{code: problem(description) for code, description in PROBLEMS.items()},
            "400": problem("The body is not JSON, or is no report of losses; nothing was stored"),
        },
    }


def problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": reference("problem")}}}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def schema_of_kind(kind: Kind) -> dict[str, Any]:
    described = {part: reference(part) for part in (*PARTS, "covariates")}
    schema = schema_of_fields(kind.fields)
    return schema | {"properties": schema["properties"] | described}


def schema_of_fields(listed: Sequence[Field]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {field.name: nullable(schema_of_field(field)) for field in listed}}
    required = [field.name for field in listed if field.required]
    return schema | ({"required": required} if required else {})


def schema_of_part(part: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: nullable(schema_of_parser(parser)) for name, parser in PARTS[part].items()},
    }


def schema_of_field(field: Field) -> dict[str, Any]:
    if not field.parts:
        return schema_of_parser(field.parse)
    one = schema_of_fields(field.parts)
    return {"type": "array", "items": one} if field.parse is fields.objects else one


def schema_of_parser(parser: Parser) -> dict[str, Any]:
    if isinstance(parser, Choice):
        return {"type": "string", "enum": list(parser.allowed)}
    return dict(SCHEMAS[parser])


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """An absent value may be sent as null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    if isinstance(schema.get("type"), list):
        return schema | {"type": [*schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


COUNT = {"type": "integer", "minimum": 0, "maximum": MOST, "default": 0}
PERIOD = {"type": "string", "format": "date-time", "description": "with its offset"}
LOSSES = {
    "type": "object",
    "required": ["report_uid", "from", "to"],
    "description": "Rows that were lost between two moments; at least one of the counts is not 0",
    "properties": {
        "report_uid": {"type": "string", "pattern": "^[ -~]{1,128}$", "description": "the sender's own"},
        "deployment": {"type": "string", "description": "needed where the token is a site's"},
        **dict.fromkeys(COUNTS, COUNT),
        "from": PERIOD,
        "to": PERIOD,
    },
}
STATUSES = ["stored", "stored_flagged", "duplicate", "conflict", "quarantined"]
RECEIPT = {
    "type": "object",
    "required": ["row", "kind", "uid", "status", "flags", "record_sha256", "reason"],
    "properties": {
        "row": {"type": "integer", "description": "counted from 1; of NDJSON, the line"},
        "kind": TEXT,
        "uid": {"type": ["string", "null"], "description": "as sent, or as made from what identifies the row"},
        "status": {"type": "string", "enum": STATUSES},
        "flags": {"type": "array", "items": TEXT},
        "record_sha256": {"type": ["string", "null"], "description": "of the pseudonymised row; stands in the log"},
        "reason": {"type": ["string", "null"], "description": "why it did not go in"},
        "field": {"type": ["string", "null"], "description": "the field that was not understood"},
    },
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "line": {"type": "integer"},
        "column": {"type": "integer"},
        "row": {"type": ["integer", "null"], "description": "the row that is to blame, counted as in receipts"},
        "field": TEXT,
        "limit": {"type": "integer", "description": "the most bytes of a body"},
    },
}
