"""Identity tokens that are right but for one thing."""

import hmac
import json
from base64 import urlsafe_b64encode

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from audit.errors import SingleSignOnError
from audit.federation.tokens import Question, claims_of, key_named

NOW = 1_790_000_000
ISSUER, CLIENT, NONCE = "https://login.example", "radvigil", "n-0S6_WzA2Mj"
QUESTION = Question(issuer=ISSUER, client_id=CLIENT, nonce=NONCE)
KEY = ECKey.generate_key("P-256", parameters={"kid": "one"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "one"})
KEYS = KeySet([KEY]).as_dict(private=False)


def said(**claims: object) -> dict:
    right = {"iss": ISSUER, "sub": "248289761001", "aud": CLIENT, "nonce": NONCE, "iat": NOW, "exp": NOW + 300}
    return {name: value for name, value in (right | claims).items() if value is not None}


def token(*, key=KEY, alg: str = "ES256", **claims: object) -> str:
    return jwt.encode({"alg": alg, "kid": "one"}, said(**claims), key, algorithms=[alg])


def segment(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def unsigned() -> str:
    _, body, _ = token().split(".")
    return ".".join([segment(b'{"alg":"none","kid":"one"}'), body, ""])


def taken(text: str, *, question: Question = QUESTION):
    return claims_of(text, keys=KEYS, question=question, now_seconds=NOW)


def test_a_right_token_says_who_it_is():
    assert taken(token())["sub"] == "248289761001"
    assert key_named(token()) == "one"


def test_a_token_signed_with_rsa_is_taken():
    key = RSAKey.generate_key(2048, parameters={"kid": "one"})
    keys = KeySet([key]).as_dict(private=False)
    found = claims_of(token(key=key, alg="RS256"), keys=keys, question=QUESTION, now_seconds=NOW)
    assert found["sub"] == "248289761001"


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"exp": NOW - 61},
        {"exp": None},
        {"iat": NOW + 3600},
        {"iat": NOW - 3600},
        {"nbf": NOW + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "anna\u202e"},
        {"azp": "another-client"},
    ],
    ids=str,
)
def test_a_token_that_is_wrong_in_one_claim_is_not_taken(wrong):
    with pytest.raises(SingleSignOnError):
        taken(token(**wrong))


def test_a_token_of_another_key_is_not_taken():
    with pytest.raises(SingleSignOnError):
        taken(token(key=OTHER))


def test_a_token_without_a_signature_is_not_taken():
    with pytest.raises(SingleSignOnError):
        taken(unsigned())


def test_a_public_key_used_as_a_shared_secret_is_not_taken():
    """The old confusion of RS256 and HS256: the attacker knows the public key."""
    head, body = (segment(json.dumps(each).encode()) for each in ({"alg": "HS256", "kid": "one"}, said()))
    signature = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    forged = f"{head}.{body}.{segment(signature)}"
    with pytest.raises(SingleSignOnError):
        taken(forged)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "....", "ä.ö.ü"])
def test_what_is_no_token_is_not_taken(text):
    with pytest.raises(SingleSignOnError):
        key_named(text)
    with pytest.raises(SingleSignOnError):
        taken(text)


def test_a_changed_claim_breaks_the_signature():
    head, _, signature = token().split(".")
    _, body, _ = token(sub="somebody-else").split(".")
    with pytest.raises(SingleSignOnError):
        taken(f"{head}.{body}.{signature}")


def test_who_must_show_themselves_again_did_so_just_now():
    question = Question(issuer=ISSUER, client_id=CLIENT, nonce=NONCE, longest_ago_seconds=0)
    assert taken(token(auth_time=NOW - 5), question=question)
    for wrong in ({}, {"auth_time": NOW - 3600}):
        with pytest.raises(SingleSignOnError):
            taken(token(**wrong), question=question)
