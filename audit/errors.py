"""Errors that the audit package raises on purpose."""


class AuditError(Exception):
    """Base of every error this package raises on purpose."""


class EntryTooLargeError(AuditError):
    def __init__(self, *, kind: str, size: int) -> None:
        super().__init__(
            f"An entry of kind {kind} would have {size} bytes; 65,535 is the most. Send the payload's hash."
        )


class ForkedLogError(AuditError):
    def __init__(self, organisation: str) -> None:
        super().__init__(
            f"The log of {organisation} does not extend its last checkpoint; nothing was signed. Run verify_log."
        )


class MissingKeyError(AuditError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The key {name} is not on this machine; restore it to the keys folder before going on.")


class UnknownGrantError(AuditError):
    def __init__(self, message: str) -> None:
        super().__init__(message)


class UnknownActionError(AuditError):
    def __init__(self, action: str) -> None:
        super().__init__(f"There is no action {action!r}; audit.access.decisions.ACTIONS lists them.")


class AccessError(AuditError):
    """A change to users, grants or tokens is refused; the message says what to do instead."""


class UserExistsError(AccessError):
    def __init__(self, username: str) -> None:
        super().__init__(f"There is a user {username} already; add a grant to it, or choose another name.")


class UnknownKeyError(AccessError):
    def __init__(self, *, noun: str, key: str) -> None:
        super().__init__(f"There is no {noun} {key!r} in the registry; register it first.")


class LastAdministratorError(AccessError):
    def __init__(self) -> None:
        super().__init__("This is the last administrator of everything; make another one first.")


class EndedError(AccessError):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} has ended already; reload the page.")


class UnreadableCheckpointError(AuditError):
    def __init__(self, name: str, *, reason: str) -> None:
        super().__init__(f"The checkpoint {name} cannot be read: {reason}.")


class SealedKeyError(AuditError):
    def __init__(self, username: str) -> None:
        super().__init__(f"The signing key of {username} does not open with this password.")


class SigningRefusedError(AuditError):
    """A signature is not given; the message says why in words for the person."""


class WitnessError(AuditError):
    """A witness or its answer is not taken; the message says why."""


class KeyStoreError(AuditError):
    """A key cannot be used, rotated or given up; the message says what to do."""


class FactorError(AuditError):
    """A second factor is not added, used or removed; the message says what to do."""


class SingleSignOnError(AuditError):
    """Single sign-on did not let somebody in: `why` in one word of ours for the log, the message for the person."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why
