"""Rows that do not become facts are kept, encrypted, with the reason, and logged by their keyed digest."""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from audit.log.actions import record_facts
from audit.log.models import Act
from inference.errors import RowError
from inference.intake.context import Context
from inference.intake.kinds import RawRow, Receipt, Row
from inference.intake.models import SetAside


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """One row to keep, and why."""

    number: int
    outcome: str
    field: str
    reason: str
    raw: bytes
    uid: str | None = None
    record_sha256: str | None = None
    deployment_key: str = ""

    @classmethod
    def of_raw(cls, raw: RawRow, *, problem: RowError) -> Self:
        return cls(
            number=raw.number,
            outcome=SetAside.Outcome.QUARANTINED,
            field=problem.field,
            reason=problem.reason,
            raw=raw_bytes(raw),
            deployment_key=deployment_said(raw),
        )

    @classmethod
    def of_row(cls, row: Row, *, field: str, reason: str, outcome: str = SetAside.Outcome.QUARANTINED) -> Self:
        return cls(
            number=row.number,
            outcome=outcome,
            field=field,
            reason=reason,
            raw=raw_bytes(row.raw),
            uid=row.uid or None,
            record_sha256=row.record_sha256.hex() or None,
            deployment_key=row.deployment_key,
        )

    def receipt(self, *, kind: str) -> Receipt:
        return Receipt(
            row=self.number,
            kind=kind,
            uid=self.uid,
            status=str(self.outcome),
            record_sha256=self.record_sha256,
            reason=f"{self.field}: {self.reason}" if self.field else self.reason,
            field=self.field or None,
        )


def deployment_said(raw: RawRow) -> str:
    named = raw.value.get("deployment") if isinstance(raw.value, dict) else None
    return named.strip() if isinstance(named, str) else ""


def raw_bytes(raw: RawRow) -> bytes:
    """Return a row as it came, or as JSON where it came as a part of something larger."""
    if raw.raw:
        return raw.raw
    try:
        return json.dumps(raw.value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError):
        return b'"nested too deeply to be kept"'


def set_aside(asides: Sequence[Aside], *, context: Context) -> None:
    """Keep the rows. The same content waiting already is kept once."""
    if not asides:
        return
    keyring = context.identities.keyring
    digests = [hmac.new(keyring.vault_key, aside.raw, sha256).hexdigest() for aside in asides]
    SetAside.objects.bulk_create(
        [kept(aside, digest=digest, context=context) for aside, digest in zip(asides, digests, strict=True)],
        ignore_conflicts=True,
    )
    record_facts(
        {
            digest: (logged(aside, context=context), digest) for aside, digest in zip(asides, digests, strict=True)
        }.values(),
        scope=f"site/{context.site.pk}",
        kind="row.set_aside",
        actor=context.source.actor,
    )


def deployment_of(aside: Aside, *, context: Context) -> str | None:
    """Return the deployment a row belongs to, where it names one that its sender may name."""
    if aside.deployment_key in context.deployments:
        return aside.deployment_key
    return context.source.deployment_key or None


def kept(aside: Aside, *, digest: str, context: Context) -> SetAside:
    keyring = context.identities.keyring
    return SetAside(
        site=context.site,
        deployment_id=deployment_of(aside, context=context),
        kind=context.kind.name,
        outcome=aside.outcome,
        origin=context.source.origin,
        row=aside.number,
        field=aside.field[:120],
        reason=aside.reason[:300],
        digest=digest,
        key_id=keyring.vault_key_id,
        ciphertext=keyring.seal(aside.raw, subject=f"set-aside/{digest}"),
        received_at=context.now,
    )


def logged(aside: Aside, *, context: Context) -> Act:
    return Act(
        organisation=context.organisation,
        subject=f"{context.kind.name}/{aside.outcome}",
        details={"field": aside.field[:120], "origin": context.source.origin[:120]},
        received_at=context.now,
    )
