"""The kinds and their fields in words, for the page that tells an integrator what to send."""

import json
from dataclasses import dataclass
from typing import Any

from inference.connectors.examples import EXAMPLES
from inference.connectors.kinds import KINDS
from inference.connectors.openapi import schema_of_parser
from inference.intake import fields
from inference.intake.described import PARTS
from inference.intake.fields import Choice, Field, Parser


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInWords:
    name: str
    says: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInWords:
    plural: str
    fields: tuple[FieldInWords, ...]
    example: str


def kinds_in_words() -> list[KindInWords]:
    """Return the six kinds as the page shows them."""
    return [
        KindInWords(
            plural=plural,
            fields=(*fields_in_words(kind.fields), *(described_in_words() if plural == "inferences" else ())),
            example=json.dumps(EXAMPLES[plural], indent=1),
        )
        for plural, kind in KINDS.items()
    ]


def fields_in_words(listed: tuple[Field, ...], *, path: str = "") -> list[FieldInWords]:
    found = []
    for field in listed:
        name = path + field.name
        found.append(FieldInWords(name=name, says=in_words(field.parse), required=field.required and not path))
        if field.parts and not path:
            found.extend(fields_in_words(field.parts, path=f"{name}."))
    return found


def described_in_words() -> list[FieldInWords]:
    return [
        FieldInWords(name=f"{part}.{name}", says=in_words(parser), required=False)
        for part, known in PARTS.items()
        for name, parser in known.items()
    ]


def in_words(parser: Parser) -> str:
    if isinstance(parser, Choice):
        return ", ".join(parser.allowed)
    if parser in (fields.objects, fields.mapping):
        return "list of objects" if parser is fields.objects else "object"
    schema: dict[str, Any] = schema_of_parser(parser)
    if "enum" in schema:
        return ", ".join(schema["enum"])
    return str(schema.get("format") or shape_of(schema))


def shape_of(schema: dict[str, Any]) -> str:
    named = schema.get("type", "text or list of texts")
    return (named[0] if isinstance(named, list) else named).replace("string", "text").replace("array", "list")
