"""A user as SCIM says it, and what a SCIM client may say of one. Pure.

`externalId` is the person's subject at the provider of single sign-on.
A log-in's name never changes (21 CFR 11.100(a)), and roles are given here by
an administrator or by groups of single sign-on: neither is SCIM's to set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NAME = re.compile(r"[A-Za-z0-9_.@-]{1,150}")
FILTER = re.compile(r'\s*userName\s+eq\s+"((?:[^"\\]|\\.)*)"\s*', re.IGNORECASE)
LONGEST_NAME, LONGEST_EMAIL = 200, 254


class ScimError(Exception):
    """A refusal in the shape of RFC 7644, 3.12."""

    def __init__(self, status: int, detail: str, *, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.scim_type = status, detail, scim_type

    def body(self) -> dict[str, Any]:
        said = {"schemas": [ERROR], "status": str(self.status), "detail": self.detail}
        return said | ({"scimType": self.scim_type} if self.scim_type else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client wants of a user; None where it says nothing."""

    username: str | None = None
    printed_name: str | None = None
    email: str | None = None
    active: bool | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    pk: int
    username: str
    printed_name: str
    email: str
    is_active: bool
    created_at: datetime
    subject: str = ""


def resource(person: Person, *, location: str) -> dict[str, Any]:
    created = person.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said: dict[str, Any] = {
        "schemas": [USER],
        "id": str(person.pk),
        "userName": person.username,
        "displayName": person.printed_name,
        "name": {"formatted": person.printed_name},
        "active": person.is_active,
        "meta": {"resourceType": "User", "created": created, "location": location},
    }
    said |= {"externalId": person.subject} if person.subject else {}
    return said | ({"emails": [{"value": person.email, "primary": True}]} if person.email else {})


def listing(resources: list[dict[str, Any]], *, total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def name_asked_for(text: str) -> str | None:
    """Return the name of a filter `userName eq "…"`, None where there is no filter.

    Raises:
        ScimError: another filter.
    """
    if not text:
        return None
    found = FILTER.fullmatch(text)
    if found is None:
        raise ScimError(400, 'The one filter there is: userName eq "NAME".', scim_type="invalidFilter")
    return re.sub(r"\\(.)", r"\1", found[1])


def wanted_of(body: Any) -> Wanted:
    """Read a whole user (POST, PUT).

    Raises:
        ScimError
    """
    if not isinstance(body, Mapping) or USER not in list_of(body, "schemas"):
        raise ScimError(400, f"Send a resource with the schema {USER}.", scim_type="invalidSyntax")
    name = body.get("name")
    formatted = body.get("displayName") or (name.get("formatted") if isinstance(name, Mapping) else None)
    return Wanted(
        username=text_of(body.get("userName"), "userName"),
        printed_name=text_of(formatted, "displayName"),
        email=email_of(body.get("emails")),
        subject=text_of(body.get("externalId"), "externalId"),
        active=active_of(body["active"]) if "active" in body else None,
    )


def patched(body: Any) -> Wanted:
    """Read a PATCH: `active`, `displayName`, `name.formatted`; by path, or as an object without one.

    Raises:
        ScimError
    """
    if not isinstance(body, Mapping) or PATCH not in list_of(body, "schemas"):
        raise ScimError(400, f"Send the schema {PATCH} with its Operations.", scim_type="invalidSyntax")
    values: dict[str, Any] = {}
    for operation in list_of(body, "Operations"):
        values |= values_of(operation)
    if not values:
        raise ScimError(400, "There is no operation in it.", scim_type="invalidSyntax")
    return Wanted(**values)


def list_of(body: Mapping[str, Any], name: str) -> list[Any]:
    said = body.get(name)
    return said if isinstance(said, list) else []


def values_of(operation: Any) -> dict[str, Any]:
    if not isinstance(operation, Mapping) or str(operation.get("op", "")).lower() not in ("replace", "add"):
        raise ScimError(400, "Operations replace; nothing is removed here.", scim_type="invalidSyntax")
    path, value = operation.get("path"), operation.get("value")
    said = value if path is None and isinstance(value, Mapping) else {str(path): value}
    found: dict[str, Any] = {}
    for name, each in said.items():
        if str(name).lower() == "active":
            found["active"] = active_of(each)
        elif str(name).lower() in ("displayname", "name.formatted"):
            found["printed_name"] = text_of(each, "displayName")
        else:
            raise ScimError(400, "Only active and displayName change here.", scim_type="mutability")
    return found


def active_of(value: Any) -> bool:
    # Entra ID sends the words "True" and "False".
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ScimError(400, "active is true or false.", scim_type="invalidValue")
    return value


def text_of(value: Any, name: str) -> str | None:
    if value is None:
        return None
    # Names stand on documents and in logs: nothing in them ends a line, turns it round or is half a letter.
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable() or not value.strip():
        detail = f"{name} has 1 to {LONGEST_NAME} characters, all of them visible."
        raise ScimError(400, detail, scim_type="invalidValue")
    return value


def email_of(value: Any) -> str | None:
    if not isinstance(value, list):
        return None
    said = [each for each in value if isinstance(each, Mapping) and isinstance(each.get("value"), str)]
    first = next((each for each in said if each.get("primary") is True), said[0] if said else None)
    email = str(first["value"]) if first else None
    if email is not None and ("@" not in email or len(email) > LONGEST_EMAIL or not is_one_word(email)):
        raise ScimError(400, "This is no e-mail address.", scim_type="invalidValue")
    return email


def is_one_word(text: str) -> bool:
    return text.isprintable() and " " not in text
