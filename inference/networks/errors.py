"""Errors that the networks package raises on purpose."""

from inference.errors import InferenceError


class NetworkError(InferenceError):
    """Base of what can go wrong with a network's file."""


class WeightsHashError(NetworkError):
    """The file is not the one that was registered; nothing in it was loaded."""

    def __init__(self, *, name: str, expected_sha256: str, actual_sha256: str) -> None:
        self.expected_sha256 = expected_sha256
        self.actual_sha256 = actual_sha256
        super().__init__(
            f"{name} has SHA-256 {actual_sha256}, registered is {expected_sha256}; "
            "fetch the registered file or register this one as a new version."
        )


class WeightsFileError(NetworkError):
    """The file has the registered hash but cannot be read as weights."""

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be read as weights: {reason}")


class UnknownNetworkError(NetworkError):
    """The architecture is not one that this installation can build."""

    def __init__(self, architecture: str, *, known: list[str]) -> None:
        super().__init__(f"Architecture {architecture!r} is unknown here; known are {', '.join(known)}.")
