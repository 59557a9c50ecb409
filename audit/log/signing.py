"""The keys that sign checkpoints: one Ed25519 key per organisation's log."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.log.actions import record_act
from audit.log.keyfiles import read_key, read_or_create_key
from audit.log.models import LogKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one log under its origin."""

    origin: str
    private: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def using() -> str:
    """Return the connection of the log's own role."""
    return str(settings.SEQUENCER_DATABASE)


def log_origin(organisation: str) -> str:
    """Return the origin line of an organisation's log: installation, then organisation."""
    return f"{settings.RADVIGIL_INSTALLATION}/log/{organisation}"


def signer_for(organisation: str, *, now: datetime) -> Signer:
    """Return the signer of a log; its key is made and recorded on first use.

    Raises:
        MissingKeyError: the log has a recorded key whose file is gone.
    """
    name = f"log-{organisation}"
    recorded = LogKey.objects.using(using()).filter(organisation=organisation).order_by("-id").first()
    secret = read_key(name) if recorded else read_or_create_key(name)
    signer = Signer(origin=log_origin(organisation), private=Ed25519PrivateKey.from_private_bytes(secret))
    if recorded is None:
        record_key(signer, organisation=organisation, now=now)
        return signer
    return Signer(origin=recorded.origin, private=signer.private)


def record_key(signer: Signer, *, organisation: str, now: datetime) -> None:
    """Record a new key where the log's own role writes, with its act."""
    _, created = LogKey.objects.using(using()).get_or_create(
        public_key=signer.public_key,
        defaults={"organisation": organisation, "origin": signer.origin, "created_at": now},
    )
    if created:
        record_act(
            "key.created",
            organisation=organisation,
            subject=signer.origin,
            actor="system",
            at=now,
            details={"public_key": signer.public_key.hex()},
            using=using(),
        )
