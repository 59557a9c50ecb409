"""Where the private keys of logs lie: a file of mode 0600, the environment, or a PKCS#11 token that keeps them.

`RADVIGIL_LOG_KEYS` in the settings says which. A log's keys are named log-ORGANISATION, then .2, .3 … when rotated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.errors import KeyStoreError, MissingKeyError
from audit.log.keyfiles import read_key, read_or_create_key

FILE, ENVIRONMENT, PKCS11 = "file", "environment", "pkcs11"
POINT_HEADER = b"\x04\x20"  # an OCTET STRING of 32 bytes around the point, as most tokens give it


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKey:
    """A key that can sign; where it lies does not show."""

    public_key: bytes
    sign: Callable[[bytes], bytes]


def open_key(name: str, *, may_create: bool) -> OpenKey:
    """Return a key by its name.

    Raises:
        MissingKeyError: it is not there and may not be made.
        KeyStoreError: the store cannot be used as it is configured.
    """
    store = str(getattr(settings, "RADVIGIL_LOG_KEYS", FILE))
    if store == FILE:
        return of_secret(read_or_create_key(name) if may_create else read_key(name))
    if store == ENVIRONMENT:
        return of_secret(given_secret(name))
    if store == PKCS11:
        return token_key(name, may_create=may_create)
    raise KeyStoreError(f"RADVIGIL_LOG_KEYS is {store!r}; it may be file, environment or pkcs11.")


def of_secret(secret: bytes) -> OpenKey:
    private = Ed25519PrivateKey.from_private_bytes(secret)
    return OpenKey(public_key=private.public_key().public_bytes_raw(), sign=private.sign)


def given_secret(name: str) -> bytes:
    """Return a key that the environment gives: RADVIGIL_LOG_SECRETS holds NAME=HEX, separated by commas."""
    given = dict(pair.split("=", 1) for pair in str(settings.RADVIGIL_LOG_SECRETS).split(",") if "=" in pair)
    if name not in given:
        raise MissingKeyError(name)
    return bytes.fromhex(given[name])


def token_key(name: str, *, may_create: bool) -> OpenKey:
    """Return a key of the PKCS#11 token: it signs there, and its secret never leaves it."""
    try:
        import pkcs11  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise KeyStoreError("Keys on a PKCS#11 token need the package python-pkcs11.") from error
    session = open_session(pkcs11)
    try:
        pair = found_pair(pkcs11, session, name=name) or (made_pair(pkcs11, session, name=name) if may_create else None)
    except pkcs11.PKCS11Error as error:
        raise KeyStoreError(f"The token does not give the key {name}: {type(error).__name__}.") from error
    if pair is None:
        raise MissingKeyError(name)
    public, private = pair
    point = bytes(public[pkcs11.Attribute.EC_POINT])
    return OpenKey(
        public_key=point.removeprefix(POINT_HEADER) if len(point) == 34 else point,
        sign=lambda message: bytes(private.sign(message, mechanism=pkcs11.Mechanism.EDDSA)),
    )


SESSIONS: dict[tuple[str, str], Any] = {}


def open_session(pkcs11: Any) -> Any:
    """Return this process's session with the token; a token lets each process log in once."""
    at = (str(settings.RADVIGIL_PKCS11_MODULE), str(settings.RADVIGIL_PKCS11_TOKEN))
    if at not in SESSIONS:
        try:
            token = pkcs11.lib(at[0]).get_token(token_label=at[1])
            SESSIONS[at] = token.open(rw=True, user_pin=str(settings.RADVIGIL_PKCS11_PIN))
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise KeyStoreError(f"The token {at[1]} does not open: {type(error).__name__}.") from error
    return SESSIONS[at]


def found_pair(pkcs11: Any, session: Any, *, name: str) -> tuple[Any, Any] | None:
    try:
        return (
            session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=name),
            session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=name),
        )
    except pkcs11.NoSuchKey:
        return None


def made_pair(pkcs11: Any, session: Any, *, name: str) -> tuple[Any, Any]:
    from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415

    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC_EDWARDS,
        {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")},
        local=True,
    )
    public, private = parameters.generate_keypair(
        mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=name
    )
    return public, private
