"""What a person signs: a statement over the bytes they saw, in canonical form, checked with their public key.

The statement carries meaning, printed name and time (21 CFR 11.50), and names
the record by its hash, so that it fits no other record or version (11.70).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from audit.proofs.canonical import canonical_json
from audit.proofs.ed25519 import verify_signature

FIELDS = (
    "subject", "content_sha256", "meaning", "part", "username", "printed_name", "signed_at", "local_time", "key",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One signature's words. `key` is its key's fingerprint, `part` author, reviewer, approver or empty."""

    subject: str
    content_sha256: str
    meaning: str
    username: str
    printed_name: str
    signed_at: str
    local_time: str
    key: str
    part: str = ""

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json({"v": 1, **{name: getattr(self, name) for name in FIELDS}})


def content_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record as it is shown, in hex."""
    return sha256(canonical_json(content)).hexdigest()


def statement_in(payload: Mapping[str, Any]) -> Statement:
    """Return the statement that an entry of a signature holds; what is missing is empty.

    Raises:
        TypeError: a field is no text.
    """
    values = {name: payload.get(name, "") for name in FIELDS}
    if not all(isinstance(value, str) for value in values.values()):
        raise TypeError("a signature's fields are texts")
    return Statement(**values)


def problem_with(payload: Mapping[str, Any], *, public_key: bytes | None) -> str:
    """Return what is wrong with a signature's entry, or nothing."""
    try:
        statement, signature = statement_in(payload), bytes.fromhex(str(payload.get("signature", "")))
    except (TypeError, ValueError):
        return "is malformed"
    who = f"of {statement.printed_name or 'nobody'} on {statement.subject or 'nothing'}"
    if public_key is None:
        return f"{who} is made with a key that no entry holds"
    if sha256(public_key).hexdigest() != statement.key:
        return f"{who} names another key than the one that is recorded"
    if not verify_signature(public_key=public_key, message=statement.message, signature=signature):
        return f"{who} does not hold: signer, meaning, time or record were changed, or it was moved from another record"
    return ""
