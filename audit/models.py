"""Index of the subjects' tables, for Django only: import tables from their subject."""

from audit.access.models import Grant, Token, User
from audit.log.models import Act, Checkpoint, Entry, LogKey, Tile, Tree
from audit.signatures.models import Attempt, SealedKey, Signature, SigningKey
from audit.witnesses.models import Cosignature, TimeStamp, Witness, WitnessedLog

__all__ = [
    "Act", "Attempt", "Checkpoint", "Cosignature", "Entry", "Grant", "LogKey", "SealedKey", "Signature", "SigningKey",
    "Tile", "TimeStamp", "Token", "Tree", "User", "Witness", "WitnessedLog",
]  # fmt: skip
