"""Errors that the inference package raises on purpose."""


class InferenceError(Exception):
    """Base of every error this package raises on purpose."""


class HistoryError(InferenceError):
    """A registration would rewrite history; the message names the line and what to do instead."""


class RegistryFileError(InferenceError):
    """A registry file cannot be understood; the message names the place and the field."""


class RowError(InferenceError):
    """A row cannot be understood. Names the field; the row goes to quarantine."""

    def __init__(self, *, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class SourceNotAllowedError(InferenceError):
    """The sender may not send this row: another deployment or site, whether or not it exists."""

    def __init__(self, message: str = "", *, row: int | None = None) -> None:
        self.row = row
        super().__init__(message)


class UnreadableFileError(InferenceError):
    """A file of rows cannot be read at all, or not beyond a place; the message names the file, the place and why."""


class SetAsideStateError(InferenceError):
    def __init__(self, pk: int) -> None:
        super().__init__(f"Row {pk} of the quarantine is not waiting any more; reload it to see who closed it.")


class MessageStateError(InferenceError):
    """A rule or a message is not in the state that the step needs; the message says what to do."""


class ResultSourceError(InferenceError):
    """A source of results cannot be named or ended; the message says why."""


class RotationError(InferenceError):
    """Keys cannot be rotated like that now."""


class ErasureError(InferenceError):
    """A person cannot be erased like that now."""
