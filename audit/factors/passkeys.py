"""The two ceremonies of WebAuthn (W3C level 2): a key is made, a key answers. The only door to py_webauthn.

What the browser is asked goes out as JSON, what it says comes back as JSON;
challenges are kept by the caller and good for one answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from audit.errors import FactorError

NOT_TAKEN = "The key did not answer as it should. Try again."
TRANSPORTS = frozenset(each.value for each in AuthenticatorTransport)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the ceremony happens: a key made for one place answers at no other."""

    host: str
    origin: str

    @property
    def takes_keys(self) -> bool:
        """WebAuthn knows names alone, no addresses; and browsers offer it on https or on this machine alone."""
        try:
            ip_address(self.host.strip("[]"))
        except ValueError:
            return self.origin.startswith("https://") or self.host == "localhost"
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    credential: bytes
    public_key: bytes
    counter: int
    transports: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A key that may answer, as it is stored."""

    credential: bytes
    public_key: bytes
    counter: int
    transports: Sequence[str] = ()


def asked_to_make(*, place: Place, user_id: int, username: str, printed_name: str, held: Sequence[HeldKey]) -> Any:
    """Return the options of `navigator.credentials.create`; a key that the person has already is not made again."""
    options = generate_registration_options(
        rp_id=place.host,
        rp_name="Radvigil",
        user_id=f"radvigil user {user_id}".encode(),
        user_name=username,
        user_display_name=printed_name,
        exclude_credentials=[descriptor(each) for each in held],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return json.loads(options_to_json(options))


def asked_to_answer(*, place: Place, held: Sequence[HeldKey]) -> Any:
    """Return the options of `navigator.credentials.get`."""
    options = generate_authentication_options(
        rp_id=place.host,
        allow_credentials=[descriptor(each) for each in held],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return json.loads(options_to_json(options))


def descriptor(key: HeldKey) -> PublicKeyCredentialDescriptor:
    known = [AuthenticatorTransport(each) for each in key.transports if each in TRANSPORTS]
    return PublicKeyCredentialDescriptor(id=key.credential, transports=known or None)


def key_made(said: str, *, challenge: str, place: Place) -> MadeKey:
    """Return the key that a browser says was made.

    Raises:
        FactorError: another challenge, place or origin; or nothing that can be read.
    """
    answer = read(said)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise FactorError(NOT_TAKEN) from error
    said_of = answer.get("response", {}).get("transports") or []
    transports = sorted({each for each in said_of if isinstance(each, str)} & TRANSPORTS)
    return MadeKey(
        credential=made.credential_id,
        public_key=made.credential_public_key,
        counter=made.sign_count,
        transports=transports,
    )


def named_credential(said: str) -> bytes:
    """Return the id of the credential that answered, for finding it among the person's own."""
    raw = read(said).get("rawId")
    try:
        return base64url_to_bytes(raw) if isinstance(raw, str) else b""
    except ValueError:
        return b""


def count_answered(said: str, *, challenge: str, place: Place, key: HeldKey) -> int:
    """Return the signature count of a key that answered the challenge; it has grown, or the key counts nothing.

    Raises:
        FactorError: another challenge, place, origin or key, or a count that did not grow: a copy of the key.
    """
    try:
        answered = verify_authentication_response(
            credential=read(said),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.counter,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise FactorError(NOT_TAKEN) from error
    return answered.new_sign_count


def read(said: str) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise FactorError(NOT_TAKEN) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise FactorError(NOT_TAKEN)
    return answer


def challenge_text(options: Any) -> str:
    return str(options["challenge"])


__all__ = [
    "HeldKey", "MadeKey", "Place", "asked_to_answer", "asked_to_make", "bytes_to_base64url", "challenge_text",
    "count_answered", "key_made", "named_credential",
]  # fmt: skip
