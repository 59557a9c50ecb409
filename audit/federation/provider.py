"""A provider of single sign-on: its addresses, its keys, and the exchange of a code. The only door to the network.

Addresses and keys are kept for an hour. A token signed by a key that is not
known yet has the keys fetched again, once a minute at most (key rotation).
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from audit.errors import SingleSignOnError

SECONDS = 10
LARGEST_ANSWER = 1024 * 1024
KEPT_SECONDS, KEYS_AGAIN_SECONDS = 3600.0, 60.0
UNREACHABLE = "The provider of single sign-on does not answer as it should; try again, or log in by password."


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """This installation, as the provider knows it."""

    issuer: str
    client_id: str
    secret: str = ""


@dataclass(slots=True)
class Provider:
    """What a provider says of itself, with the moment (of a steady clock) when it was asked."""

    client: Client
    about: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    about_at: float = float("-inf")
    keys_at: float = float("-inf")

    def address(self, name: str, *, seconds: float) -> str:
        """Return an endpoint by its name in OpenID Connect Discovery, section 3; empty when there is none."""
        if seconds - self.about_at >= KEPT_SECONDS:
            said = fetch(Request(f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"))  # noqa: S310
            if said.get("issuer") != self.client.issuer:
                raise SingleSignOnError("another_issuer", UNREACHABLE)
            self.about, self.about_at = said, seconds
        found = str(self.about.get(name, ""))
        if found and urlsplit(found).scheme not in schemes(self.client.issuer):
            raise SingleSignOnError("no_tls", UNREACHABLE)
        return found

    def key_set(self, *, seconds: float, wanted: str = "") -> dict[str, Any]:
        """Return the public keys; fetched anew when they are old, or when the wanted one is not among them."""
        known = {each.get("kid") for each in self.keys.get("keys", ())}
        is_old = seconds - self.keys_at >= KEPT_SECONDS
        is_missing = wanted not in known and seconds - self.keys_at >= KEYS_AGAIN_SECONDS
        if is_old or is_missing:
            self.keys = fetch(Request(self.address("jwks_uri", seconds=seconds)))  # noqa: S310
            self.keys_at = seconds
        return self.keys

    def token_for(self, *, code: str, verifier: str, back: str, seconds: float) -> dict[str, Any]:
        """Exchange a code, once, with the verifier of its challenge (RFC 7636)."""
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if self.client.secret:
            pair = f"{quote(self.client.client_id, safe='')}:{quote(self.client.secret, safe='')}"
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        else:
            sent["client_id"] = self.client.client_id
        address = self.address("token_endpoint", seconds=seconds)
        return fetch(Request(address, data=urlencode(sent).encode(), headers=headers))  # noqa: S310


def schemes(issuer: str) -> tuple[str, ...]:
    """Plain http is for a provider on this machine alone."""
    return ("https", "http") if urlsplit(issuer).hostname in ("127.0.0.1", "localhost", "::1") else ("https",)


def fetch(request: Request) -> dict[str, Any]:
    if request.type not in ("https", "http") or (request.type == "http" and "http" not in schemes(request.full_url)):
        raise SingleSignOnError("no_tls", UNREACHABLE)
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the scheme was looked at
            said = json.loads(answer.read(LARGEST_ANSWER))
    except (URLError, OSError, ValueError) as error:
        raise SingleSignOnError("unreachable", UNREACHABLE) from error
    if not isinstance(said, Mapping):
        raise SingleSignOnError("unreadable", UNREACHABLE)
    return dict(said)


@cache
def provider_of(client: Client) -> Provider:
    """Return the provider with what this process remembers of it."""
    return Provider(client=client)
