"""One-time codes of an authenticator app (RFC 6238): six digits, thirty seconds, HMAC-SHA-1. Pure.

A code of the step before and the step after is taken too, since clocks of
telephones differ; a step that was used is not taken again (RFC 6238, 5.2).
"""

import hmac
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

from django_otp.oath import hotp

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20  # RFC 4226, 4 (R6): the length of the hash
STEPS_EITHER_WAY = 1


def step_at(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, *, step: int, digits: int = DIGITS) -> str:
    return f"{hotp(secret, step, digits):0{digits}d}"


def matching_step(secret: bytes, *, code: str, now: datetime, last_step: int) -> int | None:
    """Return the time step that a code is of, or None: wrong, too old, or of a step that was used already."""
    found = None
    for step in range(step_at(now) - STEPS_EITHER_WAY, step_at(now) + STEPS_EITHER_WAY + 1):
        is_code = hmac.compare_digest(code_at(secret, step=step).encode(), code.encode())
        if is_code and step > last_step:
            found = step
    return found


def address_for_app(secret: bytes, *, username: str, issuer: str) -> str:
    """Return the `otpauth` address that an app reads as a QR code."""
    query = urlencode({"secret": shown(secret), "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS})
    return f"otpauth://totp/{quote(issuer)}:{quote(username)}?{query}"


def shown(secret: bytes) -> str:
    """Return a secret as a person types it into an app."""
    return b32encode(secret).decode().rstrip("=")
