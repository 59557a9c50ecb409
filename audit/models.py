"""Index of the subjects' tables, for Django only: import tables from their subject."""

from audit.access.models import (
    AccessRules,
    Emergency,
    Failure,
    Grant,
    Identity,
    Notice,
    RefusalCount,
    Session,
    Token,
    User,
)
from audit.factors.models import Factor, RecoveryCode
from audit.log.models import Act, Checkpoint, Entry, LogKey, Tile, Tree
from audit.signatures.models import Attempt, SealedKey, Signature, SigningKey
from audit.witnesses.models import Cosignature, TimeStamp, Witness, WitnessedLog

__all__ = [
    "AccessRules", "Act", "Attempt", "Checkpoint", "Cosignature", "Emergency", "Entry", "Factor", "Failure", "Grant",
    "Identity", "LogKey", "Notice", "RecoveryCode", "RefusalCount", "SealedKey", "Session", "Signature", "SigningKey",
    "Tile", "TimeStamp", "Token", "Tree", "User", "Witness", "WitnessedLog",
]  # fmt: skip
