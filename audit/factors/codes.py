"""Recovery codes: what they look like, and what is kept of them. Pure but for chance.

Ten at a time, 120 bits each (RFC 4648 base 32, so no 0, 1 or 8 to mix up);
spaces, dashes and small letters are forgiven.
"""

import secrets
from base64 import b32encode
from hashlib import sha256

HOW_MANY = 10
CODE_BYTES = 15
GROUP = 4


def new_codes() -> list[str]:
    return [grouped(b32encode(secrets.token_bytes(CODE_BYTES)).decode()) for _ in range(HOW_MANY)]


def grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def code_digest(typed: str) -> str:
    return sha256("".join(each for each in typed.upper() if each.isalnum()).encode()).hexdigest()
