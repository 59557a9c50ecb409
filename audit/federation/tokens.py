"""Whether an identity token is the provider's, for this installation, and the answer to this very question. Pure.

OpenID Connect Core 1.0, 3.1.3.7. Signatures by a public key alone: neither
`none` nor a shared secret is among the algorithms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from audit.errors import SingleSignOnError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60
LONGEST_SUBJECT = 255
OLDEST_SECONDS = 600
NOT_TAKEN = "What the provider said of you was not taken. Begin again; if it happens twice, tell your administrator."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked: of whom, by whom, with which nonce; and how long ago the person may have logged in there."""

    issuer: str
    client_id: str
    nonce: str
    longest_ago_seconds: int | None = None


def key_named(token: str) -> str:
    """Return the id of the key that a token says it was signed with."""
    try:
        header: Mapping[str, Any] = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, UnicodeError) as error:
        raise SingleSignOnError("unreadable_token", NOT_TAKEN) from error
    return str(header.get("kid", ""))


def claims_of(token: str, *, keys: Mapping[str, Any], question: Question, now_seconds: int) -> Mapping[str, Any]:
    """Return what a token says.

    Raises:
        SingleSignOnError: another issuer, audience, nonce or key; too old, no signature, or none that holds.
    """
    try:
        read = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": question.issuer},
                "aud": {"essential": True, "value": question.client_id},
                "nonce": {"essential": True, "value": question.nonce},
            },
            params={"nonce": question.nonce, "client_id": question.client_id},
        )
        claims.validate(now=now_seconds, leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SingleSignOnError(type(error).__name__, NOT_TAKEN) from error
    refuse(claims, question=question, now_seconds=now_seconds)
    return dict(claims)


def refuse(claims: Mapping[str, Any], *, question: Question, now_seconds: int) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise SingleSignOnError("no_subject", NOT_TAKEN)
    if now_seconds - int(claims["iat"]) > OLDEST_SECONDS:
        raise SingleSignOnError("too_old", NOT_TAKEN)
    # A token for several audiences names the one it was issued to, and that is this installation.
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != question.client_id:
        raise SingleSignOnError("another_party", NOT_TAKEN)
    if question.longest_ago_seconds is not None:
        shown_at = claims.get("auth_time")
        if not isinstance(shown_at, int) or now_seconds - shown_at > question.longest_ago_seconds + LEEWAY_SECONDS:
            raise SingleSignOnError("shown_too_long_ago", NOT_TAKEN)
