"""What a bearer token and a first password are made of, and what is kept of them.

Of a token only its SHA-256 and its first characters are stored.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from audit.access.models import Token

TOKEN_PREFIX = "rvg_"  # noqa: S105 (what every token begins with, so that a leaked one can be recognised)
HINT_LENGTH = 10
USE_IS_NOTED_EVERY = timedelta(minutes=1)

DEMO_PASSWORD = "radvigil-demo"  # noqa: S105 (public; refused everywhere but in demo mode)


def new_secret() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_password() -> str:
    return secrets.token_urlsafe(12)


def token_digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def note_use(token: Token, *, now: datetime) -> None:
    """Remember that a token was used, once a minute at most: a busy device must not write a row a request."""
    if token.last_used_at is None or now - token.last_used_at >= USE_IS_NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
