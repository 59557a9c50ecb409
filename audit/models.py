"""Index of the subjects' tables, for Django only: import tables from their subject."""

from audit.access.models import Grant, Token, User
from audit.log.models import Act, Checkpoint, Entry, LogKey, Tile, Tree

__all__ = ["Act", "Checkpoint", "Entry", "Grant", "LogKey", "Tile", "Token", "Tree", "User"]
