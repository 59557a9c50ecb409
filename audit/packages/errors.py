"""What can go wrong while a package is written."""

from audit.errors import AuditError


class FileTwiceError(AuditError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The package already has a file {name}.")


class NothingSignedError(AuditError):
    def __init__(self, organisation: str) -> None:
        super().__init__(f"The log of {organisation} has no checkpoint yet; run the sequencer and sign first.")


class WrongSizeError(AuditError):
    def __init__(self, organisation: str, *, position: int, size: int) -> None:
        super().__init__(f"Position {position} of the log of {organisation} lies beyond its checkpoint of {size}.")
